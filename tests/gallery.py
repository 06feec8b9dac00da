"""Every page, laid out with papers and readers as they are in earnest, for pictures and checks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from flask import abort
from sqlalchemy import func, select
from waitress.server import create_server
from werkzeug.exceptions import TooManyRequests

from digest import pipeline, previews, subscribers
from digest.errors import BadInput
from digest.language import ENGLISH, languages
from digest.links import Purpose
from digest.models import AddressChange, Delivery, DeliveryKind, Standing, Subscriber
from digest.previews import Kind
from digest.sources import sample
from digest.sources.entry import Entry
from tests import history
from tests.servers import free_port
from tests.visitor import NOW, TODAY, Installation, installation

SHARES = (0, 18, 29, 37, 43, 48)
"""Which of the papers each day listed, today first."""

MIRA, ADA = "mira@example.org", "ada@example.org"

_IN_GERMAN = {"home": "/", "days": "/papers", "trending": "/papers/trending", "privacy": "/privacy"}
"""German words are longer, so its pages are the first to break."""

ADMIN_TOKEN = "an-operators-token-of-32-letters"

BROKEN = "/a-page-that-breaks"


@dataclass(frozen=True)
class Sight:
    """A page to look at: what is at *path*, or what answers there to *fields*."""

    name: str
    path: str
    fields: dict[str, str | list[str]] | None = field(default=None, hash=False)


def papers() -> list[tuple[date, list[Entry]]]:
    """Return the days and their papers, the newest first: invented, as real ones look."""
    entries = [_as_listed(n, entry) for n, entry in enumerate(sample.built_in(TODAY).entries)]
    days = [TODAY - timedelta(days=n) for n in (0, 1, 2, 3, 8)]
    shares = [entries[first:end] for first, end in pairwise(SHARES)]
    return list(zip(days, shares, strict=True))


def _as_listed(number: int, entry: Entry) -> Entry:
    name = f"2611.{10117 + 61 * number:05}"
    return replace(
        entry,
        external_id=name,
        sample=False,
        summary_by="Hugging Face" if entry.summary else None,
        url=f"https://arxiv.org/abs/{name}",
        pdf_url=f"https://arxiv.org/pdf/{name}",
        code_url=f"https://github.com/example/{name}" if entry.stars else None,
        discussion_url=f"https://huggingface.co/papers/{name}" if entry.comments else None,
    )


@contextmanager
def served(folder: Path, **settings: object) -> Iterator[Installation]:
    """Serve an installation on this machine, its clock at a standstill."""
    port = free_port()
    told = {"limits": "off", "admin_token": ADMIN_TOKEN, **settings}
    with installation(folder, port=port, **told) as here:
        _break(here)
        server = create_server(here.app, host="127.0.0.1", port=port)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield here
        finally:
            server.close()
            thread.join(timeout=5)


def _break(here: Installation) -> None:
    """Add a page for each thing that goes wrong seldom."""

    def broken(how: str) -> str:
        match how:
            case "input":
                raise BadInput("Until when? Choose a day after today, or leave it empty.")
            case "often":
                raise TooManyRequests(retry_after=240)
            case _:
                abort(500)

    here.app.add_url_rule(f"{BROKEN}/<how>", view_func=broken)


def lay_out(here: Installation, most: int = SHARES[-1]) -> None:
    """Bring the papers of a week, *most* of each day, with upvotes that grew."""
    for day, listed in ((day, listed[:most]) for day, listed in reversed(papers())):
        earlier = [replace(each, upvotes=(each.upvotes or 0) // 3) for each in listed]
        here.papers(*earlier, day=day)
        here.papers(*listed, day=day + timedelta(days=1) if day < TODAY else day)
    here.edition()


def sights(here: Installation) -> list[Sight]:
    """Return every page there is, in the order of a reader's way."""
    history.bring(here)
    best = papers()[0][1][0].external_id
    return [
        Sight("home", "/"),
        Sight("home-wrong", "/subscribe", {"email": "mira@", "topic": ["rlhf", "galaxies"]}),
        Sight("paper", f"/paper/{best}"),
        Sight("day", f"/papers/{TODAY}"),
        Sight("week", "/papers/week/2026-W47"),
        Sight("month", "/papers/month/2026-11"),
        Sight("days", "/papers"),
        Sight("trending", "/papers/trending"),
        Sight("search", "/search?q=model"),
        Sight("search-nothing", "/search?q=unheard+of"),
        Sight("search-empty", "/search"),
        Sight("check-your-inbox", "/subscribe", {"email": "new@example.org"}),
        *_of_a_reader(here),
        Sight("outbox", "/outbox"),
        Sight("outbox-mail", f"/outbox/{_newest_mail(here)}"),
        Sight("status", "/status"),
        Sight("admin", "/admin"),
        Sight("about", "/about"),
        Sight("privacy", "/privacy"),
        Sight("bad-link", "/preferences/cut-off"),
        *(Sight(f"{name}-de", f"{path}?lang=de") for name, path in _IN_GERMAN.items()),
        Sight("400", f"{BROKEN}/input"),
        Sight("404", "/nowhere"),
        Sight("429", f"{BROKEN}/often"),
        Sight("500", f"{BROKEN}/inside"),
    ]


def mails(here: Installation) -> Iterator[tuple[str, str]]:
    """Yield every kind of mail in English, and one of each template in the other languages."""
    here.digest_to(reader_of_much(here, ADA))
    for code in languages():
        for kind in Kind if code == ENGLISH else (Kind.DIGEST, Kind.CONFIRMATION):
            html = previews.of_reader(here.services, ADA, "html", kind, code)
            yield f"mail-{kind}-{code}", html.decode()


def _of_a_reader(here: Installation) -> Iterator[Sight]:
    pending = here.reader("pending@example.org", standing=Standing.PENDING, next_due_at=None)
    yield Sight("confirm", here.path(Purpose.CONFIRM, pending))
    joining = here.reader("joining@example.org", standing=Standing.PENDING, next_due_at=None)
    yield Sight("confirmed", here.path(Purpose.CONFIRM, joining), {"zone": "Europe/Berlin"})
    mira, delivery = settled_reader(here)
    yield Sight("already-confirmed", here.path(Purpose.CONFIRM, mira))
    manage = here.path(Purpose.MANAGE, mira)
    token = manage.rpartition("/")[2]
    yield Sight("preferences", manage)
    yield Sight("preferences-de", f"{manage}?lang=de")
    paused = here.path(Purpose.MANAGE, here.reader("paused@example.org"))
    yield Sight("preferences-wrong", manage, {"hour": "25", "topic": ["rlhf"]})
    yield Sight("paused", paused, {"do": "pause", "until": "2026-12-01"})
    yield Sight("view", here.path(Purpose.VIEW, delivery))
    yield Sight("more", f"{here.path(Purpose.RATE, delivery)}/0/more")
    yield Sight("less", f"{here.path(Purpose.RATE, delivery)}/1/less", {"do": "rate"})
    yield Sight("address", f"/address/{token}")
    yield Sight("address-asked", f"/address/{token}", {"email": "mira@new.example.org"})
    yield Sight("revoke", f"/revoke/{token}")
    yield Sight("erase", f"/erase/{token}")
    pause = here.path(Purpose.PAUSE, mira)
    yield Sight("pause", pause)
    yield Sight("pause-done", here.path(Purpose.PAUSE, here.reader("week@example.org")), {})
    yield Sight("preview", manage, {"do": "preview", "topic": ["galaxies", "rlhf"]})
    yield Sight("unsubscribe", here.path(Purpose.LEAVE, mira))
    leaving = here.reader("leaving@example.org", confirmed_at=NOW)
    yield Sight("unsubscribed", here.path(Purpose.LEAVE, leaving), {"do": "leave"})
    yield Sight("undone", here.path(Purpose.LEAVE, leaving), {"do": "undo"})
    yield Sight("no-undo", here.path(Purpose.LEAVE, pending), {"do": "undo"})
    yield Sight("not-confirmed", here.path(Purpose.MANAGE, pending))
    erased, revoked = here.reader("erased@example.org"), here.reader("revoked@example.org")
    yield Sight("erased", here.path(Purpose.MANAGE, erased).replace("preferences", "erase"), {})
    yield Sight("revoked", here.path(Purpose.MANAGE, revoked).replace("preferences", "revoke"), {})
    yield from _moving(here)


def _newest_mail(here: Installation) -> str:
    return max(file.stem for file in here.services.settings.outbox.glob("*.eml"))


def settled_reader(here: Installation) -> tuple[int, int]:
    """Return somebody who has chosen, rated and been sent a digest, and that digest."""
    mira = reader_of_much(here, MIRA)
    with here.services.sessions.begin() as session:
        session.get_one(Subscriber, mira).next_due_at = NOW
    pipeline.send_due(here.services)
    with here.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, mira)
        for paper_id, liked in ((1, True), (2, False)):
            subscribers.rate(session, reader, paper_id, liked, now=NOW)
        sent = session.query(Delivery).filter_by(kind=DeliveryKind.DIGEST, subscriber_id=mira)
        return mira, sent.one().id


def reader_of_much(here: Installation, email: str) -> int:
    """Return somebody of many interests, who was sent nothing yet."""
    about = "Long-context language models that read fast."
    reader_id = here.reader(email, zone="Europe/Berlin", about=about)
    chosen = subscribers.choices(
        topics=["long-context", "rlhf", "math-and-proofs", "robot-manipulation"],
        muted_topics=["speech-recognition"],
        keywords=["key-value cache", "verifier", "tactile"],
        muted=["blockchain"],
        authors=["Hye-rin Bae"],
        organizations=["Halvorsen Tide Laboratory"],
    )
    with here.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, reader_id)
        subscribers.prefer(session, reader, chosen, now=NOW)
    return reader_id


def _moving(here: Installation) -> Iterator[Sight]:
    mover = here.reader("mover@example.org", confirmed_at=NOW)
    change = _change(here, mover, "moved@example.org")
    yield Sight("change", here.path(Purpose.CHANGE, change))
    yield Sight("changed", here.path(Purpose.CHANGE, change), {})
    yield Sight("undo", here.path(Purpose.UNDO, change))
    yield Sight("undo-done", here.path(Purpose.UNDO, change), {})
    yield Sight("change-void", here.path(Purpose.CHANGE, change))


def _change(here: Installation, reader_id: int, email: str) -> int:
    with here.services.sessions.begin() as session:
        reader = session.get_one(Subscriber, reader_id)
        address_hash = here.services.keys.address_hash(email)
        subscribers.ask_to_move(session, reader, email, address_hash=address_hash, now=NOW)
        return session.scalars(select(func.max(AddressChange.id))).one()

"""
Row 25: whoever opens a link changes nothing, be it a scanner, a prefetch or a person.

Every route of the app is opened here, with tokens that are good; the app's own map says which
routes there are, so that a new one without a case fails.
"""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from digest import pipeline, subscribers, web
from digest.links import Purpose
from digest.models import (
    AddressChange,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Pick,
    Standing,
    Subscriber,
)
from tests.visitor import NOW, TODAY, Installation, entry, installation

STATIC = Path(web.__file__).parent / "static"
METHODS = ("GET", "HEAD", "OPTIONS")
QUERIES = (
    "",
    "?do=pause&List-Unsubscribe=One-Click&liked=more&email=eve@example.org&lang=de&q=number&undo=1",
)
WHO_CUT_IT = {"/rate/<token>", "/rate/<token>/<place>"}
"""A link that ends too early; its page says so, with any token."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, sources="sample", limits="off") as made:
        yield made


def dump(here: Installation) -> list[str]:
    """Return all that the database holds, its indexes and their hidden tables too."""
    path = str(here.services.sessions.kw["bind"].url.database)
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def everybody(here: Installation) -> dict[str, int]:
    """Add a reader of each standing, and return them; some have just left, and could undo it."""
    readers = {
        standing.value: here.reader(f"{standing}@example.org", standing=standing)
        for standing in Standing
    }
    leaving = {name: here.reader(f"{name}@example.org") for name in ("left", "complained since")}
    for reader in leaving.values():
        assert subscribers.unsubscribe(here.services.sessions, reader, now=NOW)
    gone = leaving.pop("complained since")
    with here.services.sessions.begin() as session:
        session.get_one(Subscriber, gone).standing = Standing.COMPLAINED
    return {**readers, **leaving, "complained since": gone}


def two_changes(here: Installation, reader: int) -> tuple[int, int]:
    """Return a change of address that can be confirmed, and one that can be undone."""
    mover = here.reader("mover@example.org")
    with here.services.sessions.begin() as session:
        for each in (reader, mover):
            subscribers.ask_to_move(
                session,
                session.get_one(Subscriber, each),
                f"new{each}@example.org",
                address_hash=here.services.keys.address_hash(f"new{each}@example.org"),
                now=NOW,
            )
        asked, confirmed = (
            session.query(AddressChange).filter_by(subscriber_id=each).one().id
            for each in (reader, mover)
        )
    moved = subscribers.move(here.services.sessions, confirmed, 0, now=NOW)
    assert moved == (subscribers.Moved.DONE, True)
    return asked, confirmed


def a_digest(here: Installation, reader: int) -> int:
    """Return a digest of today with one paper, as it was sent to *reader*."""
    with here.services.sessions.begin() as session:
        sent = Delivery(
            subscriber_id=reader,
            kind=DeliveryKind.DIGEST,
            dedupe_key=str(TODAY),
            state=DeliveryState.SENT,
            priority=2,
            not_before=NOW,
            day_ends_at=NOW + timedelta(days=1),
            created_at=NOW,
        )
        session.add(sent)
        session.flush()
        session.add(
            Pick(subscriber_id=reader, paper_id=1, delivery_id=sent.id, place=0, reasons=[])
        )
        return sent.id


def mails_in(here: Installation) -> list[str]:
    """Return the names of the mails in the outbox, once there are some."""
    here.reader("due@example.org", next_due_at=NOW)
    pipeline.send_due(here.services)
    return sorted(path.stem for path in here.services.settings.outbox.glob("*.eml"))


def paths(here: Installation) -> dict[str, list[str]]:
    """Return what is opened for each route."""
    here.papers(entry(1), entry(2))
    here.edition()
    readers = everybody(here)
    digests = {name: a_digest(here, reader) for name, reader in readers.items()}
    asked, confirmed = two_changes(here, readers["active"])
    [mail, *_] = mails_in(here)
    managing = [here.path(Purpose.MANAGE, reader) for reader in readers.values()]
    rating = [here.path(Purpose.RATE, digest) for digest in digests.values()]

    def managed(page: str) -> list[str]:
        return [path.replace("/preferences/", f"/{page}/") for path in managing]

    def each(purpose: Purpose) -> list[str]:
        return [here.path(purpose, reader) for reader in readers.values()]

    plain = {str(rule): [str(rule)] for rule in here.app.url_map.iter_rules() if not rule.arguments}
    return plain | {
        "/address/<token>": managed("address"),
        "/api/v1/digests/<token>": [
            path.replace("/feed/", "/api/v1/digests/") for path in each(Purpose.FEED)
        ],
        "/api/v1/papers/<slug>": ["/api/v1/papers/2611.00001"],
        "/api/v1/search": ["/api/v1/search?q=number"],
        "/change/<token>": [here.path(Purpose.CHANGE, asked), here.path(Purpose.CHANGE, confirmed)],
        "/confirm/<token>": each(Purpose.CONFIRM),
        "/erase/<token>": managed("erase"),
        "/export/<token>": managed("export"),
        "/feed/<token>": each(Purpose.FEED),
        "/outbox/<mail_id>": [f"/outbox/{mail}"],
        "/outbox/<mail_id>/html": [f"/outbox/{mail}/html"],
        "/paper/<slug>": ["/paper/2611.00001"],
        "/papers/<day>": [f"/papers/{TODAY}"],
        "/papers/month/<month>": [f"/papers/month/{TODAY:%Y-%m}"],
        "/papers/week/<week>": [f"/papers/week/{TODAY:%G-W%V}"],
        "/pause/<token>": each(Purpose.PAUSE),
        "/preferences/<token>": managing,
        "/rate/<token>": rating,
        "/rate/<token>/<place>": [f"{path}/0" for path in rating],
        "/rate/<token>/<place>/<way>": [
            f"{path}/0/{way}" for path in rating for way in ("more", "less")
        ],
        "/revoke/<token>": managed("revoke"),
        "/static/<name>": [f"/static/{each.name}" for each in STATIC.iterdir()],
        "/undo/<token>": [here.path(Purpose.UNDO, asked), here.path(Purpose.UNDO, confirmed)],
        "/unsubscribe/<token>": each(Purpose.LEAVE),
        "/view/<token>": [here.path(Purpose.VIEW, digest) for digest in digests.values()],
    }


def test_row_25_opening_any_page_changes_nothing_in_the_database(here: Installation) -> None:
    opened = paths(here)
    rules = list(here.app.url_map.iter_rules())
    gets = {str(rule) for rule in rules if "GET" in (rule.methods or ())}
    posts_only = {str(rule) for rule in rules} - gets
    before = dump(here)
    changed, answered = [], {}

    for route, places in opened.items():
        for place in places:
            for method in METHODS:
                for query in QUERIES:
                    answer = here.visitor().open(place + query, method=method)
                    if method == "GET" and not query:
                        answered[place] = (route, answer.status_code)
        if dump(here) != before:
            changed.append(route)
            before = dump(here)

    assert changed == []
    # A page that is not shown says nothing.
    assert set(opened) == gets | posts_only
    unseen = {route for route, status in answered.values() if status >= 400}
    assert unseen == posts_only | WHO_CUT_IT


def test_every_purpose_of_a_link_is_among_the_opened(here: Installation) -> None:
    opened = {place for places in paths(here).values() for place in places}

    for purpose in Purpose:
        beginning = here.path(purpose, 1).partition("/")[2].partition("/")[0]
        assert any(place.startswith(f"/{beginning}/") for place in opened), purpose

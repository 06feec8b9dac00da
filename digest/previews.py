"""Previews: the digest that somebody would get now; nothing is sent or recorded."""

from datetime import datetime, time, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, sessionmaker

from digest import edition, fetch, library, match
from digest.card import Card
from digest.clock import Cadence, utc_now
from digest.compose import SIZE, Batch, Composer, read_batch
from digest.delivery import Claimed, Letter
from digest.errors import BadInput
from digest.links import Links
from digest.mail.message import as_bytes
from digest.match import Reader, Why
from digest.models import Balance, DeliveryKind, Paper, Standing, Subscriber
from digest.render import Renderer, Site
from digest.services import Services, letterhead
from digest.settings import Settings
from digest.sources import sample

SAMPLE_READER = "mira@example.org"
SAMPLE_TOPICS = ("long-context", "rlhf", "math-and-proofs", "robot-manipulation", "galaxies")


def of_reader(services: Services, email: str, form: str) -> bytes:
    """
    Return the next digest of the subscriber with the address *email*: html, text or eml.

    Raises:
        BadInput: there is no such subscriber, or there is nothing for them.

    """
    now = services.clock()
    with services.sessions() as session:
        claimed, batch = _due_now(session, services, email, now)
    letter = _letter(services.composer, claimed, batch)
    return _body(letter, services.settings, form, now)


def why(services: Services, email: str, paper: str) -> tuple[Card, Why]:
    """
    Return *paper*, an id or a slug, and what decides on it for the subscriber *email*.

    Raises:
        BadInput: there is no such subscriber, or no such paper on offer.

    """
    with services.sessions() as session:
        claimed, batch = _due_now(session, services, email, services.clock())
        named = select(Paper.id).where(or_(Paper.slug == paper, Paper.external_id == paper))
        paper_id = session.scalar(named)
    places = {
        card.paper_id: n for n, card in enumerate(batch.edition.cards if batch.edition else ())
    }
    if batch.edition is None or paper_id not in places:
        known = (
            "is not on offer any more" if paper_id else "is not known; `digest search` finds ids"
        )
        raise BadInput(f"{paper[:80]} {known}.")
    place = places[paper_id]
    reader = batch.digests[claimed.id]
    return batch.edition.cards[place], match.why(batch.edition, reader, place, SIZE, batch.rated)


def _due_now(
    session: Session, services: Services, email: str, now: datetime
) -> tuple[Claimed, Batch]:
    reader = session.scalar(select(Subscriber).where(Subscriber.email == email))
    if reader is None:
        raise BadInput(f"Nobody is subscribed with {email}; see `digest subscribe --help`.")
    claimed = _claimed(reader, now)
    return claimed, read_batch(session, [claimed], samples=services.settings.embedded)


def of_sample(settings: Settings, form: str, now: datetime | None = None) -> bytes:
    """Return a made-up reader's digest of the built-in sample day; no database is needed."""
    now = now or utc_now()
    reader = Subscriber(
        id=1,
        email=SAMPLE_READER,
        standing=Standing.ACTIVE,
        cadence=Cadence.WEEKDAYS,
        days=[],
        hour=7,
        zone="Europe/Berlin",
        about="",
        balance=Balance.EVEN,
        link_version=0,
    )
    claimed = _claimed(reader, now)
    batch = Batch(
        readers={reader.id: reader},
        digests={claimed.id: Reader(id=1, cadence=reader.cadence, topics=SAMPLE_TOPICS)},
        new=frozenset(),
        decided={},
        edition=_sample_edition(now),
        rated={},
    )
    composer = Composer(
        sessions=sessionmaker(),
        renderer=Renderer(Site(settings.site_name, settings.base_url, settings.postal_address)),
        links=Links(settings.base_url, ["a preview's links lead nowhere"], "nor does this one"),
        clock=lambda: now,
        fetch_at=time(),
        samples=True,
    )
    return _body(_letter(composer, claimed, batch), settings, form, now)


def _claimed(reader: Subscriber, now: datetime) -> Claimed:
    return Claimed(
        id=0,
        subscriber_id=reader.id,
        kind=DeliveryKind.DIGEST,
        day=reader.timetable.local_day(now).isoformat(),
        day_ends_at=now + timedelta(days=1),
        priority=2,
    )


def _sample_edition(now: datetime) -> edition.Edition:
    document = sample.built_in(now.date())
    papers = [
        Paper(id=number, **fetch.columns(entry, now, now.date()))
        for number, entry in enumerate(document.entries, start=1)
    ]
    counted = {
        number: library.Counts(entry.upvotes or 0, entry.comments or 0)
        for number, entry in enumerate(document.entries, start=1)
    }
    return edition.freeze(papers, counted, now, edition_id=0, fetched_at=now)


def _letter(composer: Composer, claimed: Claimed, batch: Batch) -> Letter:
    [letter] = composer.write([claimed], batch)
    if not isinstance(letter, Letter):
        raise BadInput(f"There is no digest to preview: {letter.why}.")
    return letter


def _body(letter: Letter, settings: Settings, form: str, now: datetime) -> bytes:
    match form:
        case "eml":
            return as_bytes(letter.mail, letterhead(settings), now)
        case "html":
            return letter.mail.html.encode()
        case _:
            return letter.mail.text.encode()

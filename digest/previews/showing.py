"""Showing: the mail to a reader, or to a made-up one, as a file."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from digest import edition, fetch, library, match
from digest.card import Card
from digest.clock import Cadence, utc_now
from digest.compose import SIZE, Addressee, Batch, Composer, read_batch
from digest.delivery import Claimed
from digest.errors import BadInput
from digest.fetch import curating
from digest.language import ENGLISH
from digest.links import Links
from digest.mail.message import Mail, as_bytes
from digest.match import Reader, Why
from digest.models import Balance, DeliveryKind, Paper, Standing, Subscriber
from digest.previews.kinds import Kind, Occasion, written
from digest.render import Renderer, Site
from digest.services import Services, letterhead
from digest.settings import Settings
from digest.sources import sample

SAMPLE_READER = "mira@example.org"
SAMPLE_TOPICS = ("long-context", "rlhf", "math-and-proofs", "robot-manipulation", "galaxies")


def of_reader(
    services: Services,
    email: str,
    form: str,
    kind: Kind = Kind.DIGEST,
    language: str | None = None,
) -> bytes:
    """
    Return a mail to the subscriber with the address *email*, their next digest: html, text or eml.

    Raises:
        BadInput: there is no such subscriber, or there is nothing for them.

    """
    now = services.clock()
    with services.sessions() as session:
        claimed, batch = _due_now(session, services, email, now)
    occasion = _in(language, Occasion(services.composer, claimed, batch, now))
    return _body(written(kind, occasion), services.settings, form, now)


def why(services: Services, email: str, paper: str) -> tuple[Card, Why]:
    """
    Return *paper*, an id, a slug or an address, and what decides on it for the subscriber *email*.

    Raises:
        BadInput: there is no such subscriber, or no such paper on offer.

    """
    with services.sessions() as session:
        claimed, batch = _due_now(session, services, email, services.clock())
        known = curating.find(session, paper)
        paper_id = known.id if known else None
    places = {
        card.paper_id: n for n, card in enumerate(batch.edition.cards if batch.edition else ())
    }
    if batch.edition is None or paper_id not in places:
        missing = (
            "not on offer any more" if known else "not known; its page's address ends in its id"
        )
        raise BadInput(f"{paper[:80]} is {missing}.")
    place = places[paper_id]
    reader = batch.digests[claimed.id]
    found = match.why(batch.edition, reader, place, SIZE, batch.rated)
    standing = batch.readers[claimed.subscriber_id].standing
    if standing is not Standing.ACTIVE:
        against = (f"the reader is {standing}, so no digest goes out", *found.against)
        found = replace(found, against=against, pick=None)
    return batch.edition.cards[place], found


def _due_now(
    session: Session, services: Services, email: str, now: datetime
) -> tuple[Claimed, Batch]:
    reader = session.scalar(select(Subscriber).where(Subscriber.email == email))
    if reader is None:
        raise BadInput(f"Nobody is subscribed with {email}; see `digest subscribe --help`.")
    claimed = _claimed(reader, now)
    return claimed, read_batch(session, [claimed], samples=services.settings.embedded)


def of_sample(
    settings: Settings,
    form: str,
    kind: Kind = Kind.DIGEST,
    language: str | None = None,
    now: datetime | None = None,
) -> bytes:
    """Return a mail to a made-up reader, of the built-in sample day; no database is needed."""
    now, reader = now or utc_now(), _sample_reader()
    claimed = _claimed(reader, now)
    batch = Batch(
        readers={reader.id: reader},
        digests={claimed.id: Reader(id=1, cadence=reader.cadence, topics=SAMPLE_TOPICS)},
        new=frozenset(),
        decided={},
        edition=sample_edition(now),
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
    occasion = _in(language, Occasion(composer, claimed, batch, now))
    return _body(written(kind, occasion), settings, form, now)


def _sample_reader() -> Addressee:
    return Addressee(
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
        language=ENGLISH,
        requested={},
    )


def _in(language: str | None, occasion: Occasion) -> Occasion:
    reader = occasion.reader
    # Of one who is yet to confirm, what they asked for counts.
    reader.requested = {**reader.requested, "language": language} if language else reader.requested
    reader.language = language or reader.language
    return occasion


def _claimed(reader: Addressee | Subscriber, now: datetime) -> Claimed:
    return Claimed(
        id=0,
        subscriber_id=reader.id,
        kind=DeliveryKind.DIGEST,
        day=reader.timetable.local_day(now).isoformat(),
        day_ends_at=now + timedelta(days=1),
        priority=2,
    )


def sample_edition(now: datetime) -> edition.Edition:
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


def _body(mail: Mail, settings: Settings, form: str, now: datetime) -> bytes:
    match form:
        case "eml":
            return as_bytes(mail, letterhead(settings), now)
        case "html":
            return mail.html.encode()
        case _:
            return mail.text.encode()

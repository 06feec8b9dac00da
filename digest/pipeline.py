"""
The service on one page.

    fetch     read the sources, keep papers and sightings, freeze an edition
    sweep     find what is due and undone, whatever was lost meanwhile
    deliver   claim, match, render, send, record
    events    hear what became of it

Every edge of the program (pages, commands, workers) does its work by these.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest import delivery, edition, events, heartbeats, library, turns
from digest import fetch as sources
from digest.clock import last_daily
from digest.database import in_transaction
from digest.delivery import Tally
from digest.delivery.sweep import Swept
from digest.errors import BadSettings, FetchError
from digest.events import account, receiving
from digest.fetch import FetchReport, feeds
from digest.models import EditionRow, FetchRun, Paper
from digest.services import Services
from digest.sources.download import Http
from digest.sources.feed import Feed

if TYPE_CHECKING:
    from digest.events.queue import Polled

log = logging.getLogger(__name__)

KINDS = tuple(sources.PARSERS)
"""What a saved document may hold."""

PATIENCE = 120.0
"""Seconds that reading all sources may take together."""

TRY_AGAIN_AFTER = timedelta(minutes=10)
BATCH = 1000
MOST_SENDERS = 32


def fetch(
    services: Services,
    names: Sequence[str] | None = None,
    day: date | None = None,
    *,
    seconds: float = PATIENCE,
) -> FetchReport:
    """
    Read the sources, or those of *names*, and freeze an edition of what is there now.

    Raises:
        BadInput: *day* is in the future, or a source cannot be asked for it.

    """
    with services.sessions() as session:
        chosen = sources.chosen(session, names, services.settings.sources)
    report = sources.fetch(
        services.sessions, chosen, http(services, seconds), now=services.clock(), day=day
    )
    with services.sessions.begin() as session:
        feeds.remember(session, [source for source in chosen if isinstance(source, Feed)])
    freeze(services)
    log.info("fetched new=%d seen=%d skipped=%d", report.new, report.seen, report.skipped)
    return report


def load(services: Services, kind: str, body: bytes, day: date | None = None) -> FetchReport:
    """
    Keep what a saved document shows, and freeze an edition.

    Raises:
        BadDocument: it is none of *kind*, or nothing in it can be read.

    """
    now = services.clock()

    def step(session: Session) -> FetchReport:
        report = sources.load(session, kind, body, now=now, day=day)
        session.add(
            FetchRun(source=kind, at=now, new=report.new, seen=report.seen, skipped=report.skipped)
        )
        return report

    report = in_transaction(services.sessions, step)
    freeze(services)
    return report


def http(services: Services, seconds: float = PATIENCE) -> Http:
    """Return a door for one fetch: *seconds* for all its downloads together."""
    settings = services.settings
    return Http(
        contact=settings.base_url,
        deadline=seconds,
        allow_private=settings.allow_private_addresses,
        turn=lambda host, patience: turns.turn(services.sessions, host, patience),
    )


def freeze(services: Services) -> None:
    """Build an edition of what is on offer now."""
    in_transaction(services.sessions, lambda session: edition.build(session, services.clock()))


def fetch_if_due(services: Services) -> bool:
    """Fetch when the daily fetch was missed or failed, as after an outage; tell whether it did."""
    now = services.clock()
    with services.sessions.begin() as session:
        last_try = session.scalar(select(func.max(FetchRun.at)))
        good = select(func.max(FetchRun.at)).where(library.was_read())
        if services.settings.sources != ("sample",):
            # The sample day that stands in for silent sources is no news from them.
            good = good.where(FetchRun.source != "sample")
        last_good = session.scalar(good)
        built = session.scalar(select(EditionRow.id).limit(1))
    if built and last_good and last_good >= last_daily(services.composer.fetch_at, now):
        return False
    if last_try and now - last_try < TRY_AGAIN_AFTER:
        return False
    fetch(services)
    return True


def sweep(services: Services, now: datetime | None = None) -> Swept:
    """Plan what is due at *now*, and take up what dead senders left."""
    swept = delivery.sweep(services.sessions, now or services.clock())
    beat(services, "sweep")
    return swept


def senders_wanted(swept: Swept) -> int:
    """Return how many senders have work now."""
    return min(MOST_SENDERS, -(-swept.waiting // BATCH))


def deliver(services: Services) -> Tally:
    """Send what is due, for a minute at most."""
    beat(services, "sender")
    return delivery.deliver(
        services.sessions, services.transport, services.composer, services.clock
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What one sweep and the sending after it came to, counting every kind of mail."""

    planned: int
    sent: int
    unknown: int
    failed: int
    skipped: int


def send_due(services: Services, now: datetime | None = None) -> Sent:
    """Sweep once, then send in this process until nothing is due; *now* drives planning only."""
    swept = sweep(services, now)
    tally = deliver(services)
    while (more := deliver(services)).total():
        tally += more
    return Sent(
        planned=swept.planned,
        sent=tally["sent"],
        unknown=tally["unknown"],
        failed=tally["failed"],
        skipped=tally["skipped"] + swept.skipped,
    )


def hear(services: Services, document: str) -> bool:
    """
    Apply the event, or the wish to leave, that a document of SES tells of; False: it is no news.

    Raises:
        BadMessage: it is not understood.

    """
    left = receiving.hear_mail(services.sessions, services.links, document, services.clock)
    if left is not None:
        return left
    return events.hear(services.sessions, services.keys, document, services.clock)


def poll_events(services: Services) -> "Polled":
    """
    Read the queue of events until it is empty, for a minute at most.

    Raises:
        BadSettings: there is none.

    """
    if services.queue is None:
        raise BadSettings("DIGEST_SQS_QUEUE_URL: names no queue to read; see docs/operating.md")
    from digest.events.queue import poll  # noqa: PLC0415  imports botocore, as the queue did

    polled = poll(services.queue, lambda document: hear(services, document))
    if polled.error:
        log.warning("events: %s", polled.error)
    return polled


def listen(services: Services) -> None:
    """Hear what is in the queue, if there is one, and let those write-to again who ask for it."""
    if services.queue:
        poll_events(services)
    try:
        account.readmit(services.sessions, services.account, services.clock())
    except FetchError as exc:
        log.warning("confirmations wait: %s", exc)


def read_suppressions(services: Services) -> None:
    """Read what is new on the mail system's suppression list, once a day; drop old events."""
    in_transaction(services.sessions, events.forget)
    if services.account is None:
        return
    try:
        count = account.read(services.sessions, services.account, services.keys, services.clock())
        log.info("suppressions read=%d", count)
    except FetchError as exc:
        log.warning("suppressions: %s", exc)


def has_papers(services: Services) -> bool:
    with services.sessions.begin() as session:
        return session.scalar(select(Paper.id).limit(1)) is not None


def last_sweep(services: Services) -> datetime | None:
    with services.sessions.begin() as session:
        return heartbeats.last(session).get("sweep")


def beat(services: Services, name: str) -> None:
    """Leave a sign of life, which doctor looks for."""
    heartbeats.leave(services.sessions, name, services.clock())

"""Staying: preferences, a pause, and new links for old."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from digest import departures, planning
from digest.departures import Departure, Why
from digest.models import DeliveryKind, Standing, Subscriber
from digest.subscribers import silence
from digest.subscribers.choices import Choices
from digest.subscribers.joining import ask
from digest.subscribers.keeping import keep


def prefer(session: Session, reader: Subscriber, chosen: Choices, *, now: datetime) -> None:
    """
    Keep what *reader*, whose row the caller holds locked, chose.

    What is due by the old timetable is planned first; the new one begins on the reader's local
    today, and the dedupe key stops a second digest for that date.

    Raises:
        BadInput: on chosen days, and none is chosen; a topic is followed and hidden.

    """
    before = reader.timetable
    planning.plan_readers(session, [reader], now)
    keep(session, reader, chosen)
    if reader.timetable != before and reader.standing is Standing.ACTIVE:
        planning.wake(reader, now)


def pause(reader: Subscriber, until: date | None) -> None:
    """Stop *reader*'s digests until their local date *until*; None: until they resume."""
    if reader.standing is Standing.ACTIVE:
        reader.standing = Standing.PAUSED
    if reader.standing is Standing.PAUSED:
        reader.paused_until = until
        reader.next_due_at = None


def resume(reader: Subscriber, *, now: datetime) -> None:
    if reader.standing is Standing.PAUSED:
        planning.wake(reader, now)


def replace_feed(session: Session, reader: Subscriber, *, now: datetime) -> None:
    """Give *reader*, whose row is locked, another address of their private feed for all so far."""
    reader.feeds_replaced += 1
    _note_revoked(session, reader, now)


def _note_revoked(session: Session, reader: Subscriber, now: datetime) -> None:
    """Write down how often *reader* has revoked, which a restored database does not know."""
    counts = (reader.link_version, reader.feeds_replaced)
    revoked = Departure(now, Why.REVOKED, reader.id, reader.address_hash, *counts)
    departures.note(session.info, revoked)


def revoke(session: Session, reader: Subscriber, *, now: datetime) -> None:
    """
    Make all links of *reader*, whose row is locked, void but those to leave; a new one is mailed.

    The caller waits, once this is committed, until `silence.silent`.
    """
    reader.link_version += 1
    _note_revoked(session, reader, now)
    session.flush()
    silence.take_back(session, reader.id)
    ask(session, reader, DeliveryKind.LINK if reader.is_reading else None, now=now)

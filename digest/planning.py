"""
Planning: when a digest is due, a delivery is decided on.

The rules, in one place:

* A digest belongs to the local date of its due moment, never to that of the planner's clock:
  that date is the delivery's dedupe key, so a reader has one digest for one date.
* After an outage the last due moment counts; what was missed before it is not made up for.
* At most one digest of a reader is open. An older pending one is superseded.
* Dates do not go back: who moves to a zone where it is yesterday has had tomorrow's digest.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, insert_new, literally
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Standing,
    Subscriber,
    Suppression,
)

PORTION = 1000
"""Readers that are locked at a time."""

ZONES_APART = timedelta(days=2)
"""The dates of two zones at one moment differ by no more."""

OPEN = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.SENDING)
CAME_THROUGH = (DeliveryState.SENT, DeliveryState.UNKNOWN)

Place = tuple[datetime, int]
"""Where a portion ended, in the order (next_due_at, id)."""


def plan_portion(session: Session, now: datetime, after: Place | None) -> tuple[int, Place | None]:
    """
    Plan the digests due at *now* of the next portion of readers behind *after*.

    Returns how many were planned, and where the portion ended; None when nobody is left.
    """
    due = (
        select(Subscriber)
        .where(literally(Subscriber.standing, Standing.ACTIVE), Subscriber.next_due_at <= now)
        .order_by(Subscriber.next_due_at, Subscriber.id)
        .limit(PORTION)
        # ARM locks readers FOR SHARE: waiting for it here, in another order, would deadlock.
        .with_for_update(key_share=True, skip_locked=True)
    )
    if after:
        due = due.where(tuple_(Subscriber.next_due_at, Subscriber.id) > after)
    readers = session.scalars(due).all()
    if not readers:
        return 0, None
    last = readers[-1]
    assert last.next_due_at  # noqa: S101  the query asked for it
    place = (last.next_due_at, last.id)
    return plan_readers(session, readers, now), place


def plan_readers(session: Session, readers: Sequence[Subscriber], now: datetime) -> int:
    """
    Plan what is due at *now* for *readers*, whose rows the caller holds locked.

    Returns how many digests were planned.
    """
    days = {
        reader.id: reader.timetable.local_day(reader.timetable.latest(reader.next_due_at, now))
        for reader in readers
        if reader.standing is Standing.ACTIVE and reader.next_due_at and reader.next_due_at <= now
    }
    keys = {reader_id: day.isoformat() for reader_id, day in days.items()}
    _supersede(session, keys)
    busy = _with_digest_in(session, keys, OPEN)
    known = _newest_that_came(session, keys)
    ready = [reader for reader in readers if reader.id in days and reader.id not in busy]
    planned = insert_deliveries(
        session,
        [
            _row(reader, days[reader.id], awaited=_awaits(reader, known), now=now)
            for reader in ready
            if not _has_had_a_later_one(keys[reader.id], known.get(reader.id))
        ],
    )
    for reader in ready:
        reader.next_due_at = reader.timetable.first_from(days[reader.id] + timedelta(days=1))
    session.flush()
    return planned


def _supersede(session: Session, keys: dict[int, str]) -> None:
    """Close the pending digests of earlier dates than those in *keys* (reader -> date)."""
    if not keys:
        return
    pending = session.execute(
        select(Delivery.id, Delivery.subscriber_id, Delivery.dedupe_key).where(
            Delivery.subscriber_id.in_(keys),
            Delivery.kind == DeliveryKind.DIGEST,
            Delivery.state == DeliveryState.PENDING,
        )
    )
    older = [row.id for row in pending if row.dedupe_key < keys[row.subscriber_id]]
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(older), Delivery.state == DeliveryState.PENDING)
        .values(state=DeliveryState.SKIPPED, error="superseded by a later digest")
    )


def state_of_digest(session: Session, reader: Subscriber, day: date) -> DeliveryState | None:
    """Return the state of *reader*'s digest of the local date *day*; None if there is none."""
    return session.scalar(
        select(Delivery.state).where(
            Delivery.subscriber_id == reader.id,
            Delivery.kind == DeliveryKind.DIGEST,
            Delivery.dedupe_key == day.isoformat(),
        )
    )


def _with_digest_in(
    session: Session, reader_ids: Collection[int], states: Collection[DeliveryState]
) -> set[int]:
    return set(
        session.scalars(
            select(Delivery.subscriber_id).where(
                Delivery.subscriber_id.in_(reader_ids),
                Delivery.kind == DeliveryKind.DIGEST,
                Delivery.state.in_(states),
            )
        )
    )


def _newest_that_came(session: Session, reader_ids: Collection[int]) -> dict[int, str]:
    """Return the date of the newest digest that each reader was sent: reader -> date."""
    newest = (
        select(Delivery.subscriber_id, func.max(Delivery.dedupe_key))
        .where(
            Delivery.subscriber_id.in_(reader_ids),
            Delivery.kind == DeliveryKind.DIGEST,
            Delivery.state.in_(CAME_THROUGH),
        )
        .group_by(Delivery.subscriber_id)
    )
    return {row[0]: row[1] for row in session.execute(newest)}


def _has_had_a_later_one(key: str, newest: str | None) -> bool:
    """Tell whether the *newest* digest was of a date that is still to come where it is *key*."""
    return newest is not None and key < newest <= str(date.fromisoformat(key) + ZONES_APART)


def _awaits(reader: Subscriber, known: Collection[int]) -> bool:
    """Tell whether *reader* has just confirmed their first digest, and looks out for it."""
    # Who is imported is due at a regular hour: a list must not hold up those who are here.
    return reader.id not in known and reader.next_due_at == reader.confirmed_at


def _row(reader: Subscriber, day: date, *, awaited: bool, now: datetime) -> dict[str, object]:
    return {
        "subscriber_id": reader.id,
        "kind": DeliveryKind.DIGEST,
        "dedupe_key": day.isoformat(),
        "priority": 1 if awaited else 2,
        "day_ends_at": reader.timetable.end_of(day),
        "created_at": now,
    }


def insert_deliveries(session: Session, rows: Sequence[dict[str, object]]) -> int:
    """Insert pending deliveries, claimable at once; return how many had a new dedupe key."""
    if not rows:
        return 0
    statement = (
        insert_new(session, Delivery)
        .values(state=DeliveryState.PENDING, attempts=0, not_before=DatabaseNow())
        .on_conflict_do_nothing(index_elements=["subscriber_id", "kind", "dedupe_key"])
        .returning(Delivery.id)
    )
    return len(session.execute(statement, rows).all())


def end_pauses(session: Session, now: datetime) -> int:
    """Make readers active again whose pause is over on their calendar; return how many."""
    soon = (now + timedelta(days=1)).date()
    paused = session.scalars(
        select(Subscriber)
        .where(Subscriber.standing == Standing.PAUSED, Subscriber.paused_until <= soon)
        .order_by(Subscriber.paused_until, Subscriber.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    over = [
        reader
        for reader in paused
        if reader.paused_until and reader.paused_until <= reader.timetable.local_day(now)
    ]
    for reader in over:
        wake(reader, now)
    session.flush()
    return len(over)


def wake(reader: Subscriber, now: datetime) -> None:
    """Make *reader* active, due at the first moment of their local today or later."""
    reader.standing = Standing.ACTIVE
    reader.paused_until = None
    # Even if that moment is past: the dedupe key stops a second digest for one date.
    reader.next_due_at = reader.timetable.first_from(reader.timetable.local_day(now))


def close_stale(session: Session, now: datetime) -> int:
    """Skip pending mails whose day is over and whose reader may not have them; return how many."""
    wanted = select(Subscriber.id).where(
        Subscriber.id == Delivery.subscriber_id, may_have(Delivery, Subscriber)
    )
    closed = session.execute(
        update(Delivery)
        .where(
            literally(Delivery.state, DeliveryState.PENDING),
            Delivery.day_ends_at < now,
            ~wanted.exists(),
        )
        .values(state=DeliveryState.SKIPPED, error="its day is over and the reader has left")
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(closed.all())


def may_have(delivery: type[Delivery], reader: type[Subscriber]) -> ColumnElement[bool]:
    """Return the condition that the reader's standing and the address allow a mail of this kind."""
    allowed = or_(
        (delivery.kind == DeliveryKind.DIGEST) & (reader.standing == Standing.ACTIVE),
        (delivery.kind == DeliveryKind.CONFIRMATION) & (reader.standing == Standing.PENDING),
        delivery.kind.in_((DeliveryKind.CHANGE, DeliveryKind.LINK, DeliveryKind.NOTICE))
        & reader.standing.in_((Standing.ACTIVE, Standing.PAUSED)),
    )
    # The other reasons, as after an erasure, bar an import only: who asks by the form is welcome.
    stopped = Suppression.reason.in_((Standing.BOUNCED, Standing.COMPLAINED))
    goes_to = func.coalesce(delivery.address_hash, reader.address_hash)
    barred = exists().where(Suppression.address_hash == goes_to, stopped)
    # Said outright: two levels below an UPDATE it would ask about anybody's delivery.
    return allowed & ~barred.correlate(delivery, reader)

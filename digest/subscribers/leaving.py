"""Leaving: the end of all mail, a quarter of an hour to think again, and erasure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, delete, or_, select, update
from sqlalchemy.orm import Session

from digest import departures, planning
from digest.database import DatabaseNow, Sessions, in_transaction
from digest.departures import Departure, Why
from digest.models import (
    AddressChange,
    Consent,
    ConsentKind,
    EventRow,
    Standing,
    Subscriber,
    Suppression,
)
from digest.subscribers import consent, silence
from digest.subscribers.stopping import FINAL, bar_imports

UNDO_WITHIN = timedelta(minutes=15)

STAYING = (Standing.PENDING, Standing.ACTIVE, Standing.PAUSED)
"""Who has not left."""


def unsubscribe(
    sessions: Sessions,
    reader_id: int,
    *,
    now: datetime | None = None,
    unless_back_since: datetime | None = None,
    wait: float = silence.ACKNOWLEDGE_WITHIN,
) -> bool:
    """
    End all mail to a reader; nothing happens for one who is gone already.

    It can be undone for a while after *now*, where that is given. A wish that took its time, a
    mail's, does not end what its reader consented to since. Returns once no mail to them is being
    sent, or after *wait* seconds: False then, for one mail may be on its way.
    """
    statement = end_mail(Subscriber.id == reader_id, now)
    if unless_back_since:
        statement = statement.where(_not_back(unless_back_since))

    def step(session: Session) -> None:
        # This waits for any sender that has checked the standing and not yet committed.
        for address_hash in session.scalars(statement.returning(Subscriber.address_hash)):
            at = now or session.scalars(select(DatabaseNow())).one()
            left = Departure(at, Why.UNSUBSCRIBED, reader_id, address_hash)
            departures.note(session.info, left)

    in_transaction(sessions, step)
    return silence.silent(sessions, reader_id, wait)


def end_mail(to: ColumnElement[bool], at: datetime | None) -> Update:
    """Return the statement that ends all mail to readers, but for those who are gone already."""
    return (
        update(Subscriber)
        .where(to, Subscriber.standing.in_(STAYING))
        .values(
            standing=Standing.UNSUBSCRIBED,
            next_due_at=None,
            left_at=at,
            left_as=Subscriber.standing,
        )
        .execution_options(synchronize_session=False)
    )


def _not_back(since: datetime) -> ColumnElement[bool]:
    later = select(Consent.id).where(Consent.subscriber_id == Subscriber.id, Consent.at >= since)
    confirmed = or_(Subscriber.confirmed_at.is_(None), Subscriber.confirmed_at < since)
    return confirmed & ~later.exists()


def may_undo(reader: Subscriber | None, now: datetime) -> bool:
    """Tell whether *reader* left a moment ago, and had been a reader; not who complained since."""
    return (
        reader is not None
        and reader.standing is Standing.UNSUBSCRIBED
        and reader.left_as in (Standing.ACTIVE, Standing.PAUSED)
        and reader.left_at is not None
        and now < reader.left_at + UNDO_WITHIN
    )


def undo(session: Session, reader_id: int, *, now: datetime, ip_hash: str | None = None) -> bool:
    """Make a reader again of one who left a moment ago; False when that cannot be done any more."""
    reader = session.get(Subscriber, reader_id, with_for_update=True)
    if reader is None or not may_undo(reader, now):
        return False
    stopped = session.get(Suppression, reader.address_hash)
    if stopped is not None and stopped.reason in FINAL:
        return False
    if reader.left_as is Standing.PAUSED:
        reader.standing = Standing.PAUSED
    else:
        planning.wake(reader, now)
    reader.left_at = reader.left_as = None
    consent.note(session, reader.id, ConsentKind.UNDO, now=now, ip_hash=ip_hash)
    returned = Departure(now, Why.RETURNED, reader.id, reader.address_hash)
    departures.note(session.info, returned)
    return True


def erase(
    sessions: Sessions,
    reader_id: int,
    *,
    now: datetime,
    wait: float = silence.ACKNOWLEDGE_WITHIN,
) -> bool:
    """
    Unsubscribe a reader and delete all that is kept of them, but for a keyed hash.

    The hash keeps imports from bringing them back. Returns as `unsubscribe` does.
    """
    silent = unsubscribe(sessions, reader_id, wait=wait)
    in_transaction(sessions, lambda session: _delete(session, reader_id, now))
    return silent


def _delete(session: Session, reader_id: int, now: datetime) -> None:
    reader = session.get(Subscriber, reader_id, with_for_update=True)
    if reader is None:
        return
    departures.note(session.info, Departure(now, Why.ERASED, reader_id, reader.address_hash))
    bar_imports(session, reader.address_hash, now)
    # They are counted still, among all that came back, but no more as anybody's.
    former = select(AddressChange.former_hash).where(AddressChange.subscriber_id == reader_id)
    theirs = or_(EventRow.address_hash == reader.address_hash, EventRow.address_hash.in_(former))
    session.execute(
        update(EventRow)
        .where(theirs)
        .values(address_hash=None)
        .execution_options(synchronize_session=False)
    )
    _forget_changes(session, reader.address_hash)
    # By a statement: what belongs to them goes with them, by the database's own rules.
    session.execute(
        delete(Subscriber)
        .where(Subscriber.id == reader_id)
        .execution_options(synchronize_session=False)
    )


def changes_naming(
    session: Session, address_hash: str, until: datetime | None = None
) -> Sequence[AddressChange]:
    """Return the changes that lead from or to the address of this hash, asked for *until* then."""
    named = or_(
        AddressChange.address_hash == address_hash, AddressChange.former_hash == address_hash
    )
    if until:
        named &= AddressChange.asked_at <= until
    return session.scalars(select(AddressChange).where(named).order_by(AddressChange.id)).all()


def forget_address(
    session: Session, address_hash: str, now: datetime, *, until: datetime | None = None
) -> list[int]:
    """
    Delete all that is kept of an address at which nobody reads, but for its keyed hash.

    Returns the readers who moved from there, or wanted to move there. What is younger than *until*
    stays: an erasure of long ago, which a restoration does again, was of what there was then.

    Who moved away from it reads on elsewhere. The link that was mailed here to take that back is
    void from then on: it is for the owner of this mailbox to use, or to give up.
    """
    departures.note(session.info, Departure(now, Why.ERASED, None, address_hash))
    bar_imports(session, address_hash, now)
    heard = EventRow.address_hash == address_hash
    session.execute(
        update(EventRow)
        .where(heard & (EventRow.received_at <= until) if until else heard)
        .values(address_hash=None)
        .execution_options(synchronize_session=False)
    )
    return _forget_changes(session, address_hash, until)


def _forget_changes(
    session: Session, address_hash: str, until: datetime | None = None
) -> list[int]:
    readers = sorted({each.subscriber_id for each in changes_naming(session, address_hash, until)})
    # Whoever confirms or takes back one of them at this moment holds its reader's row.
    session.execute(select(Subscriber.id).where(Subscriber.id.in_(readers)).with_for_update())
    for each in changes_naming(session, address_hash, until):
        if each.changed_at and each.former_hash != address_hash:
            # Another mailbox can take it back still: whoever moved somebody away and on must not
            # cut that off by an erasure of the place between.
            each.email = each.address_hash = ""
        else:
            session.delete(each)
    session.flush()
    for reader_id in readers:
        # A mail about such a change may be written already.
        silence.take_back(session, reader_id)
    return readers

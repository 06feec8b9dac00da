"""Moving: another address, which the mailbox there confirms and the old one can undo."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from digest import planning
from digest.database import Sessions
from digest.errors import BadLink
from digest.models import (
    AddressChange,
    ConsentKind,
    DeliveryKind,
    Standing,
    Subscriber,
    Suppression,
)
from digest.subscribers import consent, silence
from digest.subscribers.joining import COOL_DOWN, MAIL_WITHIN, beside_requests
from digest.subscribers.staying import revoke
from digest.subscribers.stopping import FINAL, bar_imports

CONFIRM_WITHIN = timedelta(hours=48)
UNDO_MOVE_WITHIN = timedelta(days=7)

TRIES = 3
"""Addresses that a reader may name within `COOL_DOWN`: who mistyped one names another."""


class Moved(StrEnum):
    """What came of following a link of a change."""

    DONE = "done"
    TAKEN = "taken"
    """The address has, or had, a subscription of its own."""
    STOPPED = "stopped"
    """The address bounced or complained, and is not written to."""
    OVER = "over"
    """The link counts no more: another change took its place, or the reader left."""


def ask_to_move(
    session: Session, reader: Subscriber, email: str, *, address_hash: str, now: datetime
) -> None:
    """
    Ask the mailbox at *email* (normalised) whether *reader*, whose row is locked, may move there.

    Whether that address is known is not even looked at: it tells nobody who is.
    """
    recent = select(func.count(AddressChange.id)).where(AddressChange.asked_at > now - COOL_DOWN)
    asked = session.scalars(recent.where(AddressChange.address_hash == address_hash)).one()
    tries = session.scalars(recent.where(AddressChange.subscriber_id == reader.id)).one()
    if asked or tries >= TRIES or not reader.is_reading:
        return
    _close(session, reader.id, now, unconfirmed_only=True)
    change = AddressChange(
        subscriber_id=reader.id, email=email, address_hash=address_hash, asked_at=now
    )
    session.add(change)
    session.flush()
    _write_to(session, change, DeliveryKind.CHANGE, address_hash, now)


def _close(session: Session, reader_id: int, now: datetime, *, unconfirmed_only: bool) -> None:
    statement = update(AddressChange).where(
        AddressChange.subscriber_id == reader_id, AddressChange.closed_at.is_(None)
    )
    if unconfirmed_only:
        statement = statement.where(AddressChange.changed_at.is_(None))
    session.execute(statement.values(closed_at=now))


def _write_to(
    session: Session, change: AddressChange, kind: DeliveryKind, address_hash: str, now: datetime
) -> None:
    row = {
        "subscriber_id": change.subscriber_id,
        "kind": kind,
        "dedupe_key": str(change.id),
        "priority": 0,
        "day_ends_at": now + MAIL_WITHIN,
        "created_at": now,
        "address_hash": address_hash,
    }
    planning.insert_deliveries(session, [row])


def change_behind(
    session: Session, change_id: int, version: int | None, *, lock: bool = False
) -> tuple[AddressChange, Subscriber]:
    """
    Return the change that a link of this *version* names, and its reader; None: any version.

    Raises:
        BadLink: there is none any more, or the link is revoked.

    """
    change = session.get(AddressChange, change_id)
    if change is None:
        raise BadLink("forgotten")
    reader = session.get(Subscriber, change.subscriber_id, with_for_update=lock)
    if reader is None or (version is not None and version < reader.link_version):
        raise BadLink("revoked")
    # What was read before the lock may have changed, or gone, while it was waited for.
    change = session.get(AddressChange, change_id, populate_existing=True)
    if change is None:
        raise BadLink("forgotten")
    return change, reader


def state_of_move(change: AddressChange, reader: Subscriber, now: datetime) -> Moved | None:
    """Return how it stands with a change to a new address; None: its button can be pressed."""
    if change.changed_at and reader.email == change.email:
        return Moved.DONE
    late = now > change.asked_at + CONFIRM_WITHIN
    over = change.changed_at or change.closed_at or late or not reader.is_reading
    return Moved.OVER if over else None


def move(
    sessions: Sessions,
    change_id: int,
    version: int,
    *,
    now: datetime,
    ip_hash: str | None = None,
    wait: float = silence.ACKNOWLEDGE_WITHIN,
) -> tuple[Moved, bool]:
    """
    Write to a reader at the new address from now on, as its mailbox confirms.

    The second value is False when one mail to the old address may be on its way.

    Raises:
        BadLink: the link counts no more.

    """

    def step(session: Session) -> tuple[Moved, int]:
        change, reader = change_behind(session, change_id, version, lock=True)
        known = state_of_move(change, reader, now)
        if known or (known := _hindrance(session, reader, change.email, change.address_hash)):
            return known, reader.id
        former_email, former_hash = reader.email, reader.address_hash
        _settle_at(session, reader, change.email, change.address_hash)
        # The list that once brought them would make a second reader of their former address.
        bar_imports(session, former_hash, now)
        change.former_email, change.former_hash = former_email, former_hash
        change.changed_at = now
        consent.note(session, reader.id, ConsentKind.CHANGE, now=now, ip_hash=ip_hash)
        _write_to(session, change, DeliveryKind.NOTICE, former_hash, now)
        return Moved.DONE, reader.id

    moved, reader_id = beside_requests(sessions, step)
    return moved, silence.silent(sessions, reader_id, wait)


def _hindrance(session: Session, reader: Subscriber, email: str, address_hash: str) -> Moved | None:
    """Return why *reader* cannot be written to at *email*; a request of nobody's gives way."""
    stopped = session.get(Suppression, address_hash)
    if stopped and stopped.reason in FINAL:
        return Moved.STOPPED
    other = session.scalars(
        select(Subscriber).where(Subscriber.email == email).with_for_update()
    ).first()
    if other is None or other.id == reader.id:
        return None
    # Once it was confirmed it has links in people's mails, which must go on working.
    if other.confirmed_at or other.standing not in (Standing.PENDING, Standing.UNSUBSCRIBED):
        return Moved.TAKEN
    session.execute(
        delete(Subscriber)
        .where(Subscriber.id == other.id)
        .execution_options(synchronize_session=False)
    )
    session.expunge(other)
    return None


def _settle_at(session: Session, reader: Subscriber, email: str, address_hash: str) -> None:
    reader.email, reader.address_hash = email, address_hash
    silence.take_back(session, reader.id)
    session.execute(
        delete(Suppression).where(
            Suppression.address_hash == address_hash, Suppression.reason.not_in(FINAL)
        )
    )
    session.flush()


def state_of_undo(change: AddressChange, reader: Subscriber, now: datetime) -> Moved | None:
    """Return how it stands with taking a change back; None: its button can be pressed."""
    if change.closed_at and change.changed_at and reader.email == change.former_email:
        return Moved.DONE
    late = change.changed_at is None or now > change.changed_at + UNDO_MOVE_WITHIN
    return Moved.OVER if late or change.closed_at or not reader.is_reading else None


def undo_move(
    sessions: Sessions,
    change_id: int,
    *,
    now: datetime,
    ip_hash: str | None = None,
    wait: float = silence.ACKNOWLEDGE_WITHIN,
) -> tuple[Moved, bool]:
    """
    Write to a reader at their former address again, and there only: all their links are revoked.

    Whoever moved them had one, and might move them again. Returns as `move` does.

    Raises:
        BadLink: the link counts no more.

    """

    def step(session: Session) -> tuple[Moved, int]:
        change, reader = change_behind(session, change_id, None, lock=True)
        known = state_of_undo(change, reader, now)
        email, address_hash = change.former_email or "", change.former_hash or ""
        if known or (known := _hindrance(session, reader, email, address_hash)):
            return known, reader.id
        _settle_at(session, reader, email, address_hash)
        _close(session, reader.id, now, unconfirmed_only=False)
        revoke(session, reader, now=now)
        consent.note(session, reader.id, ConsentKind.CHANGE, now=now, ip_hash=ip_hash)
        return Moved.DONE, reader.id

    moved, reader_id = beside_requests(sessions, step)
    return moved, silence.silent(sessions, reader_id, wait)


def forget_moves(session: Session, now: datetime) -> None:
    """Drop the changes whose links count no more, and with them the former addresses."""
    session.execute(
        delete(AddressChange).where(
            AddressChange.asked_at < now - CONFIRM_WITHIN,
            or_(
                AddressChange.changed_at.is_(None),
                AddressChange.changed_at < now - UNDO_MOVE_WITHIN,
            ),
        )
    )

"""Joining: a request, a mail that asks, and the button that confirms."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from digest import departures, planning
from digest.clock import Cadence
from digest.database import DatabaseNow, Sessions, T, in_transaction, insert_new
from digest.departures import Departure, Why
from digest.errors import BadInput
from digest.models import (
    ConsentKind,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Standing,
    Subscriber,
    Suppression,
)
from digest.subscribers import consent
from digest.subscribers.choices import Choices
from digest.subscribers.keeping import keep, requested
from digest.subscribers.stopping import FINAL, bars

COOL_DOWN = timedelta(minutes=10)
"""The least time between two confirmations, or two links, to one address."""

MAIL_WITHIN = timedelta(days=2)
"""A mail that was asked for and could not go is given up when its reader left meanwhile."""


def subscribe(
    session: Session, email: str, chosen: Choices, *, now: datetime, address_hash: str
) -> None:
    """
    Answer a request for the digest from the owner, or from anyone else, of *email* (normalised).

    Someone new, or gone, gets a confirmation; an active reader their link; nobody more than one
    in `COOL_DOWN`, one who bounced none within 30 days, and one who complained nothing. The
    statements are the same for all of them, so that neither the answer nor its time tells whether
    an address is known.
    """
    reader = _reader_of(session, email, address_hash=address_hash, now=now)
    stopped = session.get(Suppression, address_hash)
    barred = bars(stopped, now)
    cool = reader.last_asked_at is None or reader.last_asked_at <= now - COOL_DOWN
    forgiven = reader.standing is Standing.BOUNCED and stopped is not None and not barred
    gone = forgiven or reader.standing is Standing.UNSUBSCRIBED
    standing = Standing.PENDING if gone else reader.standing
    # Kept aside until it is confirmed: anybody can fill in the form.
    session.execute(
        update(Subscriber)
        .where(Subscriber.id == reader.id)
        .values(requested=asdict(chosen), standing=standing)
    )
    ask(session, reader, _mail_for(standing) if cool and not barred else None, now=now)


def _reader_of(session: Session, email: str, *, address_hash: str, now: datetime) -> Subscriber:
    """Return the subscriber with this address, locked; a new, pending one if there was none."""
    new = insert_new(session, Subscriber).values(
        email=email,
        address_hash=address_hash,
        standing=Standing.PENDING,
        cadence=Cadence.WEEKDAYS,
        days=[],
        hour=7,
        zone="UTC",
        link_version=0,
        mails_asked=0,
        requested={},
        created_at=now,
    )
    # One statement finds or makes, and locks: between two, somebody may be erased.
    locked = new.on_conflict_do_update(index_elements=["email"], set_={"email": email})
    return session.scalars(
        locked.returning(Subscriber), execution_options={"populate_existing": True}
    ).one()


def beside_requests(sessions: Sessions, step: Callable[[Session], T]) -> T:
    """
    Return what *step* returns, committed; it gives somebody an address that was nobody's.

    It is begun anew where the form made a subscriber of that address at this instant.
    """
    try:
        return in_transaction(sessions, step)
    except IntegrityError:
        return in_transaction(sessions, step)


def _mail_for(standing: Standing) -> DeliveryKind | None:
    match standing:
        case Standing.PENDING:
            return DeliveryKind.CONFIRMATION
        case Standing.ACTIVE | Standing.PAUSED:
            return DeliveryKind.LINK
        case _:
            return None


def ask(session: Session, reader: Subscriber, kind: DeliveryKind | None, *, now: datetime) -> None:
    """Decide on one mail of *kind* to *reader*; None decides on none, by the same statements."""
    number = reader.mails_asked + 1
    wanted = (Subscriber.id == reader.id, literal(kind is not None))
    session.execute(update(Subscriber).where(*wanted).values(mails_asked=number, last_asked_at=now))
    row: dict[str, ColumnElement[Any]] = {
        "subscriber_id": literal(reader.id),
        "kind": literal(kind or DeliveryKind.LINK, Delivery.kind.type),
        "dedupe_key": literal(str(number)),
        "state": literal(DeliveryState.PENDING, Delivery.state.type),
        "priority": literal(0),
        "attempts": literal(0),
        "not_before": DatabaseNow(),
        "day_ends_at": literal(now + MAIL_WITHIN, Delivery.day_ends_at.type),
        "created_at": literal(now, Delivery.created_at.type),
    }
    session.execute(insert(Delivery).from_select(list(row), select(*row.values()).where(*wanted)))


def add(session: Session, email: str, chosen: Choices, *, now: datetime, address_hash: str) -> None:
    """
    Make the owner of *email* (normalised), who has consented elsewhere, an active reader.

    Raises:
        BadInput: the address must not be written to, or is active already.

    """
    reader = _reader_of(session, email, address_hash=address_hash, now=now)
    stopped = session.get(Suppression, address_hash)
    if reader.standing in FINAL or (stopped and stopped.reason in FINAL):
        raise BadInput(f"{email} bounced or complained, and is not written to any more.")
    if reader.is_reading:
        raise BadInput(f"{email} is subscribed already; their preferences link changes settings.")
    # A form that a stranger filled in since makes nobody one who never left.
    if stopped or reader.confirmed_at or reader.standing is Standing.UNSUBSCRIBED:
        raise BadInput(f"{email} has left; only they can come back, by the form on the first page.")
    # What a form asked for meanwhile, anybody's, is not what they consented to.
    reader.requested = {}
    _welcome(session, reader, chosen, now)
    consent.note(session, reader.id, ConsentKind.OPERATOR, now=now)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation led to."""

    next_due_at: datetime | None
    first_now: bool
    """Whether the first digest is on its way."""


def confirm(
    session: Session,
    reader: Subscriber,
    chosen: Choices,
    *,
    now: datetime,
    ip_hash: str | None = None,
) -> Confirmed:
    """
    Make a pending *reader* active; their first digest is due at once, unless today's was sent.

    Anyone else is left as they are: an old confirmation must not undo a later complaint.
    """
    if reader.standing is not Standing.PENDING:
        return Confirmed(reader.next_due_at, first_now=False)
    was_one_before = reader.confirmed_at is not None
    confirmed = _welcome(session, reader, chosen, now)
    consent.note(session, reader.id, ConsentKind.FORM, now=now, ip_hash=ip_hash)
    if was_one_before:
        # After what may be refused: it takes back that they left.
        returned = Departure(now, Why.RETURNED, reader.id, reader.address_hash)
        departures.note(session.info, returned)
    # Whoever was erased, and asks for our mails anew, may be imported again as well.
    session.execute(
        delete(Suppression).where(
            Suppression.address_hash == reader.address_hash, Suppression.reason.not_in(FINAL)
        )
    )
    return confirmed


def _welcome(session: Session, reader: Subscriber, chosen: Choices, now: datetime) -> Confirmed:
    keep(session, reader, requested(reader))
    keep(session, reader, chosen)
    reader.standing = Standing.ACTIVE
    reader.paused_until = None
    reader.confirmed_at = now
    today = reader.timetable.local_day(now)
    state = planning.state_of_digest(session, reader, today)
    reader.next_due_at = now
    if state is not None:
        # Someone who left and came back has had, or will have, today's digest.
        reader.next_due_at = reader.timetable.first_from(today + timedelta(days=1))
    return Confirmed(reader.next_due_at, first_now=state is None or state in planning.OPEN)

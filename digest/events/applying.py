"""Applying: each event counts once, whenever and however often it comes."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from digest import subscribers
from digest.database import DatabaseNow, insert_new
from digest.delivery import states
from digest.events.event import Event
from digest.keys import Keys
from digest.models import Bounce, EventKind, EventRow, Standing, Subscriber

IN_A_ROW = 5
"""Bounces that are not for good, without a delivery between, that stop an address all the same."""

KEPT_FOR = timedelta(days=200)
"""A reader of a monthly digest has five bounces in a row within so long."""

NEVER_LEFT = (EventKind.REJECTED, EventKind.RENDERING_FAILED)


def apply(session: Session, event: Event, keys: Keys, *, now: datetime) -> bool:
    """
    Keep *event*, settle its delivery and stop its address where it says so; False: known already.

    A mail has one event of each kind, but a bounce that is for good overrides one that is not.
    """
    hashes = [keys.address_hash(address) for address in event.recipients]
    if not _keep(session, event, hashes[0] if hashes else None, now):
        return False
    # Readers before deliveries, as whoever locks both does.
    for address_hash in hashes:
        _heed(session, event, address_hash, now)
    if event.delivery_id is not None:
        left = event.kind not in NEVER_LEFT
        states.prove(session, event.delivery_id, event.message_id, left=left)
    return True


def _keep(session: Session, event: Event, address_hash: str | None, now: datetime) -> bool:
    here = insert_new(session, EventRow).values(
        message_id=event.message_id,
        kind=event.kind,
        bounce=event.bounce,
        delivery_id=event.delivery_id,
        address_hash=address_hash,
        at=min(event.at, now),
        received_at=DatabaseNow(),
    )
    statement = here.on_conflict_do_update(
        index_elements=["message_id", "kind"],
        set_={"bounce": here.excluded.bounce},
        where=and_(EventRow.bounce != Bounce.PERMANENT, here.excluded.bounce == Bounce.PERMANENT),
    ).returning(EventRow.id)
    return session.scalar(statement) is not None


def _heed(session: Session, event: Event, address_hash: str, now: datetime) -> None:
    # By the address's hash, not by the delivery: both may be gone, and the address may have
    # changed hands since.
    if event.kind is EventKind.COMPLAINED:
        subscribers.stop_address(session, address_hash, Standing.COMPLAINED, now)
    elif event.kind is EventKind.BOUNCED and (
        event.bounce is Bounce.PERMANENT or _in_a_row(session, address_hash) >= IN_A_ROW
    ):
        subscribers.stop_address(session, address_hash, Standing.BOUNCED, now)


def _in_a_row(session: Session, address_hash: str) -> int:
    """Return how many mails in a row came back, up to the newest, though not for good."""
    # Two of them at once would not see each other, and both count four: they take turns.
    reader = session.execute(
        select(Subscriber.confirmed_at)
        .where(Subscriber.address_hash == address_hash)
        .with_for_update()
    ).first()
    counted = select(func.count(EventRow.id)).where(
        EventRow.address_hash == address_hash, EventRow.kind == EventKind.BOUNCED
    )
    came = session.execute(
        select(EventRow.at, EventRow.id)
        .where(EventRow.address_hash == address_hash, EventRow.kind == EventKind.DELIVERED)
        .order_by(EventRow.at.desc(), EventRow.id.desc())
        .limit(1)
    ).first()
    if came:
        counted = counted.where(_after(*came))
    if reader and reader.confirmed_at:
        # The mail with the button came, whether or not we were told.
        counted = counted.where(EventRow.received_at > reader.confirmed_at)
    return session.scalars(counted).one()


def _after(at: datetime, event_id: int) -> ColumnElement[bool]:
    return or_(EventRow.at > at, and_(EventRow.at == at, EventRow.id > event_id))


def forget(session: Session) -> None:
    """Drop events that nobody asks for any more."""
    old = DatabaseNow(-KEPT_FOR.total_seconds())
    session.execute(delete(EventRow).where(EventRow.received_at < old))

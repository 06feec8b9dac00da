"""The operator's hand: what became of which mail, and a word on what nobody else knows."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, String, and_, case, cast, or_, select

from digest.database import Sessions, in_transaction
from digest.delivery import states
from digest.errors import BadInput
from digest.models import AddressChange, Delivery, DeliveryKind, DeliveryState, Subscriber

_WHY_NOT = {
    DeliveryState.PENDING: "it waits to be sent",
    DeliveryState.CLAIMED: "a sender is about to send it",
    DeliveryState.SENDING: "it is being sent at this moment",
    DeliveryState.SENT: "nobody doubts it",
    DeliveryState.FAILED: "it was refused for good, and surely not sent",
    DeliveryState.SKIPPED: "it was closed and will not be sent",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A delivery as the operator sees it."""

    id: int
    subscriber: int
    kind: DeliveryKind
    day: str | None
    """The local date of a digest."""
    state: DeliveryState
    decided_at: datetime
    sending_at: datetime | None
    error: str | None
    address: str | None
    """Where it goes; None where that is forgotten, some days after a change of address."""


def listed(
    sessions: Sessions, *, state: DeliveryState | None, day: date | None, limit: int
) -> list[Listed]:
    """Return the newest deliveries, oldest first: those in *state*, those of *day*."""
    goes_to = case(
        (Delivery.kind == DeliveryKind.CHANGE, AddressChange.email),
        (Delivery.kind == DeliveryKind.NOTICE, AddressChange.former_email),
        else_=Subscriber.email,
    )
    of_a_change = Delivery.kind.in_((DeliveryKind.CHANGE, DeliveryKind.NOTICE))
    change = and_(of_a_change, cast(AddressChange.id, String) == Delivery.dedupe_key)
    newest = (
        select(Delivery, goes_to)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .outerjoin(AddressChange, change)
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    if state:
        newest = newest.where(Delivery.state == state)
    if day:
        newest = newest.where(_of(day))
    with sessions.begin() as session:
        return [_as_listed(*row) for row in reversed(session.execute(newest).all())]


def _of(day: date) -> ColumnElement[bool]:
    """Return the condition that a digest is that of *day*, or another mail was decided then."""
    begins = datetime.combine(day, time(), UTC)
    digest = Delivery.kind == DeliveryKind.DIGEST
    then = (Delivery.created_at >= begins) & (Delivery.created_at < begins + timedelta(days=1))
    return or_(digest & (Delivery.dedupe_key == day.isoformat()), ~digest & then)


def _as_listed(delivery: Delivery, address: str | None) -> Listed:
    return Listed(
        id=delivery.id,
        subscriber=delivery.subscriber_id,
        kind=delivery.kind,
        day=delivery.dedupe_key if delivery.kind is DeliveryKind.DIGEST else None,
        state=delivery.state,
        decided_at=delivery.created_at,
        sending_at=delivery.sending_at,
        error=delivery.error,
        address=address,
    )


def settle(sessions: Sessions, delivery_id: int, *, again: bool) -> None:
    """
    Close the doubt about a delivery whose outcome is unknown: it was sent, or is sent *again*.

    Raises:
        BadInput: there is no such delivery, or no doubt about it.

    """
    settled = in_transaction(
        sessions, lambda session: states.settle(session, delivery_id, again=again)
    )
    if settled:
        return
    with sessions.begin() as session:
        state = session.scalar(select(Delivery.state).where(Delivery.id == delivery_id))
    if state is None:
        raise BadInput(f"There is no delivery {delivery_id}; see `digest deliveries list`.")
    why = _WHY_NOT.get(state, "it has changed just now; look again")
    raise BadInput(f"Delivery {delivery_id} is {state}: {why}. Only unknown ones can be settled.")

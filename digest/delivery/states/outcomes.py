"""Outcomes: arming a mail, and what became of it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, Sessions, in_transaction, insert_new
from digest.delivery.states.leases import BY_HAND, LEASE, OUTCOME_UNKNOWN, unless_by_hand
from digest.models import (
    Delivery,
    DeliveryState,
    Pick,
    SendingBudget,
    Subscriber,
)
from digest.planning import may_have

THROWN_AWAY = "thrown away by the mail system after it was accepted"


def arm(
    sessions: Sessions, token: str, ids: Collection[int], picks: Sequence[dict[str, Any]]
) -> set[int]:
    """
    Move the claimed *ids* to `sending` and write their *picks*; return those that may be sent.

    The reader's row is locked FOR SHARE: an unsubscribe that was acknowledged before is seen
    here, and one that comes now waits until this is committed and then sees `sending`.
    """
    welcome = (
        select(Subscriber.id)
        .where(
            Subscriber.id == Delivery.subscriber_id,
            may_have(Delivery, Subscriber),
        )
        .correlate(Delivery)
        .with_for_update(read=True, of=Subscriber)
    )
    statement = (
        update(Delivery)
        .where(
            Delivery.id.in_(ids),
            Delivery.state == DeliveryState.CLAIMED,
            Delivery.lease_token == token,
            Delivery.lease_until > DatabaseNow(),
            welcome.exists(),
            ~exists().where(SendingBudget.stopped_at.is_not(None)),
        )
        .values(
            state=DeliveryState.SENDING, sending_at=DatabaseNow(), lease_until=DatabaseNow(LEASE)
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )

    def step(session: Session) -> set[int]:
        armed = set(session.scalars(statement))
        _write_picks(session, [pick for pick in picks if pick["delivery_id"] in armed])
        return armed

    return in_transaction(sessions, step)


def _write_picks(session: Session, picks: Sequence[dict[str, Any]]) -> None:
    if picks:
        session.execute(
            insert_new(session, Pick).on_conflict_do_nothing(
                index_elements=["subscriber_id", "paper_id"]
            ),
            picks,
        )


def record(sessions: Sessions, sent: Sequence[tuple[int, str]]) -> None:
    """Note that the mail system accepted these deliveries: (id, its id for the message)."""
    statement = (
        update(Delivery.__table__)  # type: ignore[arg-type]  # a Table, executed row by row
        .where(
            Delivery.id == bindparam("delivery"),
            or_(Delivery.state == DeliveryState.SENDING, Delivery.state == DeliveryState.UNKNOWN),
        )
        .values(
            state=DeliveryState.SENT,
            provider_id=bindparam("message"),
            lease_token=None,
            lease_until=None,
            error=None,
        )
    )
    rows = [{"delivery": each, "message": message} for each, message in sent]
    if rows:
        in_transaction(sessions, lambda session: session.execute(statement, rows))


def prove(session: Session, delivery_id: int, provider_id: str, *, left: bool) -> bool:
    """
    Note that an event shows this delivery to have been accepted; False when that is no news.

    One that is to be sent again by the operator's hand is spared that, and doubt that was closed
    is settled after all. Not so where the mail was thrown away after it was accepted, and never
    *left*: that is only noted.
    """
    in_doubt = Delivery.state.in_((DeliveryState.SENDING, DeliveryState.UNKNOWN))
    again = Delivery.state.in_((DeliveryState.PENDING, DeliveryState.CLAIMED))
    closed = (Delivery.state == DeliveryState.SKIPPED) & (Delivery.error == OUTCOME_UNKNOWN)
    sent = Delivery.state == DeliveryState.SENT
    statement = (
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            # Without it the mail was never on its way, whatever the event says.
            Delivery.sending_at.is_not(None),
            or_(in_doubt, again, closed) if left else or_(in_doubt, sent),
        )
        .values(
            state=DeliveryState.SENT,
            provider_id=provider_id,
            lease_token=None,
            lease_until=None,
            error=None if left else THROWN_AWAY,
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is not None


def settle(session: Session, delivery_id: int, *, again: bool) -> bool:
    """
    Close the doubt about a delivery by the operator's word: it was sent, or is sent *again*.

    False when there is no doubt. A resend keeps its picks, for the first mail may have come, and
    its `sending_at`, so that an event of the first mail still spares the second.
    """
    state = DeliveryState.PENDING if again else DeliveryState.SENT
    statement = (
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.UNKNOWN)
        .values(
            state=state,
            not_before=DatabaseNow() if again else Delivery.not_before,
            error=BY_HAND,
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is not None


def back(sessions: Sessions, token: str, delivery_id: int, *, why: str, after: float) -> None:
    """Return a delivery that was certainly not sent to `pending`, for *after* seconds."""

    def step(session: Session) -> None:
        second = _is_second(session, delivery_id)
        moved = _leave_sending(
            session,
            token,
            delivery_id,
            state=DeliveryState.PENDING,
            not_before=DatabaseNow(after),
            sending_at=Delivery.sending_at if second else None,
            error=unless_by_hand(why),
        )
        if moved and not second:
            session.execute(delete(Pick).where(Pick.delivery_id == delivery_id))

    in_transaction(sessions, step)


def _is_second(session: Session, delivery_id: int) -> bool:
    """Tell whether this one is sent again by the operator's hand: a first mail may have come."""
    error = session.scalar(select(Delivery.error).where(Delivery.id == delivery_id))
    return error == BY_HAND


def fail(sessions: Sessions, token: str, delivery_id: int, *, why: str) -> None:
    """Close a delivery that was refused for good; its papers were not sent."""

    def step(session: Session) -> None:
        second = _is_second(session, delivery_id)
        failed = _leave_sending(session, token, delivery_id, state=DeliveryState.FAILED, error=why)
        if failed and not second:
            session.execute(delete(Pick).where(Pick.delivery_id == delivery_id))

    in_transaction(sessions, step)


def revive(sessions: Sessions, ids: Collection[int]) -> None:
    """Return deliveries that failed by a fault of ours, not of their address, to `pending`."""
    statement = (
        update(Delivery)
        .where(Delivery.id.in_(ids), Delivery.state == DeliveryState.FAILED)
        .values(state=DeliveryState.PENDING, not_before=DatabaseNow(), sending_at=None)
        .execution_options(synchronize_session=False)
    )
    in_transaction(sessions, lambda session: session.execute(statement))


def doubt(sessions: Sessions, token: str, delivery_id: int, *, why: str) -> None:
    """Note that nobody knows whether a mail was sent: it is never sent again by itself."""
    in_transaction(
        sessions,
        lambda session: _leave_sending(
            session, token, delivery_id, state=DeliveryState.UNKNOWN, error=why
        ),
    )


def _leave_sending(session: Session, token: str, delivery_id: int, **values: Any) -> bool:  # noqa: ANN401
    statement = (
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == DeliveryState.SENDING,
            Delivery.lease_token == token,
        )
        .values(lease_token=None, lease_until=None, **values)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is not None

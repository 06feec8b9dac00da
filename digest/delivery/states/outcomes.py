"""Outcomes: arming a mail, and what became of it."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Float,
    SmallInteger,
    Table,
    Text,
    Update,
    bindparam,
    delete,
    exists,
    or_,
    select,
    true,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, Sessions, in_transaction
from digest.delivery.states.leases import BY_HAND, LEASE, unless_by_hand
from digest.models import (
    Delivery,
    DeliveryState,
    Pick,
    SendingBudget,
    Subscriber,
)
from digest.planning import may_have
from digest.sets import Ready, among, given

Entry = tuple[int, int, int, int, str]
"""
A pick as the ledger will have it: reader, paper, delivery, place, and the reasons as JSON.

No dict: ten for each mail that waits would be most of what the garbage collector looks at.
"""
_DELIVERY = 2
_AS_JSON = "[{},{},{},{},{}]".format


def arm(sessions: Sessions, token: str, ids: Collection[int], picks: Sequence[Entry]) -> set[int]:
    """
    Move the claimed *ids* to `sending` and write their *picks*; return those that may be sent.

    The reader's row is locked FOR SHARE: an unsubscribe that was acknowledged before is seen
    here, and one that comes now waits until this is committed and then sees `sending`.
    """

    def step(session: Session) -> set[int]:
        armed = set(_ARM.run(session, ids=ids, token=token, lease=LEASE).scalars().all())
        _write_picks(session, [entry for entry in picks if entry[_DELIVERY] in armed])
        return armed

    return in_transaction(sessions, step)


def arming(may_have: Callable[..., ColumnElement[bool]] = may_have) -> Update:
    """Return the statement of ARM, which asks whether a reader *may have* a delivery."""
    welcome = (
        select(Subscriber.id)
        .where(Subscriber.id == Delivery.subscriber_id, may_have(Delivery, Subscriber))
        .correlate(_TABLE)
        .with_for_update(read=True, of=Subscriber)
    )
    return (
        update(_TABLE)
        .where(
            among(_TABLE.c.id, "ids"),
            Delivery.state == DeliveryState.CLAIMED,
            Delivery.lease_token == bindparam("token", None),
            Delivery.lease_until > DatabaseNow(),
            welcome.exists(),
            ~exists().where(SendingBudget.stopped_at.is_not(None)),
        )
        .values(
            state=DeliveryState.SENDING,
            sending_at=DatabaseNow(),
            lease_until=DatabaseNow(bindparam("lease", None, type_=Float())),
        )
        .returning(Delivery.id)
    )


_TABLE = cast("Table", Delivery.__table__)
# Made once: to put a statement together takes longer than to run it.
_ARM = Ready(arming())
_PICKS = {
    "subscriber_id": BigInteger(),
    "paper_id": BigInteger(),
    "delivery_id": BigInteger(),
    "place": SmallInteger(),
    "reasons": JSON().with_variant(Text(), "sqlite"),
}
_LEDGER = {
    name: Ready(
        each(cast("Table", Pick.__table__))
        .from_select([*_PICKS], select(*given("picks", *_PICKS.values())).where(true()))
        .on_conflict_do_nothing(index_elements=["subscriber_id", "paper_id"])
    )
    for name, each in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}
_ACCEPTED_ID, _PROVIDER_ID = given("accepted", BigInteger(), Text())
_RECORD = Ready(
    update(_TABLE)
    .where(
        _TABLE.c.id == _ACCEPTED_ID,
        or_(Delivery.state == DeliveryState.SENDING, Delivery.state == DeliveryState.UNKNOWN),
    )
    .values(
        state=DeliveryState.SENT,
        provider_id=_PROVIDER_ID,
        lease_token=None,
        lease_until=None,
        error=None,
    )
)


_BUDGET = cast("Table", SendingBudget.__table__)
_FORGET_REFUSALS = Ready(
    update(_BUDGET).where(as_type(_BUDGET.c.refusals, Text()) != "[]").values(refusals=[])
)


def _write_picks(session: Session, picks: Sequence[Entry]) -> None:
    if picks:
        rows = ",".join([_AS_JSON(*entry) for entry in picks])
        _LEDGER[session.get_bind().dialect.name].run(session, picks=f"[{rows}]")


def record(sessions: Sessions, accepted: Sequence[tuple[int, str]]) -> None:
    """
    Note that the mail system accepted these deliveries: (id, its id for the message).

    Refusals before them were the addresses' own, and are forgotten.
    """

    def step(session: Session) -> None:
        _RECORD.run(session, accepted=accepted)
        _FORGET_REFUSALS.run(session)

    if accepted:
        in_transaction(sessions, step)


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

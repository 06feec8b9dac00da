"""The arrows between a delivery's states, each one committed statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, Sessions, in_transaction, insert_new
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Pick,
    SendingBudget,
    Subscriber,
)
from digest.planning import may_have

LEASE = 300.0
"""Seconds; much longer than a sender works on what it claimed, and than a call's time-out."""

ALONE_FROM = 2
"""A row that this many leases ran out on may be what kills its sender: it is claimed alone."""

GIVEN_UP_AT = 5

SETTLED_WITHIN = 3 * 86_400.0
"""Seconds in which an event may still tell what became of an unknown one."""

OUTCOME_UNKNOWN = "outcome unknown"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that one sender holds for now."""

    id: int
    subscriber_id: int
    kind: DeliveryKind
    day: str
    """The local date of a digest, else a request's number: its dedupe key."""
    day_ends_at: datetime
    priority: int


def claim(sessions: Sessions, token: str, limit: int, *, urgent: bool = False) -> list[Claimed]:
    """Take up to *limit* due deliveries for *token*, most urgent first; *urgent*: no digests."""
    young = Delivery.attempts < ALONE_FROM
    claimed = _claim(sessions, token, limit, young, urgent=urgent)
    if claimed or urgent:
        # What may kill its sender does not join the batch that it holds already.
        return claimed
    return _claim(sessions, token, 1, ~young, urgent=False)


def _claim(
    sessions: Sessions, token: str, limit: int, which: ColumnElement[bool], *, urgent: bool
) -> list[Claimed]:
    due = (
        select(Delivery.id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(
            Delivery.state == DeliveryState.PENDING,
            Delivery.not_before <= DatabaseNow(),
            may_have(Delivery, Subscriber),
            which,
        )
        .order_by(Delivery.priority, Delivery.not_before, Delivery.id)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    )
    if urgent:
        due = due.where(Delivery.priority < 2)  # noqa: PLR2004  a digest that is not the first
    # A CTE: PostgreSQL may run a subquery inside IN once a row, and so ignore its LIMIT.
    chosen = due.cte("due")
    statement = (
        update(Delivery)
        .where(Delivery.id.in_(select(chosen.c.id)), Delivery.state == DeliveryState.PENDING)
        .values(state=DeliveryState.CLAIMED, lease_token=token, lease_until=DatabaseNow(LEASE))
        .returning(
            Delivery.id,
            Delivery.subscriber_id,
            Delivery.kind,
            Delivery.dedupe_key,
            Delivery.day_ends_at,
            Delivery.priority,
        )
        .execution_options(synchronize_session=False)
    )
    rows = in_transaction(sessions, lambda session: session.execute(statement).all())
    return sorted((Claimed(*row) for row in rows), key=lambda each: (each.priority, each.id))


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


def back(sessions: Sessions, token: str, delivery_id: int, *, why: str, after: float) -> None:
    """Return a delivery that was certainly not sent to `pending`, for *after* seconds."""

    def step(session: Session) -> None:
        moved = _leave_sending(
            session,
            token,
            delivery_id,
            state=DeliveryState.PENDING,
            not_before=DatabaseNow(after),
            sending_at=None,
            error=why,
        )
        if moved:
            session.execute(delete(Pick).where(Pick.delivery_id == delivery_id))

    in_transaction(sessions, step)


def fail(sessions: Sessions, token: str, delivery_id: int, *, why: str) -> None:
    """Close a delivery that was refused for good; its papers were not sent."""

    def step(session: Session) -> None:
        if _leave_sending(session, token, delivery_id, state=DeliveryState.FAILED, error=why):
            session.execute(delete(Pick).where(Pick.delivery_id == delivery_id))

    in_transaction(sessions, step)


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


def let_go(
    sessions: Sessions,
    token: str,
    ids: Collection[int] | None = None,
    *,
    state: DeliveryState = DeliveryState.PENDING,
    after: float = 0.0,
    why: str | None = None,
    attempt: bool = False,
) -> None:
    """
    Give claimed deliveries up, all of *token* or those of *ids*: to `pending`, or to `skipped`.

    *attempt* counts it as one on the row, and fails the row at the fifth.
    """
    if ids is not None and not ids:
        return
    tried = Delivery.attempts + 1
    to = case((tried >= GIVEN_UP_AT, DeliveryState.FAILED), else_=state) if attempt else state
    statement = (
        update(Delivery)
        .where(Delivery.state == DeliveryState.CLAIMED, Delivery.lease_token == token)
        .values(
            state=to,
            lease_token=None,
            lease_until=None,
            not_before=DatabaseNow(after) if after else Delivery.not_before,
            attempts=tried if attempt else Delivery.attempts,
            error=why,
        )
        .execution_options(synchronize_session=False)
    )
    if ids is not None:
        statement = statement.where(Delivery.id.in_(ids))
    in_transaction(sessions, lambda session: session.execute(statement))


def reap(session: Session) -> None:
    """Move on what a dead sender left: unsent work back, the rest into doubt, old doubt closed."""
    over = Delivery.lease_until < DatabaseNow()
    tried = Delivery.attempts + 1
    unleased = {"lease_token": None, "lease_until": None}
    for statement in (
        update(Delivery)
        .where(Delivery.state == DeliveryState.CLAIMED, over)
        .values(
            **unleased,
            attempts=tried,
            state=case((tried >= GIVEN_UP_AT, DeliveryState.FAILED), else_=DeliveryState.PENDING),
            error=case((tried >= GIVEN_UP_AT, "its senders died"), else_=None),
        ),
        update(Delivery)
        .where(Delivery.state == DeliveryState.SENDING, over)
        .values(**unleased, state=DeliveryState.UNKNOWN, error="its sender died"),
        update(Delivery)
        .where(
            Delivery.state == DeliveryState.UNKNOWN,
            Delivery.sending_at < DatabaseNow(-SETTLED_WITHIN),
        )
        .values(state=DeliveryState.SKIPPED, error=OUTCOME_UNKNOWN),
    ):
        session.execute(statement.execution_options(synchronize_session=False))

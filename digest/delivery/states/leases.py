"""Leases: taking work, giving it up, and taking it from the dead."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Table,
    Update,
    bindparam,
    case,
    select,
    update,
)
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, Sessions, in_transaction, literally
from digest.models import (
    LEASED,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Subscriber,
)
from digest.planning import may_have

LEASE = 300.0
"""Seconds; much longer than a sender works on what it claimed, and than a call's time-out."""

ALONE_FROM = 2
"""A row that this many leases ran out on may be what kills its sender: it is claimed alone."""

GIVEN_UP_AT = 10
"""
Five are not enough where senders die often of something else: then a sound mail is given up.

Nothing waits for a row that is claimed alone, so to try it more often holds up nobody.
"""

ORDINARY = 2
"""The priority of a digest that is not its reader's first: what has less overtakes it."""

SETTLED_WITHIN = 3 * 86_400.0
"""Seconds in which an event may still tell what became of an unknown one."""

OUTCOME_UNKNOWN = "outcome unknown"

BY_HAND = "settled by the operator"
"""
Of a mail that is sent again, until it is accepted: a first one may have come.

So its picks stay, and `sending_at`, by which an event of the first mail spares the second.
"""


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
    claimed = _claim(sessions, token, limit, _CLAIM_URGENT if urgent else _CLAIM)
    if claimed or urgent:
        # What may kill its sender does not join the batch that it holds already.
        return claimed
    return _claim(sessions, token, 1, _CLAIM_ALONE)


def _claiming(*which: ColumnElement[bool]) -> Update:
    due = (
        select(Delivery.id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(
            literally(Delivery.state, DeliveryState.PENDING),
            Delivery.not_before <= DatabaseNow(),
            may_have(Delivery, Subscriber),
            *which,
        )
        .order_by(Delivery.priority, Delivery.not_before, Delivery.id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(of=Delivery, skip_locked=True)
    )
    # A CTE: PostgreSQL may run a subquery inside IN once a row, and so ignore its LIMIT.
    chosen = due.cte("due")
    return (
        update(_TABLE)
        .where(Delivery.id.in_(select(chosen.c.id)), Delivery.state == DeliveryState.PENDING)
        .values(
            state=DeliveryState.CLAIMED,
            lease_token=bindparam("token"),
            lease_until=DatabaseNow(bindparam("lease", type_=Float())),
        )
        .returning(
            Delivery.id,
            Delivery.subscriber_id,
            Delivery.kind,
            Delivery.dedupe_key,
            Delivery.day_ends_at,
            Delivery.priority,
        )
    )


_TABLE = cast("Table", Delivery.__table__)
_YOUNG = Delivery.attempts < ALONE_FROM
# Made once: to put a statement together takes longer than to run it.
_CLAIM = _claiming(_YOUNG)
_CLAIM_URGENT = _claiming(_YOUNG, Delivery.priority < ORDINARY)
_CLAIM_ALONE = _claiming(~_YOUNG)


def _claim(sessions: Sessions, token: str, limit: int, statement: Update) -> list[Claimed]:
    named = {"token": token, "most": limit, "lease": LEASE}
    rows = in_transaction(
        sessions, lambda session: session.connection().execute(statement, named).all()
    )
    return sorted((Claimed(*row) for row in rows), key=lambda each: (each.priority, each.id))


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

    *attempt* counts it as one on the row, and fails the row at the last (`GIVEN_UP_AT`).
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
            error=unless_by_hand(why) if state is DeliveryState.PENDING else why,
        )
        .execution_options(synchronize_session=False)
    )
    if ids is not None:
        statement = statement.where(Delivery.id.in_(ids))
    in_transaction(sessions, lambda session: session.execute(statement))


def unless_by_hand(value: object) -> ColumnElement[Any]:
    """Return *value*, but what an operator's word left there for a mail that is sent again."""
    return case((Delivery.error == BY_HAND, Delivery.error), else_=value)


def reap(session: Session) -> None:
    """Move on what a dead sender left: unsent work back, the rest into doubt, old doubt closed."""
    leased = literally(Delivery.state, *LEASED)
    over = Delivery.lease_until < DatabaseNow()
    tried = Delivery.attempts + 1
    unleased = {"lease_token": None, "lease_until": None}
    for statement in (
        update(Delivery)
        .where(leased, Delivery.state == DeliveryState.CLAIMED, over)
        .values(
            **unleased,
            attempts=tried,
            state=case((tried >= GIVEN_UP_AT, DeliveryState.FAILED), else_=DeliveryState.PENDING),
            error=case((tried >= GIVEN_UP_AT, "its senders died"), else_=unless_by_hand(None)),
        ),
        update(Delivery)
        .where(leased, Delivery.state == DeliveryState.SENDING, over)
        .values(**unleased, state=DeliveryState.UNKNOWN, error="its sender died"),
        update(Delivery)
        .where(
            leased,
            Delivery.state == DeliveryState.UNKNOWN,
            Delivery.sending_at < DatabaseNow(-SETTLED_WITHIN),
        )
        .values(state=DeliveryState.SKIPPED, error=OUTCOME_UNKNOWN),
    ):
        session.execute(statement.execution_options(synchronize_session=False))

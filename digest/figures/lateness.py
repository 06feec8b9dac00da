"""Lateness: whether digests are due for long that have not gone out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, literally
from digest.models import LEASED, Delivery, DeliveryKind, DeliveryState, Standing, Subscriber
from digest.planning import may_have

LATE_AFTER = timedelta(hours=1)

COUNTED = 1000
"""More are not counted: it is asked often, and a thousand is enough to know."""

HELD = (DeliveryState.PENDING, DeliveryState.CLAIMED)
"""A sender that dies again and again holds its digests for a while each time."""


@dataclass(frozen=True, slots=True)
class Late:
    """Digests that should have gone out long ago."""

    count: int
    """Up to `COUNTED`."""
    due_at: datetime
    """When the first of them was due."""

    def __str__(self) -> str:
        many = f"{self.count} or more" if self.count >= COUNTED else str(self.count)
        return f"{many} digests, due since {self.due_at:%F %R} UTC, have not gone out"


def late(session: Session, now: datetime) -> Late | None:
    """
    Return what should have gone out more than an hour before *now*; None when nothing is late.

    What waits for papers is not late: it is looked at again at a later moment.
    """
    found = [_of(session, each) for each in (*map(_planned, HELD), _unplanned(now))]
    moments = [since for _, since in found if since]
    if not moments:
        return None
    return Late(min(COUNTED, sum(count for count, _ in found)), min(moments))


def _of(session: Session, due: Select[Any]) -> tuple[int, datetime | None]:
    first = due.limit(COUNTED).subquery()
    count, since = session.execute(select(func.count(), func.min(first.c[0]))).one()
    return count, since


def _planned(state: DeliveryState) -> Select[datetime]:
    """Select the digests in *state* that might have gone for long, by the database's clock."""
    allowed: ColumnElement[bool] = (
        select(Subscriber.id)
        .where(Subscriber.id == Delivery.subscriber_id, may_have(Delivery, Subscriber))
        .exists()
    )
    return (
        select(Delivery.not_before)
        .where(
            literally(Delivery.state, *(LEASED if state in LEASED else (state,))),
            Delivery.state == state,
            Delivery.kind == DeliveryKind.DIGEST,
            Delivery.not_before < DatabaseNow(-LATE_AFTER.total_seconds()),
            allowed,
        )
        .order_by(Delivery.priority, Delivery.not_before)
    )


def _unplanned(now: datetime) -> Select[datetime | None]:
    """Select the digests that no sweep has planned."""
    due = Subscriber.next_due_at
    return (
        select(due)
        .where(literally(Subscriber.standing, Standing.ACTIVE), due < now - LATE_AFTER)
        .order_by(due)
    )

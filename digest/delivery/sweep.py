"""The sweep: whatever the database says is due and undone is found, every few seconds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from digest import planning
from digest.database import DatabaseNow, Sessions, in_transaction, literally
from digest.delivery import states
from digest.models import Delivery, DeliveryState

COUNTED = 100_000
"""More than all senders claim until the next sweep: a million more would be counted in vain."""


@dataclass(frozen=True, slots=True)
class Swept:
    planned: int
    skipped: int
    waiting: int
    """Deliveries that may be sent now, of which `COUNTED` are counted at most."""


_WAITING = (
    select(Delivery.id)
    .where(literally(Delivery.state, DeliveryState.PENDING), Delivery.not_before <= DatabaseNow())
    .limit(COUNTED)
)


def sweep(sessions: Sessions, now: datetime) -> Swept:
    """Reap what dead senders left, end pauses, plan what is due at *now*."""
    in_transaction(sessions, states.reap)
    in_transaction(sessions, lambda session: planning.end_pauses(session, now))
    planned = plan(sessions, now)
    skipped = in_transaction(sessions, lambda session: planning.close_stale(session, now))
    with sessions.begin() as session:
        waiting = session.scalars(select(func.count()).select_from(_WAITING.subquery())).one()
    return Swept(planned, skipped, waiting)


def plan(sessions: Sessions, now: datetime) -> int:
    """Plan all digests due at *now*, each portion in a transaction of its own; return how many."""
    planned, place = _plan_portion(sessions, now, None)
    while place is not None:
        count, place = _plan_portion(sessions, now, place)
        planned += count
    return planned


def _plan_portion(
    sessions: Sessions, now: datetime, after: planning.Place | None
) -> tuple[int, planning.Place | None]:
    return in_transaction(sessions, lambda session: planning.plan_portion(session, now, after))

"""The present: how the service is at this moment, read where an index tells it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest import heartbeats
from digest.database import DatabaseNow, literally
from digest.figures.counting import UNDERWAY
from digest.figures.keeping import counted_at, kept, totals
from digest.figures.lateness import Late, late
from digest.models import (
    LEASED,
    Counted,
    DailyFigure,
    Delivery,
    DeliveryState,
    EditionRow,
    SendingBudget,
    Standing,
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be sent: by the mail system's word, and by the operator's."""

    stopped: bool
    resting: bool
    rate: float | None
    """Mails a second; None: no limit is known."""
    quota: int | None
    used: int
    """Mails that left, or were about to, on this day in UTC."""


@dataclass(frozen=True, slots=True)
class Present:
    """The service at one moment."""

    readers: dict[Standing, int]
    """As last counted; empty before that."""
    counted_at: datetime | None
    followers: dict[str, int]
    """By a topic's slug, as last counted."""
    underway: dict[DeliveryState, int]
    ended: dict[tuple[str, str], int]
    """How many mails ended so, ever: (digests or others, state) -> mails; never falls."""
    events: dict[str, int]
    """What the mail system told, ever; never falls."""
    beats: dict[str, datetime]
    edition_at: datetime | None
    budget: Budget
    late: Late | None


def present(session: Session, now: datetime) -> Present:
    """Return how the service is; nothing is counted that grows with the readers."""
    return Present(
        readers={Standing(of): n for of, n in newest(session, Counted.READERS).items()},
        counted_at=counted_at(session, Counted.READERS),
        followers=newest(session, Counted.FOLLOWERS),
        underway=_underway(session),
        ended={
            (what, of): number
            for what in (Counted.DIGESTS, Counted.OTHERS)
            for of, number in totals(session, what).items()
            if of not in UNDERWAY
        },
        events=totals(session, Counted.EVENTS),
        beats=heartbeats.last(session),
        edition_at=session.scalar(select(func.max(EditionRow.built_at))),
        budget=_budget(session),
        late=late(session, now),
    )


def newest(session: Session, what: Counted) -> dict[str, int]:
    """Return the figures of the last day on which this was counted."""
    day = session.scalar(select(func.max(DailyFigure.day)).where(DailyFigure.what == what))
    if day is None:
        return {}
    return {of: by_day[day] for of, by_day in kept(session, [what], day, day)[what].items()}


def _underway(session: Session) -> dict[DeliveryState, int]:
    waiting = select(func.count()).where(literally(Delivery.state, DeliveryState.PENDING))
    leased = literally(Delivery.state, *LEASED)
    counted = select(Delivery.state, func.count()).where(leased).group_by(Delivery.state)
    # Apart: each has an index of its own, and together they would have none.
    return {
        **dict.fromkeys(LEASED, 0),
        DeliveryState.PENDING: session.scalars(waiting).one(),
        **{row[0]: row[1] for row in session.execute(counted)},
    }


def _budget(session: Session) -> Budget:
    row = session.get(SendingBudget, 1)
    if row is None:
        return Budget(stopped=False, resting=False, rate=None, quota=None, used=0)
    now = session.scalars(select(DatabaseNow())).one()
    return Budget(
        stopped=row.stopped_at is not None,
        resting=bool(row.rests_until and row.rests_until > now),
        rate=row.rate,
        quota=row.daily_quota,
        used=row.sent_today if row.sent_on == now.date() else 0,
    )

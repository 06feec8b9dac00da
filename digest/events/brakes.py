"""The brakes: too many bounces or complaints stop all sending, before the mailboxes do."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, Sessions
from digest.delivery import stop
from digest.models import (
    Bounce,
    Delivery,
    DeliveryState,
    EventKind,
    EventRow,
    SendingBudget,
    StoppedBy,
)

log = logging.getLogger(__name__)

MAILS = 10_000
WITHIN = timedelta(days=7)
"""The mails that count: those of a week, and of these the last `MAILS`."""


@dataclass(frozen=True, slots=True)
class Brake:
    """At which share of the mails sending stops, from how many on."""

    what: str
    share: float
    least: int


# SES reviews an account at 5% and 0.1%, and Gmail wants less than 0.1% of complaints.
BOUNCES = Brake("bounces", 0.04, 50)
COMPLAINTS = Brake("complaints", 0.0008, 5)


@dataclass(frozen=True, slots=True)
class Reputation:
    """What became of the mails that count."""

    mails: int
    bounces: int
    """For good: the others say nothing of the list's addresses."""
    complaints: int

    def too_many(self) -> list[str]:
        """Return what is over its brake, in words."""
        counted = ((BOUNCES, self.bounces), (COMPLAINTS, self.complaints))
        return [
            f"{number} {brake.what} of {self.mails} mails, {number / max(self.mails, 1):.2%}"
            f" (the brake is at {brake.share:.2%})"
            for brake, number in counted
            if number >= brake.least and number >= brake.share * self.mails
        ]


def heed(sessions: Sessions, now: datetime) -> None:
    """Stop all sending where too many mails bounced or were complained of."""
    with sessions.begin() as session:
        too_many = over(session)
    if too_many:
        why = "; ".join(too_many)
        log.critical("sending stopped: %s", why)
        stop(sessions, why, now, by=StoppedBy.BRAKES)


def over(session: Session) -> list[str]:
    """Return what is over its brake, in words."""
    return reputation(session).too_many() if _worth_counting(session) else []


def reputation(session: Session) -> Reputation:
    """Return how the last mails were taken, since the operator last let sending go on."""
    since = _since(session)
    last = (
        select(Delivery.sending_at)
        .where(Delivery.state == DeliveryState.SENT, Delivery.sending_at >= since)
        .order_by(Delivery.sending_at.desc())
        .limit(MAILS)
        .subquery()
    )
    counted = select(func.count(), func.min(last.c.sending_at)).select_from(last)
    mails, first_at = session.execute(counted).one()
    since = first_at if mails == MAILS else since
    return Reputation(mails, _bounces(session, since), _complaints(session, since))


def _worth_counting(session: Session) -> bool:
    """Tell whether there are enough for a brake; mails are many, and this is asked often."""
    since = _since(session)
    return (
        _complaints(session, since) >= COMPLAINTS.least or _bounces(session, since) >= BOUNCES.least
    )


def _since(session: Session) -> datetime:
    week_ago = session.scalars(select(DatabaseNow(-WITHIN.total_seconds()))).one()
    resumed_at = session.scalar(select(SendingBudget.resumed_at))
    return max(week_ago, resumed_at) if resumed_at else week_ago


def _bounces(session: Session, since: datetime) -> int:
    for_good = EventRow.bounce == Bounce.PERMANENT
    return _count(session, since, EventRow.kind == EventKind.BOUNCED, for_good)


def _complaints(session: Session, since: datetime) -> int:
    return _count(session, since, EventRow.kind == EventKind.COMPLAINED)


def _count(session: Session, since: datetime, *which: ColumnElement[bool]) -> int:
    counted = select(func.count(EventRow.id)).where(EventRow.received_at >= since, *which)
    return session.scalars(counted).one()

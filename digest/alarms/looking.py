"""Looking: what is wrong at this moment that the operator has to know of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from digest import fetch, heartbeats, library
from digest.database import DatabaseNow
from digest.events import brakes
from digest.figures import late, without_keys
from digest.models import (
    Delivery,
    DeliveryState,
    FetchRun,
    SendingBudget,
    StoppedBy,
    Subscriber,
)
from digest.planning import may_have
from digest.settings import Settings

NO_SWEEP_FOR = timedelta(minutes=10)
NO_FETCH_FOR = timedelta(hours=26)
"""The daily fetch, and two hours to try it again."""

FAILURES = 2
"""So many readings of a source in a row that gave nothing."""

QUIET_AFTER_REST = timedelta(minutes=5)
"""Sending that rests again within so long is still the same event."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong now, since when, and why in a few words."""

    key: str
    why: str
    since: datetime


def open_now(session: Session, settings: Settings, now: datetime) -> list[Alarm]:
    """Return what is wrong at this moment; nothing is noted."""
    return [
        *_of_sending(session, now),
        *_of_fetching(session, settings),
        *_of_reading(session, settings, now),
        *_of_sweeping(session, now),
        *_of_lateness(session, now),
    ]


def _of_sending(session: Session, now: datetime) -> Iterator[Alarm]:
    budget = session.get(SendingBudget, 1)
    if budget is None:
        return
    stopped_by = budget.stopped_by if budget.stopped_at else StoppedBy.OPERATOR
    since, told = budget.stopped_at or now, budget.stopped_why or ""
    if stopped_by is StoppedBy.BRAKES:
        yield Alarm("brakes", told, since)
    elif too_many := brakes.over(session):
        yield Alarm("brakes", "; ".join(too_many), now)
    # Who stops it by hand need not be told.
    if stopped_by not in (StoppedBy.OPERATOR, StoppedBy.BRAKES):
        yield Alarm("sending", told, since)
    database_now = session.scalars(select(DatabaseNow())).one()
    if budget.rests_until and database_now < budget.rests_until + QUIET_AFTER_REST:
        yield Alarm("rest", budget.rests_why or "", now)
    elif budget.left_on(database_now.date()) == 0 and _wait(session):
        # By our own count: the mail system was not asked for more, and so said nothing.
        yield Alarm("rest", f"the day's quota of {budget.daily_quota} mails is used up", now)


def _wait(session: Session) -> bool:
    """Tell whether a mail could go now."""
    due = (Delivery.state == DeliveryState.PENDING, Delivery.not_before <= DatabaseNow())
    allowed = select(Subscriber.id).where(
        Subscriber.id == Delivery.subscriber_id, may_have(Delivery, Subscriber)
    )
    return session.scalar(select(Delivery.id).where(*due, allowed.exists()).limit(1)) is not None


def _of_fetching(session: Session, settings: Settings) -> Iterator[Alarm]:
    for source in fetch.chosen(session, None, settings.sources):
        newest = (
            select(FetchRun.at, FetchRun.error, library.was_read())
            .where(FetchRun.source == source.name)
            .order_by(FetchRun.id.desc())
            .limit(FAILURES)
        )
        runs = session.execute(newest).all()
        if len(runs) == FAILURES and not any(was_read for _, _, was_read in runs):
            # An alarm leaves the house.
            error = without_keys(runs[0][1] or "")
            yield Alarm(f"fetch:{source.name}", error, _fails_since(session, source.name))


def _fails_since(session: Session, source: str) -> datetime:
    """Return when the first reading of *source* was that gave nothing, as all since then."""
    of_it = FetchRun.source == source
    good = select(func.coalesce(func.max(FetchRun.id), 0)).where(of_it, library.was_read())
    first = select(func.min(FetchRun.at)).where(of_it, FetchRun.id > good.scalar_subquery())
    return session.scalars(first).one()


def _of_reading(session: Session, settings: Settings, now: datetime) -> Iterator[Alarm]:
    real = FetchRun.source != "sample" if settings.sources != ("sample",) else true()
    good = select(FetchRun.at).where(real, library.was_read())
    last = session.scalar(good.order_by(FetchRun.at.desc()).limit(1))
    if last and now - last >= NO_FETCH_FOR:
        yield Alarm("fetch", f"no source was read since {last:%F %R} UTC", last)


def _of_sweeping(session: Session, now: datetime) -> Iterator[Alarm]:
    last = heartbeats.last(session).get("sweep")
    if last and now - last >= NO_SWEEP_FOR:
        yield Alarm("sweep", f"the last sweep was {last:%F %R} UTC: no mail is planned", last)


def _of_lateness(session: Session, now: datetime) -> Iterator[Alarm]:
    budget = session.get(SendingBudget, 1)
    if budget and budget.stopped_at and budget.stopped_by is StoppedBy.OPERATOR:
        return
    if found := late(session, now):
        yield Alarm("late", str(found), found.due_at)

"""
Counting: what is slow to count, or will be gone, is kept as one row a day and kind.

The pages, the terminal and the monitoring read these rows, so that looking costs the same however
many readers there are. A worker counts every few minutes; to do so twice changes nothing.
"""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, Sessions, in_transaction
from digest.edition import Edition
from digest.figures.calendar import UtcDay, UtcHour, begin_of, days
from digest.figures.keeping import Found, counted_at, keep, kept
from digest.models import (
    LEASED,
    Bounce,
    Counted,
    DailyFigure,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EventKind,
    EventRow,
    Interest,
    InterestKind,
    Rating,
    Standing,
    Subscriber,
)
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT

UNDERWAY = (DeliveryState.PENDING, *LEASED)

FORGET_AFTER = timedelta(days=40)
"""What is underway so long counts as it did last: counting it again would read all since."""

FOLLOWERS_EVERY = timedelta(hours=1)
"""Interests are many, and change slowly."""

BACK = {
    Counted.HOURS: timedelta(days=30),
    Counted.EVENTS: timedelta(days=200),
    Counted.MORE: timedelta(days=30),
}
"""How far the first count looks back."""

ALL_PAPERS = ""


def count(sessions: Sessions, edition: Edition | None, now: datetime) -> None:
    """Bring the figures of today up to date, and of each day before that is not settled yet."""
    with sessions.begin() as session:
        database_now = session.scalars(select(DatabaseNow())).one()
    # Each by itself: on SQLite nobody else writes meanwhile.
    for step in (
        lambda session: _readers(session, now),
        lambda session: _followers(session, now),
        lambda session: _mails(session, now),
        lambda session: _hours(session, database_now),
        lambda session: _events(session, database_now),
        lambda session: _answers(session, edition, now),
    ):
        in_transaction(sessions, step)


def _readers(session: Session, now: datetime) -> None:
    counted = select(Subscriber.standing, func.count()).group_by(Subscriber.standing)
    found: dict[Standing, int] = {row[0]: row[1] for row in session.execute(counted)}
    today = now.date()
    keep(session, {(Counted.READERS, today, each): found.get(each, 0) for each in Standing}, now)


def _followers(session: Session, now: datetime) -> None:
    last = counted_at(session, Counted.FOLLOWERS)
    if last and last.date() == now.date() and now - last < FOLLOWERS_EVERY:
        return
    counted = (
        select(Interest.value, func.count())
        .join(Subscriber, Subscriber.id == Interest.subscriber_id)
        .where(Interest.kind == InterestKind.TOPIC, Subscriber.standing == Standing.ACTIVE)
        .group_by(Interest.value)
    )
    found = {row[0]: row[1] for row in session.execute(counted)}
    today, slugs = now.date(), taxonomy.by_slug()
    keep(session, {(Counted.FOLLOWERS, today, each): found.get(each, 0) for each in slugs}, now)


def _mails(session: Session, now: datetime) -> None:
    today = now.date()
    first = _first_unsettled(session, today)
    day = UtcDay(Delivery.created_at)
    counted = (
        select(day, Delivery.kind, Delivery.state, func.count())
        # The ids grow with the days: this reads the days that count and no others.
        .where(Delivery.id > newest_before(session, first), Delivery.created_at >= begin_of(first))
        .group_by(day, Delivery.kind, Delivery.state)
    )
    ended: Found = {}
    underway: Found = {
        (what, each, state): 0
        for what in (Counted.DIGESTS, Counted.OTHERS)
        for each in days(max(first, today - FORGET_AFTER), today)
        for state in UNDERWAY
    }
    for at, kind, state, number in session.execute(counted):
        what = Counted.DIGESTS if kind is DeliveryKind.DIGEST else Counted.OTHERS
        into = underway if state in UNDERWAY else ended
        into[what, at, state] = into.get((what, at, state), 0) + number
    newest = session.scalar(select(func.max(Delivery.id))) or 0
    keep(session, underway, now)
    keep(session, ended | {(Counted.PLACE, today, ""): newest}, now, falls=False)


def newest_before(session: Session, day: date) -> int:
    """Return an id that all deliveries from *day* on are above; 0 where none is known."""
    last = (
        select(DailyFigure.value)
        .where(DailyFigure.what == Counted.PLACE, DailyFigure.day < day)
        .order_by(DailyFigure.day.desc())
        .limit(1)
    )
    return session.scalar(last) or 0


def _first_unsettled(session: Session, today: date) -> date:
    """Return the first day of which a mail may still change, or of all."""
    if session.scalar(select(DailyFigure.day).where(DailyFigure.what == Counted.PLACE).limit(1)):
        underway = session.scalar(
            select(func.min(DailyFigure.day)).where(
                DailyFigure.what.in_((Counted.DIGESTS, Counted.OTHERS)),
                DailyFigure.day >= today - FORGET_AFTER,
                DailyFigure.of.in_(UNDERWAY),
                DailyFigure.value > 0,
            )
        )
        last = session.scalar(
            select(func.max(DailyFigure.day)).where(
                DailyFigure.what == Counted.PLACE, DailyFigure.day <= today
            )
        )
        return min(each for each in (underway, last, today) if each)
    oldest = session.scalar(select(Delivery.created_at).order_by(Delivery.id).limit(1))
    return min(oldest.date(), today) if oldest else today


def _hours(session: Session, now: datetime) -> None:
    last = counted_at(session, Counted.HOURS) or now - BACK[Counted.HOURS]
    since = (min(last, now) - timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    day, hour = UtcDay(Delivery.sending_at), UtcHour(Delivery.sending_at)
    counted = (
        select(day, hour, func.count()).where(Delivery.sending_at >= since).group_by(day, hour)
    )
    found = {(Counted.HOURS, at, f"{hour:02}"): n for at, hour, n in session.execute(counted)}
    # That none was sent in this hour is known as well.
    keep(session, {(Counted.HOURS, now.date(), f"{now.hour:02}"): 0} | found, now, falls=False)


def _events(session: Session, now: datetime) -> None:
    last = counted_at(session, Counted.EVENTS) or now - BACK[Counted.EVENTS]
    since = begin_of(min(last, now).date())
    day = UtcDay(EventRow.received_at)
    told = (EventKind.BOUNCED, EventKind.COMPLAINED, EventKind.REJECTED)
    counted = (
        select(day, EventRow.kind, EventRow.bounce, func.count())
        .where(EventRow.kind.in_(told), EventRow.received_at >= since)
        .group_by(day, EventRow.kind, EventRow.bounce)
    )
    found: Found = {(Counted.EVENTS, now.date(), EventKind.COMPLAINED): 0}
    for at, kind, bounce, number in session.execute(counted):
        # A bounce that is not for good may turn into one that is: then the larger number stays.
        of = bounced(bounce or Bounce.UNDETERMINED) if kind is EventKind.BOUNCED else kind
        found[Counted.EVENTS, at, of] = found.get((Counted.EVENTS, at, of), 0) + number
    keep(session, found, now, falls=False)


def bounced(bounce: Bounce) -> str:
    """Return what a figure of such bounces is of."""
    return f"bounced-{bounce}"


def _answers(session: Session, edition: Edition | None, now: datetime) -> None:
    """Count who wanted more and who wanted less, by what the papers are about."""
    last = counted_at(session, Counted.MORE) or now - BACK[Counted.MORE]
    since = begin_of(min(last, now).date())
    day = UtcDay(Rating.at)
    counted = (
        select(day, Rating.paper_id, Rating.liked, func.count())
        .where(Rating.at >= since)
        .group_by(day, Rating.paper_id, Rating.liked)
    )
    said: dict[tuple[date, bool], Counter[str]] = defaultdict(Counter)
    for at, paper_id, liked, number in session.execute(counted):
        for of in (ALL_PAPERS, *_topics(edition, paper_id)):
            said[at, liked][of] += number
    found = _nobody(session, edition, since.date(), now.date())
    for (at, liked), numbers in said.items():
        what = Counted.MORE if liked else Counted.LESS
        found |= {(what, at, of): number for of, number in numbers.items()}
    keep(session, found, now)


def _nobody(session: Session, edition: Edition | None, first: date, today: date) -> Found:
    """Return the answers of these days as zeros: who thinks better of it leaves none behind."""
    known = kept(session, (Counted.MORE, Counted.LESS), first, today)
    return {(Counted.MORE, today, ALL_PAPERS): 0} | {
        (what, day, of): 0
        for what, answers in known.items()
        for of, by_day in answers.items()
        # Without an edition nobody knows what the papers are about.
        if edition or of == ALL_PAPERS
        for day in by_day
    }


def _topics(edition: Edition | None, paper_id: int) -> list[str]:
    """Return the slugs of what a paper is about, as far as *edition* knows it."""
    row = edition.rows.get(paper_id) if edition else None
    if edition is None or row is None:
        return []
    sure = edition.topics[row] >= ABOUT
    return [topic.slug for topic, is_sure in zip(taxonomy.topics(), sure, strict=True) if is_sure]

"""Reading: how the sources are, and what each of the last days' runs did when."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from digest import library
from digest.figures.calendar import begin_of
from digest.figures.keeping import kept
from digest.models import Counted, Delivery, EditionRow, FetchRun
from digest.sources.names import source_name

_ADDRESS = re.compile(r"(https?://[^/\s?]+)\S*")

HOURS = 24


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How the readings of a source went."""

    name: str
    title: str
    readings: int
    failures: int
    papers: int
    """New ones that it brought."""
    good_at: datetime | None
    """When it was last read with success."""
    error: str
    """Why the last reading failed; empty where it did not."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one day's run did, and when; in UTC."""

    day: date
    fetches: tuple[tuple[datetime, bool], ...]
    """When sources were read, and whether all of them could be."""
    editions: tuple[datetime, ...]
    hours: tuple[int, ...]
    """Mails that were handed over, in each hour."""
    first_at: datetime | None
    last_at: datetime | None
    """When the first and the last mail left."""

    @property
    def failed(self) -> int:
        """How often not all of them could be read."""
        return sum(not good for _, good in self.fetches)


def sources(session: Session, since: datetime) -> list[SourceHealth]:
    """Return how each source is that was read since then, in the order of their names."""
    good = library.was_read()
    read = (
        select(
            FetchRun.source,
            func.count(),
            func.sum(case((good, 0), else_=1)),
            func.sum(FetchRun.new),
            func.max(case((good, FetchRun.at))),
            func.max(FetchRun.id),
        )
        .where(FetchRun.at >= since)
        .group_by(FetchRun.source)
        .order_by(FetchRun.source)
    )
    rows = session.execute(read).all()
    newest = select(FetchRun.source, FetchRun.error).where(
        FetchRun.id.in_([row[5] for row in rows]), FetchRun.error.is_not(None)
    )
    errors = {row[0]: row[1] for row in session.execute(newest)}
    return [
        SourceHealth(
            name=name,
            title=source_name(name),
            readings=readings,
            failures=failures,
            papers=papers,
            good_at=good_at,
            error=without_keys(errors.get(name) or ""),
        )
        for name, readings, failures, papers, good_at, _ in rows
    ]


def without_keys(error: str) -> str:
    """Return *error* with no more of an address than its host: those of feeds may have keys."""
    return _ADDRESS.sub(r"\1/...", error)


def runs(session: Session, days: Sequence[date]) -> list[Run]:
    """Return the runs of these *days*."""
    first, last = min(days), max(days)
    fetches = _fetches(session, begin_of(first))
    editions: dict[date, list[datetime]] = defaultdict(list)
    built = select(EditionRow.built_at).where(EditionRow.built_at >= begin_of(first))
    for at in session.scalars(built.order_by(EditionRow.built_at)):
        editions[at.date()].append(at)
    by_hour = kept(session, [Counted.HOURS], first, last)[Counted.HOURS]
    return [
        Run(
            day,
            tuple(fetches[day]),
            tuple(editions[day]),
            tuple(by_hour.get(f"{hour:02}", {}).get(day, 0) for hour in range(HOURS)),
            *_between(session, day),
        )
        for day in days
    ]


def _fetches(session: Session, since: datetime) -> dict[date, list[tuple[datetime, bool]]]:
    failures = func.sum(case((library.was_read(), 0), else_=1))
    read = (
        select(FetchRun.at, failures)
        .where(FetchRun.at >= since)
        .group_by(FetchRun.at)
        .order_by(FetchRun.at)
    )
    found: dict[date, list[tuple[datetime, bool]]] = defaultdict(list)
    for at, failed in session.execute(read):
        found[at.date()].append((at, not failed))
    return found


def _between(session: Session, day: date) -> tuple[datetime | None, datetime | None]:
    """Return when the first and the last mail of *day* left: two looks into an index."""
    that_day = (
        Delivery.sending_at >= begin_of(day),
        Delivery.sending_at < begin_of(day + timedelta(days=1)),
    )
    first, last = (
        session.scalar(select(Delivery.sending_at).where(*that_day).order_by(order).limit(1))
        for order in (Delivery.sending_at.asc(), Delivery.sending_at.desc())
    )
    return first, last

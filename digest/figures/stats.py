"""Stats: how the service did over some days, as the page and the terminal show it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from digest.events import Reputation, reputation
from digest.figures.calendar import begin_of, days
from digest.figures.counting import ALL_PAPERS, bounced
from digest.figures.keeping import counted_at, kept
from digest.figures.present import newest
from digest.figures.reading import Run, SourceHealth, runs, sources
from digest.models import Bounce, Counted, DeliveryState, EventKind, Standing
from digest.topics import taxonomy

RUNS = 7
"""Days whose runs are shown."""

SHOWN = (
    *(Counted.READERS, Counted.DIGESTS, Counted.EVENTS),
    *(Counted.MORE, Counted.LESS),
)

Line = tuple[int | None, ...]
"""A figure of each day; None where the day was not counted."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How often readers wanted more, and less, of what they were sent."""

    more: int
    less: int

    @property
    def precision(self) -> float | None:
        """Return the share of answers that wanted more, 0 to 1; None without any answer."""
        return self.more / (self.more + self.less) if self.more + self.less else None


@dataclass(frozen=True, slots=True)
class TopicFigures:
    slug: str
    name: str
    followers: int
    answers: Answers
    """About papers on this topic, from all readers."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Some days of the service, the oldest first; all days are in UTC."""

    days: tuple[date, ...]
    counted_at: datetime | None
    """When readers were last counted; None before the first time."""
    readers: Mapping[str, Line]
    """By standing."""
    digests: Mapping[str, Line]
    """Decided on that day, by their state."""
    bounces: Line
    """For good."""
    soft_bounces: Line
    complaints: Line
    answers: Answers
    topics: tuple[TopicFigures, ...]
    """Those that are followed most first."""
    sources: tuple[SourceHealth, ...]
    runs: tuple[Run, ...]
    reputation: Reputation


def stats(session: Session, now: datetime, count: int) -> Stats:
    """Return the last *count* days, today included."""
    today = now.date()
    wanted = days(today - timedelta(days=count - 1), today)
    found = kept(session, SHOWN, wanted[0], today)
    events = found[Counted.EVENTS]
    soft = [bounced(each) for each in Bounce if each is not Bounce.PERMANENT]
    return Stats(
        days=tuple(wanted),
        counted_at=counted_at(session, Counted.READERS),
        readers={each: _line(found[Counted.READERS], [each], wanted) for each in Standing},
        digests={each: _line(found[Counted.DIGESTS], [each], wanted) for each in DeliveryState},
        bounces=_line(events, [bounced(Bounce.PERMANENT)], wanted),
        soft_bounces=_line(events, soft, wanted),
        complaints=_line(events, [EventKind.COMPLAINED], wanted),
        answers=_answers(found, ALL_PAPERS),
        topics=_topics(found, newest(session, Counted.FOLLOWERS)),
        sources=tuple(sources(session, begin_of(wanted[0]))),
        runs=tuple(runs(session, wanted[-RUNS:])),
        reputation=reputation(session),
    )


def _line(
    found: Mapping[str, Mapping[date, int]], names: Iterable[str], wanted: Sequence[date]
) -> Line:
    """Return the sums of *names*; a day of which nothing at all is known has None."""
    known = {day for by_day in found.values() for day in by_day}
    chosen = [found.get(name, {}) for name in names]
    return tuple(
        sum(by_day.get(day, 0) for by_day in chosen) if day in known else None for day in wanted
    )


def _answers(found: Mapping[Counted, Mapping[str, Mapping[date, int]]], of: str) -> Answers:
    more, less = (sum(found[what].get(of, {}).values()) for what in (Counted.MORE, Counted.LESS))
    return Answers(more, less)


def _topics(
    found: Mapping[Counted, Mapping[str, Mapping[date, int]]], followers: Mapping[str, int]
) -> tuple[TopicFigures, ...]:
    figures = [
        TopicFigures(
            topic.slug, topic.name, followers.get(topic.slug, 0), _answers(found, topic.slug)
        )
        for topic in taxonomy.topics()
    ]
    return tuple(sorted(figures, key=lambda each: -each.followers))

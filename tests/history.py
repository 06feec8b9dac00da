"""A month of figures, made up as they are in earnest, for the operator's page."""

from datetime import date, timedelta

from digest import errands
from digest.models import (
    Counted,
    DailyFigure,
    DeliveryState,
    EventKind,
    FetchRun,
    Heartbeat,
    Standing,
)
from digest.topics import taxonomy
from tests.visitor import NOW, TODAY, Installation

DAYS = 30


def bring(here: Installation) -> None:
    """Let *here* look back at a month, and be counted now."""
    errands.count_figures(here.services)
    with here.services.sessions.begin() as session:
        for ago in range(DAYS):
            for (what, of), value in _of_a_day(DAYS - ago).items():
                day = TODAY - timedelta(days=ago)
                session.merge(DailyFigure(what=what, day=day, of=of, value=value, counted_at=NOW))
        session.add_all(_readings(TODAY))
        session.add(Heartbeat(name="worker", at=NOW))
        for each in session.query(DailyFigure).filter_by(what=Counted.FOLLOWERS):
            each.value = len(each.of) ** 4 % 5000


def _of_a_day(number: int) -> dict[tuple[Counted, str], int]:
    """Return the figures of the day of this *number*, the first of a list that grows."""
    readers = 8000 + 137 * number
    is_weekend = number % 7 in (5, 6)
    sent = readers // (9 if is_weekend else 1)
    return {
        (Counted.READERS, Standing.ACTIVE): readers,
        (Counted.READERS, Standing.PAUSED): readers // 40,
        (Counted.READERS, Standing.PENDING): 60 + number % 11,
        (Counted.READERS, Standing.UNSUBSCRIBED): 12 * number,
        (Counted.READERS, Standing.BOUNCED): 3 * number,
        (Counted.READERS, Standing.COMPLAINED): number // 3,
        (Counted.DIGESTS, DeliveryState.SENT): sent,
        (Counted.DIGESTS, DeliveryState.SKIPPED): readers // 30,
        (Counted.DIGESTS, DeliveryState.FAILED): number % 4,
        (Counted.DIGESTS, DeliveryState.UNKNOWN): number % 2,
        (Counted.HOURS, "05"): sent // 3,
        (Counted.HOURS, "06"): sent - sent // 3,
        (Counted.EVENTS, "bounced-permanent"): 3 + number % 5,
        (Counted.EVENTS, "bounced-transient"): number % 3,
        (Counted.EVENTS, EventKind.COMPLAINED): int(number % 3 == 0),
        **_answers(number),
    }


def _answers(number: int) -> dict[tuple[Counted, str], int]:
    slugs = [topic.slug for topic in taxonomy.topics()]
    return {
        key: value
        for place, slug in enumerate(["", *slugs])
        for key, value in (
            ((Counted.MORE, slug), (9 + number * (place + 3)) % 13),
            ((Counted.LESS, slug), (5 + number * (place + 1)) % 5),
        )
    }


def _readings(today: date) -> list[FetchRun]:
    at = NOW.replace(hour=5, minute=0)
    return [
        FetchRun(
            source=source,
            at=at - timedelta(days=ago, hours=-hour),
            new=hour % 3,
            seen=40,
            error="https://export.arxiv.org/... answered 503" if ago == hour == 2 else None,
        )
        for ago in range(7)
        for hour in range(0, 18, 2)
        for source in ("huggingface", "arxiv")
        if (at - timedelta(days=ago, hours=-hour)).date() <= today
    ]

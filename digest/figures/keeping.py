"""Keeping: the figures of each day are written again and again, until the day is settled."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from digest.database import insert_new
from digest.models import Counted, DailyFigure

Key = tuple[Counted, date, str]
Found = dict[Key, int]

AT_ONCE = 500


def keep(session: Session, found: Found, now: datetime, *, falls: bool = True) -> None:
    """
    Keep what was *found*; unless a figure *falls*, the larger of two stays.

    Who is erased takes their deliveries along, and old ones are pruned: what happened has happened.
    """
    rows = [
        {"what": what, "day": day, "of": of, "value": value, "counted_at": now}
        # In one order: two processes that count at once would wait for each other.
        for (what, day, of), value in sorted(found.items())
    ]
    for portion in _portions(rows):
        here = insert_new(session, DailyFigure).values(portion)
        new, old = here.excluded.value, DailyFigure.value
        kept = new if falls else case((new > old, new), else_=old)
        session.execute(
            here.on_conflict_do_update(
                index_elements=["what", "day", "of"],
                set_={"value": kept, "counted_at": here.excluded.counted_at},
            )
        )


def _portions(rows: list[dict[str, object]]) -> Iterable[list[dict[str, object]]]:
    # SQLite takes 32,766 parameters a statement.
    return (rows[first : first + AT_ONCE] for first in range(0, len(rows), AT_ONCE))


def counted_at(session: Session, what: Counted) -> datetime | None:
    """Return when this was counted last; None if never."""
    newest = select(func.max(DailyFigure.day)).where(DailyFigure.what == what).scalar_subquery()
    return session.scalar(
        select(func.max(DailyFigure.counted_at)).where(
            DailyFigure.what == what, DailyFigure.day == newest
        )
    )


def kept(
    session: Session, what: Iterable[Counted], first: date, last: date
) -> dict[Counted, dict[str, dict[date, int]]]:
    """Return the figures of the days from *first* to *last*: what -> of -> day -> value."""
    wanted = list(what)
    found: dict[Counted, dict[str, dict[date, int]]] = {each: {} for each in wanted}
    rows = session.execute(
        select(DailyFigure.what, DailyFigure.of, DailyFigure.day, DailyFigure.value).where(
            DailyFigure.what.in_(wanted), DailyFigure.day.between(first, last)
        )
    )
    for each, of, day, value in rows:
        found[each].setdefault(of, {})[day] = value
    return found


def totals(session: Session, what: Counted) -> dict[str, int]:
    """Return the sum of all days, by what it is of."""
    summed = (
        select(DailyFigure.of, func.sum(DailyFigure.value))
        .where(DailyFigure.what == what)
        .group_by(DailyFigure.of)
    )
    return {of: int(value) for of, value in session.execute(summed)}

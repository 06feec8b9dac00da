"""Charts: numbers as bars, with the words and the table that say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate

from digest.figures.reading import Run
from digest.language import number, short_day

WIDE, TALL = 1000, 200
"""The units of a drawing; it is stretched to the page, so nothing in it is text."""

DAY = 86_400
UNKNOWN = "\N{EN DASH}"
_STEPS = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100)


@dataclass(frozen=True, slots=True)
class Row:
    """What is shown of each day: *values* by day, None where it is not known."""

    name: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    tone: int
    """Which colour: the place of its row."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars, one a day."""

    name: str
    """For addresses within the page."""
    title: str
    words: str
    """What a person would say who looks at it."""
    top: str
    """The number at the upper edge."""
    days: tuple[str, str]
    """The first and the last of them."""
    names: Sequence[str]
    """Of what is stacked, from below."""
    bars: Sequence[Bar]
    lines: Sequence[tuple[str, Sequence[str]]]
    """The same as a table, the newest day first: its name, its numbers."""


def stacked(name: str, title: str, days: Sequence[date], rows: Sequence[Row]) -> Chart:
    """Return a chart with one bar a day; the first of *rows* stands below."""
    sums = [sum(row.values[n] or 0 for row in rows) for n in range(len(days))]
    top = ceiling(max(sums, default=0))
    names = [short_day(day, year=False) for day in days]
    newest_first = range(len(days) - 1, -1, -1)
    return Chart(
        name=name,
        title=title,
        words=_in_words(days, rows, sums),
        top=number(top),
        days=(names[0], names[-1]),
        names=[row.name for row in rows],
        bars=[bar for n in range(len(days)) for bar in _column(n, len(days), rows, top)],
        lines=[(names[n], [shown(row.values[n]) for row in rows]) for n in newest_first],
    )


def ceiling(value: int) -> int:
    """Return the next round number from *value* on, such as 15 or 250; at least 1."""
    if value <= min(_STEPS):
        return max(value, 1)
    power: int = 10 ** (len(str(value)) - 2)
    return min(step * power for step in _STEPS if step * power >= value)


def _column(place: int, places: int, rows: Sequence[Row], top: int) -> list[Bar]:
    width = WIDE / places
    heights = [(row.values[place] or 0) / top * TALL for row in rows]
    gap = width * 0.15
    return [
        Bar(
            x=round(place * width + gap / 2, 2),
            y=round(TALL - edge, 2),
            width=round(width - gap, 2),
            height=round(height, 2),
            tone=tone,
        )
        for tone, (height, edge) in enumerate(zip(heights, accumulate(heights), strict=True))
        if height
    ]


def _in_words(days: Sequence[date], rows: Sequence[Row], sums: Sequence[int]) -> str:
    if not any(sums):
        return "None in these days."
    most = max(range(len(days)), key=sums.__getitem__)
    last = ", ".join(f"{row.name} {shown(row.values[-1])}" for row in rows)
    peak = f"Most on {short_day(days[most], year=False)}: {number(sums[most])}."
    return f"{peak} Today: {last}."


def shown(value: int | None) -> str:
    """Return a number as a table has it; what is not known is no zero."""
    return UNKNOWN if value is None else number(value)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One day's run, from midnight to midnight in UTC."""

    day: str
    words: str
    cells: Sequence[str]
    """Readings, those of them that were not whole, editions, mails, the first one, the last one."""
    bars: Sequence[Bar]
    """Mails by the hour."""
    marks: Sequence[Bar]
    """Readings of the sources; those that failed reach higher, and have another tone."""


def timeline(run: Run, most: int) -> Timeline:
    """Return what one day's *run* looks like where *most* mails an hour fill the height."""
    hour = WIDE / len(run.hours)
    bars = [
        Bar(round(n * hour + 1, 2), round(TALL * (1 - share), 2), hour - 2, TALL * share, 0)
        for n, share in ((n, count / max(most, 1)) for n, count in enumerate(run.hours))
        if share
    ]
    return Timeline(
        day=short_day(run.day, year=False),
        words=_of_run(run),
        cells=_cells(run),
        bars=bars,
        marks=[_mark(at, good=good) for at, good in run.fetches],
    )


def _cells(run: Run) -> list[str]:
    counts = (len(run.fetches), run.failed, len(run.editions), sum(run.hours))
    moments = (f"{at:%H:%M}" if at else UNKNOWN for at in (run.first_at, run.last_at))
    return [*map(number, counts), *moments]


def _mark(at: datetime, *, good: bool) -> Bar:
    seconds = at.hour * 3600 + at.minute * 60 + at.second
    height = TALL / 8 if good else TALL / 2
    return Bar(round(seconds / DAY * WIDE, 2), 0, 4, height, 1 if good else 2)


def _of_run(run: Run) -> str:
    """Return one sentence on a day, for those who cannot see its timeline."""
    read = f"{len(run.fetches)} readings of the sources" if run.fetches else "no source was read"
    read += f", {run.failed} of them not whole" if run.failed else ""
    mails = sum(run.hours)
    if not run.first_at or not run.last_at:
        return f"{read}; {number(mails) if mails else 'no'} mails."
    between = f"{run.first_at:%H:%M} to {run.last_at:%H:%M}"
    return f"{read}; {number(mails)} mails, {between}."


def share(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.0%}"

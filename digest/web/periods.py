"""The days, weeks and months that have a page, and their names in addresses and headings."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from digest.language import gettext as _
from digest.language import long_day, month, short_day

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from *first* to *last*; *path* is where their papers are."""

    first: date
    last: date
    path: str
    title: str
    short: str
    """The name on a link to it."""

    @property
    def way(self) -> tuple[str, str]:
        return self.short, self.path

    @classmethod
    def day(cls, day: date) -> Self:
        return cls(day, day, f"/papers/{day}", long_day(day, year=True), short_day(day))

    @classmethod
    def week(cls, day: date) -> Self:
        """Return the ISO week of *day*."""
        year, number, weekday = day.isocalendar()
        first = day - timedelta(days=weekday - 1)
        last = first + timedelta(days=6)
        # A week has a place in its year, but people know it by its days.
        title = _(
            "Week %(number)s, %(first)s to %(last)s",
            number=number,
            first=short_day(first),
            last=short_day(last, year=True),
        )
        short = _("Week %(number)s", number=number)
        return cls(first, last, f"/papers/week/{year:04}-W{number:02}", title, short)

    @classmethod
    def month(cls, day: date) -> Self:
        first = day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return cls(first, last, f"/papers/month/{day:%Y-%m}", month(day), month(day))


def parse_day(text: str) -> Period:
    """
    Return the day written as 2026-11-20.

    Raises:
        ValueError: it is no day, or written in another way: a page has one address.

    """
    found = Period.day(date.fromisoformat(text))
    return _same(found, text)


def parse_week(text: str) -> Period:
    """Return the ISO week written as 2026-W47, or raise ValueError."""
    year, number = _numbers(_WEEK, text)
    return _same(Period.week(date.fromisocalendar(year, number, 1)), text)


def parse_month(text: str) -> Period:
    """Return the month written as 2026-11, or raise ValueError."""
    year, number = _numbers(_MONTH, text)
    return _same(Period.month(date(year, number, 1)), text)


def _numbers(pattern: re.Pattern[str], text: str) -> tuple[int, int]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return int(found[1]), int(found[2])


def _same(period: Period, text: str) -> Period:
    if not period.path.endswith(f"/{text}"):
        raise ValueError(text)
    return period

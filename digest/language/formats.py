"""Days, times, numbers and lists as the language spoken now writes them."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from digest.clock import WEEKDAYS
from digest.language.speaking import spoken


def number(value: float) -> str:
    """Return *value* as in "2,187"."""
    return _number(value, spoken().locale)


def percent(share: float) -> str:
    """Return *share*, 1 being all, as in "37%"."""
    return format_percent(share, locale=spoken().locale)


def long_day(day: date, *, year: bool = False) -> str:
    """Return *day* as in "Saturday, November 21", and its year if asked for."""
    locale = spoken().locale
    return _date(day, "full", locale) if year else _date(day, _weekday_and_day(locale), locale)


def short_day(day: date, *, year: bool = False) -> str:
    """Return *day* as in "Nov 21", and its year if asked for."""
    return _day(day, "yMMMd" if year else "MMMd", spoken().locale)


def span(first: date, last: date) -> str:
    """Return the days from *first* to *last* as in "Nov 14" to "20"."""
    return format_interval(first, last, "MMMd", locale=spoken().locale)


def month(day: date) -> str:
    """Return the month of *day* as in "November 2026"."""
    return _day(day, "yMMMM", spoken().locale)


def clock_time(at: time | datetime | int) -> str:
    """Return *at*, or the hour *at* of a day, as in "07:00"."""
    if isinstance(at, int):
        at = time(at)
    return format_time(at.replace(tzinfo=None), "HH:mm", locale=spoken().locale)


def day_name(day: str | int, *, short: bool = False) -> str:
    """Return the name of *day*, "mon" to "sun" or 0 to 6: Monday, or Mon if *short*."""
    place = WEEKDAYS.index(day) if isinstance(day, str) else day
    width = "abbreviated" if short else "wide"
    return str(spoken().locale.days["stand-alone"][width][place])


def listed(names: Sequence[str]) -> str:
    """Return *names* as in "a, b, and c"; English has its Oxford comma."""
    return format_list(names, locale=spoken().locale)


@lru_cache(maxsize=4_096)
def _number(value: float, locale: Locale) -> str:
    return format_decimal(value, locale=locale)


@lru_cache(maxsize=4_096)
def _day(day: date, skeleton: str, locale: Locale) -> str:
    return format_skeleton(skeleton, day, locale=locale)


@lru_cache(maxsize=4_096)
def _date(day: date, pattern: str, locale: Locale) -> str:
    return format_date(day, pattern, locale)


@cache
def _weekday_and_day(locale: Locale) -> str:
    # CLDR has patterns with short names only, and they are the same but for that.
    known = locale.datetime_skeletons
    short = str(known["MMMMEd"] if "MMMMEd" in known else known["MMMEd"])
    return re.sub("M{3,}", "MMMM", re.sub("E+", "EEEE", short))

"""
When arXiv announces papers, so that a day without any can be told from a fault.

Announcements come at 20:00 in New York on Sundays to Thursdays, and the feeds show them from
midnight there (info.arxiv.org/help/availability). Sunday's are Friday's submissions, so a Friday
off leaves out the Sunday.
"""

import tomllib
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_DAY = timedelta(days=1)


def eastern_day(now: datetime) -> date:
    """Return the day that arXiv's feeds are for at the moment *now*."""
    return now.astimezone(EASTERN).date()


def announced(day: date) -> bool:
    """Return whether the feeds of *day*, a day in New York, are expected to hold papers."""
    evening = day - _DAY
    if evening.weekday() in (_FRIDAY, _SATURDAY) or holiday(evening):
        return False
    return evening.weekday() != _SUNDAY or holiday(evening - 2 * _DAY) is None


def holiday(day: date) -> str | None:
    """Return what arXiv skips its work of *day* for; None on other days."""
    return _holidays().get(day)


@cache
def _holidays() -> dict[date, str]:
    listed = tomllib.loads(
        resources.files(__package__).joinpath("holidays.toml").read_text("utf-8")
    )
    return {date.fromisoformat(day): name for year in listed.values() for day, name in year.items()}

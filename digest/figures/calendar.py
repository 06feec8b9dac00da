"""The calendar of the database: moments as days and hours in UTC, on both kinds."""

from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from digest.spelling import Spelled


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def days(first: date, last: date) -> list[date]:
    """Return the days from *first* to *last*, both of them too."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


class UtcDay(Spelled[date]):
    """The day of a moment, in UTC whatever the session's zone is."""

    type = sa.Date()
    inherit_cache = True
    postgresql = "CAST({0} AT TIME ZONE 'UTC' AS date)"
    sqlite = "date({0})"


class UtcHour(Spelled[int]):
    """The hour of a moment, in UTC: 0 to 23."""

    type = sa.Integer()
    inherit_cache = True
    postgresql = "CAST(extract(hour FROM {0} AT TIME ZONE 'UTC') AS integer)"
    sqlite = "CAST(strftime('%H', {0}) AS integer)"

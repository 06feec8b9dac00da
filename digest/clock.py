"""The time: what it is now, and when a reader's next digest is due."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

Clock = Callable[[], datetime]
"""Returns the present moment as an aware UTC datetime."""


class Cadence(StrEnum):
    """How often a reader wants a digest."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    DAYS = "days"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Before everything that can have happened here."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days' short names, at the place that `date.weekday()` gives them."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def last_daily(at: time, now: datetime) -> datetime:
    """Return the last moment, not after *now*, at which it was *at* o'clock in UTC."""
    today = datetime.combine(now.astimezone(UTC).date(), at, UTC)
    return today if today <= now else today - timedelta(days=1)


@cache
def zones() -> frozenset[str]:
    """Return the IANA names that a reader may choose."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


@dataclass(frozen=True, slots=True)
class Timetable:
    """
    When a reader's digests are due, on the wall clock of their zone.

    *days* holds names of `WEEKDAYS`, in any order. Weekly and monthly take the first of them
    in the order of the week, Monday when there is none; monthly: the first such day of a month.
    *hour* is 0 to 23; *zone* an IANA name.
    """

    cadence: Cadence
    days: tuple[str, ...]
    hour: int
    zone: str

    def local_day(self, moment: datetime) -> date:
        """Return the calendar date that *moment* has in the reader's zone."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def due_on(self, day: date) -> datetime:
        """
        Return the moment of the digest of the local date *day*, in UTC.

        Where the clocks skip the hour it comes an hour later, and where they repeat it at the
        first of the two (PEP 495, fold=0): one moment for each date, both times.
        """
        local = datetime.combine(day, time(self.hour), ZoneInfo(self.zone))
        due = local.astimezone(UTC)
        # Greenland skips the last hour of a Saturday: an hour later would be Sunday's.
        return due if self.local_day(due) == day else local.replace(fold=1).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """Return the moment at which the local date *day* is over, in UTC."""
        midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.zone))
        return midnight.astimezone(UTC)

    def wants(self, day: date) -> bool:
        """Tell whether a digest is due on the local date *day*."""
        name = WEEKDAYS[day.weekday()]
        match self.cadence:
            case Cadence.DAILY:
                return True
            case Cadence.WEEKDAYS:
                return name not in ("sat", "sun")
            case Cadence.DAYS:
                return name in self.days
            case Cadence.WEEKLY:
                return name == self._chosen_day()
            case Cadence.MONTHLY:
                return name == self._chosen_day() and day.day <= len(WEEKDAYS)

    def first_from(self, day: date) -> datetime:
        """Return the first due moment on the local date *day* or later, in UTC."""
        return next(self._due_from(day))

    def latest(self, due: datetime, now: datetime) -> datetime:
        """
        Return the last due moment that is not after *now*, at least *due*.

        After an outage a reader gets the digest that is due, not each one that was missed.
        """
        for moment in self._due_from(self.local_day(due) + timedelta(days=1)):
            if moment > now:
                return due
            due = moment
        raise AssertionError  # the calendar has no end

    def _due_from(self, day: date) -> Iterator[datetime]:
        if self.cadence is Cadence.DAYS and not self.days:
            raise ValueError("cadence 'days' needs at least one day")
        while True:
            # Step by calendar day and convert last: adding 24 h would drift when
            # the clocks change.
            if self.wants(day):
                yield self.due_on(day)
            day += timedelta(days=1)

    def _chosen_day(self) -> str:
        return min(self.days, key=WEEKDAYS.index, default=WEEKDAYS[0])

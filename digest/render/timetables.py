"""A timetable in words."""

from digest.clock import WEEKDAYS, Cadence, Timetable
from digest.language import clock_time, day_name, listed
from digest.language import gettext as _


def schedule(timetable: Timetable) -> str:
    """Return when digests come, as it stands in a sentence: "on weekdays at 07:00 (UTC)"."""
    when = {"time": clock_time(timetable.hour), "zone": timetable.zone}
    days = sorted(timetable.days, key=WEEKDAYS.index)
    first = day_name(days[0] if days else WEEKDAYS[0])
    match timetable.cadence:
        case Cadence.DAILY:
            return _("every day at %(time)s (%(zone)s)", **when)
        case Cadence.WEEKDAYS:
            return _("on weekdays at %(time)s (%(zone)s)", **when)
        case Cadence.DAYS:
            names = listed([day_name(day) for day in days])
            return _("every %(days)s at %(time)s (%(zone)s)", days=names, **when)
        case Cadence.WEEKLY:
            return _("every %(days)s at %(time)s (%(zone)s)", days=first, **when)
        case Cadence.MONTHLY:
            return _("on the first %(day)s of the month at %(time)s (%(zone)s)", day=first, **when)

"""How pages put a paper's byline, a moment and a reader's next digest into words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from digest.card import Card
from digest.clock import WEEKDAYS, Cadence, zones
from digest.language import clock_time, later, long_day, ngettext, short_day
from digest.language import gettext as _
from digest.models import Standing, Subscriber
from digest.settings import Settings
from digest.subscribers import consent
from digest.web.pages import services

CADENCE_NAMES = {
    Cadence.DAILY: later("Every day"),
    Cadence.WEEKDAYS: later("Weekdays"),
    Cadence.WEEKLY: later("Once a week"),
    Cadence.MONTHLY: later("Once a month"),
    Cadence.DAYS: later("Chosen days"),
}

_REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


def teach(app: Flask, settings: Settings) -> None:
    """Let the templates of *app* use these words."""
    app.jinja_env.filters.update(byline=byline)
    app.jinja_env.globals.update(
        site_name=settings.site_name,
        embedded=settings.embedded,
        weekdays=WEEKDAYS,
        cadence_names=CADENCE_NAMES,
        zone_names=zone_names(),
        consent_text=consent_text,
    )


def zone_names() -> list[str]:
    """Return the zones that are suggested: cities, and UTC; older names are taken too."""
    return ["UTC", *sorted(name for name in zones() if name.partition("/")[0] in _REGIONS)]


def consent_text() -> str:
    return _(consent.TEXTS[consent.TEXT_VERSION])


def byline(card: Card) -> str:
    """Return for example "9 authors · Nov 19", or the name where there is but one author."""
    count = len(card.authors)
    authors = next(iter(card.authors), "")
    if count > 1:
        authors = ngettext("%(num)s author", "%(num)s authors", count)
    published = ""
    if day := card.published_on:
        published = short_day(day, year=day.year != services().clock().year)
    return " · ".join(filter(None, (authors, published)))


def papers(count: int) -> str:
    """Return for example "1 paper" or "1,204 papers"."""
    return ngettext("%(num)s paper", "%(num)s papers", count)


def moment(at: datetime, now: datetime) -> str:
    """Return for example "today at 05:02 UTC"; *at* is in the past, or not far in the future."""
    at = at.astimezone(UTC)
    time = clock_time(at)
    match (at.date() - now.astimezone(UTC).date()).days:
        case 0:
            return _("today at %(time)s UTC", time=time)
        case -1:
            return _("yesterday at %(time)s UTC", time=time)
        case 1:
            return _("tomorrow at %(time)s UTC", time=time)
    return _("on %(day)s at %(time)s UTC", day=long_day(at.date(), year=True), time=time)


def what_comes(reader: Subscriber, now: datetime) -> str:
    """Return a sentence on *reader*'s next digest."""
    if reader.standing is Standing.PAUSED:
        if reader.paused_until is None:
            return _("Paused until you resume.")
        return _("Paused until %(day)s.", day=long_day(reader.paused_until, year=True))
    if reader.next_due_at is None or reader.next_due_at <= now:
        return _("Your next digest is on its way.")
    zone = ZoneInfo(reader.zone)
    due, today = reader.next_due_at.astimezone(zone), now.astimezone(zone).date()
    when = {"day": long_day(due.date()), "time": clock_time(due), "zone": reader.zone}
    match due.date() - today:
        case timedelta(days=0):
            return _("Your next digest comes today, %(day)s, at %(time)s (%(zone)s).", **when)
        case timedelta(days=1):
            return _("Your next digest comes tomorrow, %(day)s, at %(time)s (%(zone)s).", **when)
    return _("Your next digest comes on %(day)s at %(time)s (%(zone)s).", **when)

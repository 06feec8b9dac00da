"""How pages put a paper's byline, a day and a reader's next digest into words."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from digest.card import Card
from digest.clock import Cadence, zones
from digest.models import Standing, Subscriber
from digest.settings import Settings
from digest.subscribers import consent

DAY_NAMES = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
CADENCE_NAMES = {
    Cadence.DAILY: "Every day",
    Cadence.WEEKDAYS: "Weekdays",
    Cadence.WEEKLY: "Once a week",
    Cadence.MONTHLY: "Once a month",
    Cadence.DAYS: "Chosen days",
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
    app.jinja_env.filters.update(
        byline=byline, long_day=long_day, short_day=short_day, plural=plural
    )
    app.jinja_env.globals.update(
        site_name=settings.site_name,
        embedded=settings.embedded,
        day_names=DAY_NAMES,
        cadence_names=CADENCE_NAMES,
        zone_names=zone_names(),
        consent_text=consent.TEXTS[consent.TEXT_VERSION],
    )


def zone_names() -> list[str]:
    """Return the zones that are suggested: cities, and UTC; older names are taken too."""
    return ["UTC", *sorted(name for name in zones() if name.partition("/")[0] in _REGIONS)]


def byline(card: Card) -> str:
    """Return for example "9 authors · Nov 19", or the name where there is but one author."""
    count = len(card.authors)
    authors = f"{count} authors" if count > 1 else next(iter(card.authors), "")
    published = short_day(card.published_on) if card.published_on else ""
    return " · ".join(filter(None, (authors, published)))


def short_day(day: date) -> str:
    return f"{day:%b} {day.day}"


def long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def plural(count: int, noun: str) -> str:
    """Return for example "1 paper" or "1,204 papers"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def moment(at: datetime, now: datetime) -> str:
    """Return for example "today at 05:02 UTC"; *at* is in the past, or not far in the future."""
    days = (at.astimezone(UTC).date() - now.astimezone(UTC).date()).days
    named = {0: "today", -1: "yesterday", 1: "tomorrow"}
    day = named.get(days) or f"on {long_day(at.astimezone(UTC).date())}"
    return f"{day} at {at.astimezone(UTC):%H:%M} UTC"


def what_comes(reader: Subscriber, now: datetime) -> str:
    """Return a sentence on *reader*'s next digest."""
    if reader.standing is Standing.PAUSED:
        until = reader.paused_until
        return f"Paused until {long_day(until) if until else 'you resume'}."
    if reader.next_due_at is None or reader.next_due_at <= now:
        return "Your next digest is on its way."
    zone = ZoneInfo(reader.zone)
    due, today = reader.next_due_at.astimezone(zone), now.astimezone(zone).date()
    near = {today: "today, ", today + timedelta(days=1): "tomorrow, "}.get(due.date(), "on ")
    return f"Your next digest comes {near}{long_day(due.date())} at {due:%H:%M} ({reader.zone})."

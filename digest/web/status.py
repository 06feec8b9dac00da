"""How the service is, in words for its readers: what it read, what is next, whether mail goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.models import FetchRun, Heartbeat, SendingBudget
from digest.settings import Settings
from digest.sources import announcements
from digest.sources.names import source_name
from digest.web.pages import services
from digest.web.wording import moment, plural

blueprint = Blueprint("status", __name__)

LISTED_FOR = timedelta(days=30)
"""A source that was read last before that is one no longer."""

REFRESH_AFTER = timedelta(minutes=30)
"""After the daily fetch, and each hour from then on, as celeryconfig.py has it."""

SILENT_AFTER = timedelta(minutes=2)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source: when it was read last, and what went wrong since."""

    name: str
    read: str
    trouble: str
    """Empty where nothing did. Never the error itself: it may name what is the operator's."""


@blueprint.get("/status")
def show() -> str:
    settings, now = services().settings, services().clock()
    with services().sessions.begin() as session:
        sources = _sources(session, settings, now)
        mail = _mail(session, now)
    return render_template(
        "status.html",
        sources=sources,
        next_read=moment(_next_read(settings, now), now),
        rest=_rest(settings, now),
        mail=mail,
        now=now,
    )


def _sources(session: Session, settings: Settings, now: datetime) -> list[SourceStatus]:
    newest = (
        select(func.max(FetchRun.id))
        .where(FetchRun.at > now - LISTED_FOR)
        .group_by(FetchRun.source, FetchRun.error.is_(None))
    )
    runs = session.scalars(select(FetchRun).where(FetchRun.id.in_(newest)).order_by(FetchRun.id))
    by_source: dict[str, list[FetchRun]] = {name.partition(":")[0]: [] for name in settings.sources}
    for run in runs:
        by_source.setdefault(run.source, []).append(run)
    return [_source(name, found, now) for name, found in by_source.items()]


def _source(name: str, newest: Sequence[FetchRun], now: datetime) -> SourceStatus:
    """Return what to say of a source with these *newest* runs: a good one, a bad one, or both."""
    good = next((run for run in newest if run.error is None), None)
    trouble = ""
    if newest and newest[-1].error is not None:
        trouble = f"It could not be read {moment(newest[-1].at, now)}, and will be tried again."
    if good is None:
        return SourceStatus(source_name(name), "Not read yet.", trouble)
    papers = plural(good.new + good.seen, "paper") if good.new + good.seen else "nothing listed"
    new = f", {good.new:,} of them new" if good.new and good.seen else ""
    read = f"Last read {moment(good.at, now)}: {papers}{new}."
    return SourceStatus(source_name(name), read, trouble)


def _next_read(settings: Settings, now: datetime) -> datetime:
    daily = datetime.combine(now.astimezone(UTC).date(), time.fromisoformat(settings.fetch_at), UTC)
    refresh = daily + REFRESH_AFTER
    hours = -((refresh - now) // timedelta(hours=1))
    refreshes = (refresh + timedelta(hours=hours + n) for n in (-1, 0, 1))
    return min(at for at in (daily, daily + timedelta(days=1), *refreshes) if at > now)


def _rest(settings: Settings, now: datetime) -> str:
    """Return why it is expected that nothing is new, if it is."""
    at_rest = {
        "huggingface": now.astimezone(UTC).weekday() >= SATURDAY,
        "arxiv": not announcements.announced(announcements.eastern_day(now)),
    }
    kinds = {name.partition(":")[0] for name in settings.sources}
    names = [source_name(kind) for kind, rests in at_rest.items() if rests and kind in kinds]
    if not names:
        return ""
    verb = "list" if len(names) > 1 else "lists"
    return (
        f"{' and '.join(names)} {verb} nothing today, as on every weekend and holiday. New papers"
        " come on the next working day."
    )


def _mail(session: Session, now: datetime) -> str:
    """Return whether mail goes out, without the operator's reasons where it does not."""
    budget = session.get(SendingBudget, 1)
    if budget and budget.stopped_at:
        return (
            f"Sending was stopped {moment(budget.stopped_at, now)}. Digests wait, and nothing is"
            " lost: they go out once the operator has started it again."
        )
    beat = session.scalar(select(Heartbeat.at).where(Heartbeat.name == "sweep"))
    if beat is None:
        return "Nothing has been sent yet: the part that sends has not started."
    if now - beat > SILENT_AFTER:
        return f"The part that sends was last heard of {moment(beat, now)}. Digests may be late."
    return "Mail goes out."

"""How the service is, in words for its readers: what it read, what is next, whether mail goes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, render_template
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from digest import heartbeats, library
from digest.fetch import feeds
from digest.language import gettext as _
from digest.language import listed, ngettext, number
from digest.models import FetchRun, SendingBudget
from digest.settings import Settings
from digest.sources import announcements
from digest.sources.names import source_name
from digest.web.pages import services
from digest.web.wording import moment, papers

blueprint = Blueprint("status", __name__)

LISTED_FOR = timedelta(days=30)
"""What was read longer ago says nothing of how a source is."""

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
    """Return how the sources of this installation are, not what else was read once, or loaded."""
    added = {row.name: row.paused for row in feeds.every(session)}
    # A listing is no part of its source's name: arxiv:cs.AI+cs.LG is arxiv.
    names = [*dict.fromkeys(name.partition(":")[0] for name in settings.sources), *added]
    good = _newest(session, now, library.was_read())
    tried = _newest(session, now)
    return [
        _paused(name) if added.get(name) else _source(name, good[name], tried[name], now)
        for name in names
    ]


def _newest(
    session: Session, now: datetime, *which: ColumnElement[bool]
) -> dict[str, list[FetchRun]]:
    """Return each source's runs of the newest moment for which *which* holds."""
    newest = (
        select(FetchRun.source, func.max(FetchRun.at).label("at"))
        .where(FetchRun.at > now - LISTED_FOR, *which)
        .group_by(FetchRun.source)
        .subquery()
    )
    of_then = and_(FetchRun.source == newest.c.source, FetchRun.at == newest.c.at)
    runs: dict[str, list[FetchRun]] = defaultdict(list)
    for run in session.scalars(select(FetchRun).join(newest, of_then)):
        runs[run.source].append(run)
    return runs


def _paused(name: str) -> SourceStatus:
    return SourceStatus(source_name(name), _("Paused: it is not read for now."), "")


def _source(
    name: str, good: Sequence[FetchRun], tried: Sequence[FetchRun], now: datetime
) -> SourceStatus:
    """Return what to say of a source that was read last by *good* runs, and tried by *tried*."""
    trouble = _trouble(good, tried, now)
    if not good:
        return SourceStatus(source_name(name), _("Not read yet."), trouble)
    fresh, seen = sum(run.new for run in good), sum(run.seen for run in good)
    return SourceStatus(source_name(name), _read(moment(good[0].at, now), fresh, seen), trouble)


def _read(when: str, fresh: int, seen: int) -> str:
    if not fresh + seen:
        return _("Last read %(moment)s: nothing listed.", moment=when)
    found = papers(fresh + seen)
    if not (fresh and seen):
        return _("Last read %(moment)s: %(papers)s.", moment=when, papers=found)
    return _(
        "Last read %(moment)s: %(papers)s, %(new)s of them new.",
        moment=when,
        papers=found,
        new=number(fresh),
    )


def _trouble(good: Sequence[FetchRun], tried: Sequence[FetchRun], now: datetime) -> str:
    """Return what went wrong when a source was tried last; a moment is told of once."""
    if not any(run.error for run in tried):
        return ""
    when = moment(tried[0].at, now)
    if good and good[0].at == tried[0].at:
        return _("Not all of it could be read, and it will be tried again.")
    if good and moment(good[0].at, now) == when:
        return _("After that it could not be read, and it will be tried again.")
    return _("It could not be read %(moment)s, and will be tried again.", moment=when)


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
    return ngettext(
        "%(names)s lists nothing today, as on every weekend and holiday. New papers come on the"
        " next working day.",
        "%(names)s list nothing today, as on every weekend and holiday. New papers come on the"
        " next working day.",
        len(names),
        names=listed(names),
    )


def _mail(session: Session, now: datetime) -> str:
    """Return whether mail goes out, without the operator's reasons where it does not."""
    budget = session.get(SendingBudget, 1)
    if budget and budget.stopped_at:
        return _(
            "Sending was stopped %(moment)s. Digests wait, and nothing is lost: they go out once"
            " the operator has started it again.",
            moment=moment(budget.stopped_at, now),
        )
    beat = heartbeats.last(session).get("sweep")
    if beat is None:
        return _("Nothing has been sent yet: the part that sends has not started.")
    if now - beat > SILENT_AFTER:
        return _(
            "The part that sends was last heard of %(moment)s. Digests may be late.",
            moment=moment(beat, now),
        )
    return _("Mail goes out.")

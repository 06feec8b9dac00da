"""What there is to send: whether the sources were read, and what the newest edition offers."""

from datetime import timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from digest import edition as editions
from digest import library
from digest.clock import Cadence, last_daily
from digest.doctor.finding import Finding, Status
from digest.edition import Edition
from digest.match import LOOKS_BACK
from digest.models import EditionRow, FetchRun
from digest.services import Services

FETCH_TAKES = timedelta(hours=1)

DAILY = LOOKS_BACK[Cadence.DAILY]
"""A daily digest has no older papers."""


def last_fetch(services: Services) -> Finding:
    real = FetchRun.source != "sample" if services.settings.sources != ("sample",) else true()
    newest = select(func.max(FetchRun.id)).where(real).group_by(FetchRun.source)
    failing = select(FetchRun.source, FetchRun.error).where(
        FetchRun.id.in_(newest), FetchRun.error.is_not(None)
    )
    with services.sessions.begin() as session:
        good = session.scalar(select(func.max(FetchRun.at)).where(real, library.was_read()))
        trouble = "; ".join(f"{source}: {error}" for source, error in session.execute(failing))
    if good is None:
        return Finding(
            "fetch", Status.WARNING, trouble or "nothing was fetched yet", "digest fetch"
        )
    late = last_daily(services.composer.fetch_at, services.clock() - FETCH_TAKES) > good
    detail = f"the last one that worked was {good:%F %R} UTC"
    if late or trouble:
        status = Status.ERROR if late else Status.WARNING
        told = f"{detail}; {trouble}" if trouble else detail
        return Finding("fetch", status, told, "digest fetch")
    return Finding("fetch", Status.OK, detail)


def edition(services: Services) -> Finding:
    with services.sessions.begin() as session:
        at = session.scalar(select(func.max(EditionRow.built_at)))
        if at is None:
            return Finding("edition", Status.WARNING, "there is none yet", "digest fetch")
        detail = f"the newest is of {at:%F %R} UTC"
        if at < last_daily(services.composer.fetch_at, services.clock() - FETCH_TAKES):
            return Finding("edition", Status.WARNING, f"{detail}: none of today", "digest fetch")
        newest = editions.newest(session, samples=services.settings.embedded)
        if newest is None:
            remedy = "name real sources in DIGEST_SOURCES, then: digest fetch"
            detail = f"{detail}: its papers are invented, and are never mailed out"
            return Finding("edition", Status.WARNING, detail, remedy)
        return _offered(session, newest, detail)


def _offered(session: Session, newest: Edition, detail: str) -> Finding:
    """Tell whether there is anything for a daily digest."""
    since = (newest.built_at - DAILY).timestamp()
    recent = int((newest.listed_at >= since).sum())
    if recent:
        return Finding("edition", Status.OK, f"{detail}; papers of {DAILY.days} days: {recent}")
    count = select(func.coalesce(func.sum(FetchRun.new + FetchRun.seen), 0))
    given = session.scalars(count.where(FetchRun.at >= newest.built_at - DAILY)).one()
    told = f"{detail}: no paper of the last {DAILY.days} days; the sources gave {given}"
    remedy = "digest fetch; if it stays so, they list old papers: name others in DIGEST_SOURCES"
    return Finding("edition", Status.WARNING, told, remedy)

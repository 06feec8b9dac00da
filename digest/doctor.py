"""Doctor: is the service well, and what to do where it is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, select, true
from sqlalchemy.exc import SQLAlchemyError

from digest import library, migrations
from digest.clock import last_daily
from digest.migrations import Age
from digest.models import Delivery, DeliveryState, EditionRow, FetchRun, Heartbeat, SendingBudget
from digest.services import Services

SILENT_AFTER = timedelta(minutes=1)
FETCH_TAKES = timedelta(hours=1)
STUCK_AFTER = timedelta(minutes=30)


_OUT_OF_DATE = {
    Age.OLDER: ("its tables are out of date", "digest migrate"),
    Age.NEWER: (
        "it is newer than this version of the program",
        "install the version that migrated it, or restore a backup",
    ),
}


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; *remedy* is empty where all is well."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


def examine(services: Services) -> list[Finding]:
    """Return what there is to say, in the order in which it should be mended."""
    url = services.settings.database_url.get_secret_value()
    try:
        age = migrations.age(url)
    except SQLAlchemyError as exc:
        reason = str(getattr(exc, "orig", exc)).strip().partition("\n")[0]
        return [Finding("database", Status.ERROR, reason, "check DIGEST_DATABASE_URL")]
    if age is not Age.CURRENT:
        return [Finding("database", Status.ERROR, *_OUT_OF_DATE[age])]
    findings = [Finding("database", Status.OK, "reachable, its tables are up to date")]
    findings += [check(services) for check in _CHECKS]
    return findings


def _heartbeat(name: str, what: str, remedy: str) -> Callable[[Services], Finding]:
    def check(services: Services) -> Finding:
        with services.sessions.begin() as session:
            at = session.scalar(select(Heartbeat.at).where(Heartbeat.name == name))
        if at is None:
            return Finding(name, Status.WARNING, f"no {what} yet", remedy)
        age = services.clock() - at
        if age > SILENT_AFTER:
            return Finding(name, Status.ERROR, f"the last {what} was {at:%F %R} UTC", remedy)
        return Finding(name, Status.OK, f"the last {what} was {age.seconds} s ago")

    return check


def _last_fetch(services: Services) -> Finding:
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


def _edition(services: Services) -> Finding:
    with services.sessions.begin() as session:
        at = session.scalar(select(func.max(EditionRow.built_at)))
    if at is None:
        return Finding("edition", Status.WARNING, "there is none yet", "digest fetch")
    return Finding("edition", Status.OK, f"the newest is of {at:%F %R} UTC")


def _sending(services: Services) -> Finding:
    with services.sessions.begin() as session:
        budget = session.get(SendingBudget, 1)
        if budget is None or budget.stopped_at is None:
            return Finding("sending", Status.OK, "not stopped")
        return Finding(
            "sending",
            Status.ERROR,
            f"stopped since {budget.stopped_at:%F %R} UTC: {budget.stopped_why}",
            "mend the cause, then: digest resume",
        )


def _deliveries(services: Services) -> Finding:
    now = services.clock()
    counted = {
        "wait longer than half an hour": (
            Delivery.state == DeliveryState.PENDING,
            Delivery.created_at < now - STUCK_AFTER,
        ),
        "have an unknown outcome": (Delivery.state == DeliveryState.UNKNOWN,),
        "failed within a day": (
            Delivery.state == DeliveryState.FAILED,
            Delivery.created_at > now - timedelta(days=1),
        ),
    }
    with services.sessions.begin() as session:
        found = {
            what: session.scalars(select(func.count(Delivery.id)).where(*which)).one()
            for what, which in counted.items()
        }
    detail = ", ".join(f"{number} {what}" for what, number in found.items())
    if any(found.values()):
        return Finding("deliveries", Status.WARNING, detail, "look into the log of the worker")
    return Finding("deliveries", Status.OK, detail)


_CHECKS: tuple[Callable[[Services], Finding], ...] = (
    _sending,
    _heartbeat("sweep", "sweep", "start beat and a worker: digest up, or see docs/operating.md"),
    _last_fetch,
    _edition,
    _deliveries,
)


def well(findings: list[Finding]) -> bool:
    return all(finding.status is not Status.ERROR for finding in findings)


def lines(findings: list[Finding]) -> Iterator[str]:
    """Yield *findings* for a person to read."""
    for finding in findings:
        yield f"{finding.status.upper():8}{finding.name:12}{finding.detail}"
        if finding.remedy:
            yield f"{'':20}-> {finding.remedy}"

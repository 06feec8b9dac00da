"""Doctor: is the service well, and what to do where it is not."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from digest import alarms, figures, migrations
from digest.database import DatabaseNow
from digest.doctor import hearing, machinery, offering, published
from digest.doctor.finding import Finding, Status
from digest.errors import DigestError
from digest.migrations import Age
from digest.models import (
    Delivery,
    DeliveryState,
    KeyCheck,
    SendingBudget,
)
from digest.services import Services

__all__ = ["Finding", "Status", "examine", "lines", "well"]

CHECK_DATABASE = "check DIGEST_DATABASE_URL"
LOOKING_FAILED = "looking at it failed"
START = "digest up, or see docs/operating.md"
STUCK_AFTER = timedelta(minutes=30)

_OUT_OF_DATE = {
    Age.OLDER: ("its tables are out of date", "digest migrate"),
    Age.NEWER: (
        "it is newer than this version of the program",
        "install the version that migrated it, or restore a backup",
    ),
}


def examine(services: Services) -> list[Finding]:
    """Return what there is to say, in the order in which it should be mended."""
    url = services.settings.database_url.get_secret_value()
    try:
        age = migrations.age(url)
    except SQLAlchemyError as exc:
        return [Finding("database", Status.ERROR, _said_by(exc), CHECK_DATABASE)]
    if age is not Age.CURRENT:
        return [Finding("database", Status.ERROR, *_OUT_OF_DATE[age])]
    findings = [Finding("database", Status.OK, "reachable, its tables are up to date")]
    findings += [_looked(name, check, services) for name, check in _CHECKS]
    return findings


def _looked(name: str, check: Callable[[Services], Finding], services: Services) -> Finding:
    """Return what *check* finds; what keeps it from looking is a finding too, not the end."""
    try:
        return check(services)
    except SQLAlchemyError as exc:
        return Finding(name, Status.ERROR, f"{LOOKING_FAILED}: {_said_by(exc)}", CHECK_DATABASE)
    except (DigestError, OSError) as exc:
        remedy = "mend what is named, or ask as a user who may look at it"
        return Finding(name, Status.ERROR, f"{LOOKING_FAILED}: {exc}", remedy)


def _said_by(exc: SQLAlchemyError) -> str:
    return str(getattr(exc, "orig", None) or exc).strip().partition("\n")[0]


def _sending(services: Services) -> Finding:
    with services.sessions.begin() as session:
        budget = session.get(SendingBudget, 1)
        if budget is None:
            return Finding("sending", Status.OK, "not stopped")
        if budget.stopped_at is not None:
            return Finding(
                "sending",
                Status.ERROR,
                f"stopped since {budget.stopped_at:%F %R} UTC: {budget.stopped_why}",
                "mend the cause, then: digest resume",
            )
        # The database's clock, as for the budget.
        now = session.scalars(select(DatabaseNow())).one()
        if budget.rests_until and budget.rests_until > now:
            rests = f"rests until {budget.rests_until:%F %R} UTC: {budget.rests_why}"
            return Finding("sending", Status.WARNING, rests, "it goes on by itself then")
        if budget.left_on(now.date()) == 0:
            detail = f"the day's quota of {budget.daily_quota} mails is used up"
            return Finding("sending", Status.WARNING, detail, "ask the mail system for more")
        return Finding("sending", Status.OK, f"not stopped{_pace(budget, now.date())}")


def _pace(budget: SendingBudget, day: date) -> str:
    rate = f"; {budget.rate:g} mails a second are allowed" if budget.rate else ""
    if budget.daily_quota is None:
        return rate
    return f"{rate}; {budget.left_on(day)} of today's {budget.daily_quota} are left"


def _key(services: Services) -> Finding:
    with services.sessions.begin() as session:
        noted = session.scalar(select(KeyCheck.value))
    if noted and noted != services.keys.check:
        return Finding(
            "keys",
            Status.ERROR,
            "DIGEST_SUPPRESSION_KEY is another than the one this database was made with: nobody who"
            " complained is known, and unsubscribe links in mails that were sent do not work",
            "restore it from the backup",
        )
    return Finding("keys", Status.OK, "the suppression key is the one of this database")


def _mailbox(services: Services) -> Finding:
    if services.mailbox is None:
        return Finding("mailbox", Status.OK, "none is read")
    return machinery.heartbeat("mailbox", "look into it", "check DIGEST_IMAP_URL")(services)


def _deliveries(services: Services) -> Finding:
    now = services.clock()
    with services.sessions.begin() as session:
        behind = figures.newest_before(session, now.date() - timedelta(days=1))
    counted = {
        "waiting longer than half an hour": (
            Delivery.state == DeliveryState.PENDING,
            Delivery.created_at < now - STUCK_AFTER,
        ),
        "with an unknown outcome": (Delivery.state == DeliveryState.UNKNOWN,),
        "failed within a day": (
            # Of these there is no index: the ids grow with the days.
            Delivery.id > behind,
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
        remedy = "digest deliveries list; the worker's log says why"
        return Finding("deliveries", Status.WARNING, detail, remedy)
    return Finding("deliveries", Status.OK, detail)


def _alarms(services: Services) -> Finding:
    if wrong := alarms.in_words(services):
        remedy = "docs/operating.md says what each of them asks for"
        return Finding("alarms", Status.ERROR, "; ".join(wrong), remedy)
    return Finding("alarms", Status.OK, "none is open")


_CHECKS: tuple[tuple[str, Callable[[Services], Finding]], ...] = (
    ("alarms", _alarms),
    ("sending", _sending),
    ("reputation", hearing.reputation),
    ("events", hearing.heard),
    ("keys", _key),
    ("broker", machinery.broker),
    ("beat", machinery.part("beat", "task of beat", f"start beat: {START}")),
    ("worker", machinery.part("worker", "task of a worker", f"start a worker: {START}")),
    ("sweep", machinery.heartbeat("sweep", "sweep", f"start beat and a worker: {START}")),
    ("fetch", offering.last_fetch),
    ("edition", offering.edition),
    ("mailbox", _mailbox),
    ("deliveries", _deliveries),
    ("clock", machinery.clocks),
    ("disk", machinery.disk),
    ("departures", machinery.departures),
    ("dns", published.domain),
)


def well(findings: list[Finding]) -> bool:
    return all(finding.status is not Status.ERROR for finding in findings)


def lines(findings: list[Finding]) -> Iterator[str]:
    """Yield *findings* for a person to read."""
    for finding in findings:
        yield f"{finding.status.upper():8}{finding.name:12}{finding.detail}"
        if finding.remedy:
            yield f"{'':20}-> {finding.remedy}"

"""What the mail system tells, and how we stand with it."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest import events
from digest.database import DatabaseNow
from digest.doctor.finding import Finding, Status
from digest.models import Delivery, DeliveryState, EventRow
from digest.services import Services
from digest.settings import Settings

TAKE = timedelta(hours=1)
"""Events come after their mail; so long they may."""


def heard(services: Services) -> Finding:
    if services.account is None:
        return Finding("events", Status.OK, "the mail system sends none")
    ways = _ways(services.settings)
    if not ways:
        detail = "no queue and no topic: nobody tells of bounces and complaints"
        remedy = "set DIGEST_SQS_QUEUE_URL or DIGEST_SNS_TOPICS; see docs/operating.md"
        return Finding("events", Status.WARNING, detail, remedy)
    with services.sessions.begin() as session:
        last = session.scalar(select(func.max(EventRow.received_at)))
        unheard = _unheard_of(session, last)
    seen = f"the last one came at {last:%F %R} UTC" if last else "none has come yet"
    detail = f"by {' and '.join(ways)}; {seen}"
    if unheard:
        remedy = "see where the configuration set publishes its events: docs/operating.md"
        return Finding("events", Status.WARNING, f"{detail}, though mails went out", remedy)
    return Finding("events", Status.OK, detail)


def _ways(settings: Settings) -> list[str]:
    """Return how events can come."""
    ways = [f"the queue {settings.sqs_queue_url}"] if settings.sqs_queue_url else []
    return ways + ([f"{settings.base_url}/hooks/ses"] if settings.sns_topics else [])


def _unheard_of(session: Session, last: datetime | None) -> bool:
    """Tell whether a mail went out after the *last* event, long enough ago for its own."""
    sent = select(Delivery.id).where(
        Delivery.state == DeliveryState.SENT,
        Delivery.sending_at < DatabaseNow(-TAKE.total_seconds()),
    )
    if last:
        sent = sent.where(Delivery.sending_at > last)
    return session.scalar(sent.limit(1)) is not None


def reputation(services: Services) -> Finding:
    with services.sessions.begin() as session:
        found = events.reputation(session)
    detail = (
        f"in 7 days: bounces {found.bounces} (brake at {events.BOUNCES.share:.2%}),"
        f" complaints {found.complaints} (at {events.COMPLAINTS.share:.2%}), mails {found.mails}"
    )
    if found.too_many():
        return Finding("reputation", Status.ERROR, detail, "find out which readers never asked")
    return Finding("reputation", Status.OK, detail)

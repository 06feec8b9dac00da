"""Staying and leaving: preferences, a pause, and the end of all mail."""

import time
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest import planning
from digest.database import Sessions
from digest.models import Delivery, DeliveryState, Standing, Subscriber
from digest.subscribers.choices import Choices
from digest.subscribers.keeping import keep

ACKNOWLEDGE_WITHIN = 2.0
"""Seconds that an unsubscribe waits for a mail that is being sent at that moment."""


def prefer(session: Session, reader: Subscriber, chosen: Choices, *, now: datetime) -> None:
    """
    Keep what *reader*, whose row the caller holds locked, chose.

    What is due by the old timetable is planned first; the new one begins on the reader's local
    today, and the dedupe key stops a second digest for that date.

    Raises:
        BadInput: on chosen days, and none is chosen; a topic is followed and hidden.

    """
    before = reader.timetable
    planning.plan_readers(session, [reader], now)
    keep(session, reader, chosen)
    if reader.timetable != before and reader.standing is Standing.ACTIVE:
        planning.wake(reader, now)


def pause(reader: Subscriber, until: date | None) -> None:
    """Stop *reader*'s digests until their local date *until*; None: until they resume."""
    if reader.standing is Standing.ACTIVE:
        reader.standing = Standing.PAUSED
    if reader.standing is Standing.PAUSED:
        reader.paused_until = until
        reader.next_due_at = None


def resume(reader: Subscriber, *, now: datetime) -> None:
    if reader.standing is Standing.PAUSED:
        planning.wake(reader, now)


def unsubscribe(sessions: Sessions, reader_id: int, *, wait: float = ACKNOWLEDGE_WITHIN) -> bool:
    """
    End all mail to a reader; nothing happens for one who is gone already.

    Returns once no mail to them is being sent, or after *wait* seconds: False then, for one mail
    may be on its way.
    """
    with sessions.begin() as session:
        # This waits for any sender that has checked the standing and not yet committed.
        session.execute(
            update(Subscriber)
            .where(
                Subscriber.id == reader_id,
                Subscriber.standing.in_((Standing.PENDING, Standing.ACTIVE, Standing.PAUSED)),
            )
            .values(standing=Standing.UNSUBSCRIBED, next_due_at=None, paused_until=None)
        )
    give_up_at = time.monotonic() + wait
    while _is_being_sent(sessions, reader_id):
        if time.monotonic() >= give_up_at:
            return False
        time.sleep(0.05)
    return True


def _is_being_sent(sessions: Sessions, reader_id: int) -> bool:
    with sessions.begin() as session:
        sending = select(Delivery.id).where(
            Delivery.subscriber_id == reader_id, Delivery.state == DeliveryState.SENDING
        )
        return session.scalar(sending.limit(1)) is not None

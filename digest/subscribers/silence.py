"""Silence: what a reader has ended is not mailed any more, even by a sender that began before."""

import time

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.database import Sessions
from digest.models import Delivery, DeliveryState

ACKNOWLEDGE_WITHIN = 2.0
"""Seconds that whoever ends something waits for a mail that is being sent at that moment."""


def take_back(session: Session, reader_id: int) -> None:
    """
    Take the mails to a reader, whose row the caller holds locked, from the senders that hold them.

    They were written with an address or with links that count no more; ARM's fence refuses them.
    """
    session.execute(
        update(Delivery)
        .where(Delivery.subscriber_id == reader_id, Delivery.state == DeliveryState.CLAIMED)
        .values(state=DeliveryState.PENDING, lease_token=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def silent(sessions: Sessions, reader_id: int, wait: float = ACKNOWLEDGE_WITHIN) -> bool:
    """Return once no mail to a reader is being sent; False after *wait* seconds, when one is."""
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

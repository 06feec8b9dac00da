"""Words from outside: what an event or the operator says became of a mail."""

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from digest.database import DatabaseNow
from digest.delivery.states.leases import BY_HAND, OUTCOME_UNKNOWN
from digest.models import Delivery, DeliveryState

THROWN_AWAY = "thrown away by the mail system after it was accepted"


def prove(session: Session, delivery_id: int, provider_id: str, *, left: bool) -> bool:
    """
    Note that an event shows this delivery to have been accepted; False when that is no news.

    One that is to be sent again by the operator's hand is spared that, and doubt that was closed
    is settled after all. Not so where the mail was thrown away after it was accepted, and never
    *left*: that is only noted.
    """
    in_doubt = Delivery.state.in_((DeliveryState.SENDING, DeliveryState.UNKNOWN))
    again = Delivery.state.in_((DeliveryState.PENDING, DeliveryState.CLAIMED))
    closed = (Delivery.state == DeliveryState.SKIPPED) & (Delivery.error == OUTCOME_UNKNOWN)
    sent = Delivery.state == DeliveryState.SENT
    statement = (
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            # Without it the mail was never on its way, whatever the event says.
            Delivery.sending_at.is_not(None),
            or_(in_doubt, again, closed) if left else or_(in_doubt, sent),
        )
        .values(
            state=DeliveryState.SENT,
            provider_id=provider_id,
            lease_token=None,
            lease_until=None,
            error=None if left else THROWN_AWAY,
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is not None


def settle(session: Session, delivery_id: int, *, again: bool) -> bool:
    """
    Close the doubt about a delivery by the operator's word: it was sent, or is sent *again*.

    False when there is no doubt. A resend keeps its picks, for the first mail may have come, and
    its `sending_at`, so that an event of the first mail still spares the second.
    """
    state = DeliveryState.PENDING if again else DeliveryState.SENT
    statement = (
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.UNKNOWN)
        .values(
            state=state,
            not_before=DatabaseNow() if again else Delivery.not_before,
            error=BY_HAND,
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is not None

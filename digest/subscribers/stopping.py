"""Stopping: no more mail to an address that bounced or complained, whoever reads there."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.orm import Session

from digest import departures
from digest.database import insert_new
from digest.departures import Departure, Why
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Standing,
    Subscriber,
    Suppression,
)

FORGIVEN_AFTER = timedelta(days=30)
"""After a bounce; a mailbox may be there again, and who asks then is sent a confirmation."""

FINAL = (Standing.BOUNCED, Standing.COMPLAINED)
"""What ends all mail to an address; any other reason bars an import only."""

_YIELDS_TO = {
    Standing.BOUNCED: (Standing.BOUNCED, Standing.COMPLAINED),
    Standing.COMPLAINED: (Standing.COMPLAINED,),
}


def stop_address(session: Session, address_hash: str, why: Standing, at: datetime) -> None:
    """
    End all mail to the address of this hash, which bounced or complained (*why*) at *at*.

    From any standing, and for whoever comes to read there: a complaint is the last word.
    """
    _suppress(session, address_hash, why, at)
    stopped = session.scalars(
        update(Subscriber)
        .where(
            Subscriber.address_hash == address_hash,
            Subscriber.standing.not_in(_YIELDS_TO[why]),
        )
        .values(standing=why, next_due_at=None, paused_until=None)
        .returning(Subscriber.id)
        .execution_options(synchronize_session=False)
    ).all()
    left = (Departure(at, Why(why), each, address_hash) for each in stopped or (None,))
    departures.note(session.info, *left)


def _suppress(session: Session, address_hash: str, why: Standing, at: datetime) -> None:
    here = insert_new(session, Suppression).values(address_hash=address_hash, reason=why, at=at)
    later = case((here.excluded.at > Suppression.at, here.excluded.at), else_=Suppression.at)
    session.execute(
        here.on_conflict_do_update(
            index_elements=["address_hash"],
            set_={"reason": here.excluded.reason, "at": later},
            where=or_(
                Suppression.reason != Standing.COMPLAINED,
                here.excluded.reason == Standing.COMPLAINED,
            ),
        )
    )


def bar_imports(session: Session, address_hash: str, at: datetime) -> None:
    """Keep imports from making a reader of the address of this hash; the form still does."""
    # One that bounced or complained keeps that reason, which says more.
    session.execute(
        insert_new(session, Suppression)
        .values(address_hash=address_hash, reason=Standing.UNSUBSCRIBED, at=at)
        .on_conflict_do_nothing(index_elements=["address_hash"])
    )


def bars(stopped: Suppression | None, now: datetime) -> bool:
    """Tell whether an address that was *stopped* may not even be asked to confirm at *now*."""
    if stopped is None:
        return False
    if stopped.reason is Standing.BOUNCED:
        return stopped.at > now - FORGIVEN_AFTER
    return stopped.reason is Standing.COMPLAINED


def asking_again(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Return address and hash of those who bounced long ago and wait for a confirmation."""
    waiting = (
        select(Subscriber.email, Subscriber.address_hash)
        .join(Suppression, Suppression.address_hash == Subscriber.address_hash)
        .join(Delivery, Delivery.subscriber_id == Subscriber.id)
        .where(
            _long_ago(now),
            Subscriber.standing == Standing.PENDING,
            Delivery.kind == DeliveryKind.CONFIRMATION,
            Delivery.state == DeliveryState.PENDING,
        )
    )
    return [(email, address_hash) for email, address_hash in session.execute(waiting.distinct())]


def forgive(session: Session, address_hash: str, now: datetime) -> None:
    """Let the address of this hash, if it bounced long ago, be written to again."""
    session.execute(
        delete(Suppression).where(Suppression.address_hash == address_hash, _long_ago(now))
    )


def _long_ago(now: datetime) -> ColumnElement[bool]:
    return (Suppression.reason == Standing.BOUNCED) & (Suppression.at <= now - FORGIVEN_AFTER)

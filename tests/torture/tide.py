"""The tide: time that passes as fast as mails go out, and the operator who looks in."""

import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import exists, func, literal, select
from sqlalchemy.exc import SQLAlchemyError

from digest import delivery
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    SendingBudget,
    Standing,
    Subscriber,
)
from digest.planning import OPEN
from tests.torture.stage import Stage

OUTAGE = timedelta(hours=18)
"""No reader waits longer to be planned: under 20 hours every local date must be met."""

BEFORE_THE_NEXT = timedelta(hours=4)
"""A digest that is open has gone so long before the next one of its reader supersedes it."""

STEP = 0.1


class Tide:
    """Turns the almanac, a day in *day* seconds or slower, and resumes what was stopped."""

    def __init__(self, stage: Stage, day: float) -> None:
        self._stage = stage
        self._pause = timedelta(days=STEP / day)
        self.stands = False
        """Whether time stands still, but for what `rise` lets pass."""

    def flow(self, over: threading.Event) -> None:
        limit = self._stage.almanac()
        while not over.wait(STEP):
            with suppress(SQLAlchemyError):
                _resume_what_was_stopped(self._stage)
                limit = self.limit()
            if not self.stands and self._stage.almanac() + self._pause < limit:
                self._stage.almanac.turn(self._pause)

    def rise(self, by: timedelta) -> None:
        """Let *by* pass at once; nothing is open, and *by* is less than `OUTAGE`."""
        self._stage.almanac.turn(by)

    def limit(self) -> datetime:
        """
        Return the moment up to which time may pass and every local date still be met.

        It is asked of the readers, not of the last sweep, which may have begun long before it
        ended. For who never leaves it never falls: an old one does while the database is locked.
        """
        due = select(func.min(Subscriber.next_due_at)).where(Subscriber.standing == Standing.ACTIVE)
        open_digest = (Delivery.kind == DeliveryKind.DIGEST) & Delivery.state.in_(OPEN)
        with self._stage.services.sessions() as session:
            next_due_at = session.scalar(due) or self._stage.almanac()
            supersedes_at = session.scalar(due.join(Delivery).where(open_digest))
        limit = next_due_at + OUTAGE
        return min(limit, supersedes_at - BEFORE_THE_NEXT) if supersedes_at else limit


def _resume_what_was_stopped(stage: Stage) -> None:
    sessions = stage.services.sessions
    with sessions() as session:
        stopped = session.scalar(select(SendingBudget.stopped_at))
    if stopped:
        time.sleep(stage.lease / 2)
        delivery.resume(sessions)


def is_quiet(stage: Stage) -> bool:
    """Tell whether nothing is due, and no mail is being made or waits to be."""
    active = Subscriber.standing == Standing.ACTIVE
    due = active & (Subscriber.next_due_at <= stage.almanac())
    digest = (Delivery.kind == DeliveryKind.DIGEST) & active
    can_go = Delivery.state.in_(OPEN) & (digest | (Delivery.state != DeliveryState.PENDING))
    with stage.services.sessions() as session:
        found = session.scalar(
            select(literal(1)).where(
                exists(select(Subscriber.id).where(due))
                | exists(select(Delivery.id).join(Subscriber).where(can_go))
            )
        )
    return found is None

"""The sending budget: one row that paces all senders, and can stop them."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from digest.clock import EPOCH
from digest.database import DatabaseNow, Sessions, in_transaction, insert_new
from digest.mail.transport import Allowance, Transport
from digest.models import Delivery, DeliveryState, SendingBudget, StoppedBy

GROUP = 50
"""Mails of a grant at most; a grant without a pace has no other bound."""

HEADROOM = 0.9
"""The part of the transport's rate that is used: others may send on the same account."""

SLOWEST = 1.0
"""Mails a second while the transport has not said what it allows: the rate of a new account."""

LEAST = 0.1
"""
Mails a second that are tried at least, however slow the transport says or seems to be.

A rate of 0 would be none at all, and one that was slowed down again and again comes back only when
the transport says what it allows.
"""

STOPPED_WITHIN = 15.0
"""Seconds in which a call of the mail system ends, one way or the other."""

ALLOWANCE_GOOD_FOR = timedelta(hours=1)
LONGEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send *count* mails, the first after *wait* seconds, *spacing* seconds apart."""

    count: int
    wait: float
    spacing: float


# Of a table, not of a class: a sender asks for each group, and the ORM would cost as much again.
_ROW = SendingBudget.__table__.c
_OF_ROW = (
    *(_ROW.rate, _ROW.daily_quota, _ROW.next_free_at),
    *(_ROW.sent_on, _ROW.sent_today, _ROW.stopped_at),
)
_HELD = select(*_OF_ROW).where(_ROW.id == 1).with_for_update().cte("held")
# The clock is read outside the CTE: inside it would be before the wait for the row's lock.
_LOOK = select(_HELD, DatabaseNow())
_TAKE = update(cast("Table", SendingBudget.__table__)).where(_ROW.id == 1)


def grant(sessions: Sessions, wanted: int) -> Grant | None:
    """
    Return leave for up to *wanted* mails, at most a second's share and `GROUP`.

    None while sending is stopped, the day's quota is used up, or the next turn is far off.
    """

    def step(session: Session) -> Grant | None:
        budget, now = _looked_at(session)
        if budget.sent_on != now.date():
            budget.sent_on, budget.sent_today = now.date(), 0
        count = min(wanted, GROUP, *_bounds(budget))
        begins = max(now, budget.next_free_at)
        if budget.stopped_at or count < 1 or begins - now > LONGEST_WAIT:
            return None
        spacing = 1 / (budget.rate * HEADROOM) if budget.rate else 0.0
        taken = {
            "next_free_at": begins + timedelta(seconds=count * spacing),
            "sent_on": budget.sent_on,
            "sent_today": budget.sent_today + count,
        }
        session.execute(_TAKE, taken)
        return Grant(count, (begins - now).total_seconds(), spacing)

    return in_transaction(sessions, step)


def _looked_at(session: Session) -> tuple[SendingBudget, datetime]:
    """Return the row, locked but not kept by *session*, and the database's now."""
    found = session.execute(_LOOK).one_or_none()
    if found is None:
        locked(session)
        found = session.execute(_LOOK).one()
    *row, now = found
    named = {each.name: value for each, value in zip(_OF_ROW, row, strict=True)}
    return SendingBudget(**named), now


def _bounds(budget: SendingBudget) -> list[int]:
    bounds = []
    if budget.rate:
        bounds.append(max(1, int(budget.rate * HEADROOM)))
    left = budget.left_on(budget.sent_on)
    return bounds if left is None else [*bounds, left]


def read_allowance(sessions: Sessions, transport: Transport, now: datetime) -> None:
    """Ask the transport what it allows, unless that was asked within the hour."""
    with sessions.begin() as session:
        read_at = locked(session).allowance_read_at
    if read_at and now - read_at < ALLOWANCE_GOOD_FOR:
        return
    # Outside a transaction: the answer comes over the network.
    allowance = transport.allowance()
    in_transaction(sessions, lambda session: _note(locked(session), allowance, now))


def _note(budget: SendingBudget, allowance: Allowance | None, now: datetime) -> None:
    if allowance is None:
        # It could not say: go on as before, and slowly where there is no before.
        budget.rate = budget.rate or SLOWEST
        return
    budget.rate = None if allowance.rate is None else max(LEAST, allowance.rate)
    budget.daily_quota = allowance.daily_quota
    budget.allowance_read_at = now
    if allowance.sent_today is not None:
        budget.sent_on, budget.sent_today = now.date(), allowance.sent_today


def claim_limit(sessions: Sessions, *, most: int = 1000, senders: int = 8) -> int:
    """
    Return how many rows a sender may claim, so that all *senders* finish theirs in a minute.

    0 while sending is stopped or rests, or the day's quota is used up: composing what cannot go
    would be in vain.
    """
    with sessions.begin() as session:
        budget = locked(session)
        now = session.scalars(select(DatabaseNow())).one()
        rate = budget.rate
        left = budget.left_on(now.date())
        if budget.stopped_at or budget.next_free_at - now > LONGEST_WAIT or left == 0:
            return 0
    most = most if left is None else min(most, left)
    return most if rate is None else max(1, min(most, int(rate * 60 / senders)))


def slow_down(sessions: Sessions) -> None:
    """Pace all senders a fifth slower, until the allowance is read again."""
    in_transaction(sessions, lambda session: _slower(locked(session)))


def _slower(budget: SendingBudget) -> None:
    budget.rate = max(LEAST, (budget.rate or GROUP) * 0.8)


def rest(sessions: Sessions, pause: timedelta, why: str) -> None:
    """Let nobody send for *pause*; sending goes on by itself."""
    until = DatabaseNow(pause.total_seconds())
    in_transaction(
        sessions,
        lambda session: session.execute(
            update(SendingBudget).values(next_free_at=until, rests_until=until, rests_why=why)
        ),
    )


def stop(sessions: Sessions, why: str, now: datetime, *, by: StoppedBy = StoppedBy.SENDER) -> str:
    """
    Stop all sending until `resume`; return the reason that is kept.

    The first one stays, but an operator may put theirs in a new way.
    """

    def step(session: Session) -> str:
        budget = locked(session)
        if budget.stopped_at is None:
            budget.stopped_at, budget.stopped_why, budget.stopped_by = now, why, by
        elif by is budget.stopped_by is StoppedBy.OPERATOR:
            budget.stopped_why = why
        return budget.stopped_why or ""

    return in_transaction(sessions, step)


def still_sending(sessions: Sessions, wait: float = STOPPED_WITHIN) -> list[int]:
    """Return what is being sent still after *wait* seconds; at once when nothing is."""
    give_up_at = time.monotonic() + wait
    sending = select(Delivery.id).where(Delivery.state == DeliveryState.SENDING)
    while True:
        with sessions.begin() as session:
            underway = list(session.scalars(sending.order_by(Delivery.id)))
        if not underway or time.monotonic() >= give_up_at:
            return underway
        time.sleep(0.1)


def resume(sessions: Sessions) -> None:
    in_transaction(
        sessions,
        lambda session: session.execute(
            update(SendingBudget).values(
                stopped_at=None,
                stopped_why=None,
                stopped_by=None,
                allowance_read_at=None,
                resumed_at=DatabaseNow(),
            )
        ),
    )


def locked(session: Session) -> SendingBudget:
    """Return the one row, locked; made where it was not there yet."""
    found = session.get(SendingBudget, 1, with_for_update=True)
    if found is None:
        # Another sender may make it at this moment.
        session.execute(
            insert_new(session, SendingBudget)
            .values(id=1, next_free_at=EPOCH, sent_on=EPOCH.date(), sent_today=0, refusals=[])
            .on_conflict_do_nothing(index_elements=["id"])
        )
        found = session.get_one(SendingBudget, 1, with_for_update=True)
    return found


def wait_until(moment: float) -> None:
    """Sleep until *moment* on the monotonic clock."""
    # To sleep for no time at all takes the kernel as long as a dozen links take to sign.
    if (left := moment - time.monotonic()) > 0:
        time.sleep(left)

"""Pruning: old deliveries and events go, in small bites; what was sent to whom stays."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from digest.database import Sessions, in_transaction
from digest.errors import BadInput
from digest.events.applying import KEPT_FOR
from digest.models import Delivery, DeliveryKind, DeliveryState, EventRow
from digest.planning import CAME_THROUGH

LEAST_DAYS, USUAL_DAYS = 60, 400
BITE = 500
"""Rows that are looked at in a transaction: the picks of each delivery change with it."""
PAUSE = 0.1
"""Seconds after a bite, for whoever waits for the same rows or, on SQLite, for the lock."""

CLOSED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED)

Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows went, or would go."""

    deliveries: int
    events: int
    finished: bool
    """Whether nothing is left that is to go."""


def prune(
    sessions: Sessions,
    now: datetime,
    days: int = USUAL_DAYS,
    *,
    dry_run: bool = False,
    seconds: float = float("inf"),
    pause: float = PAUSE,
    tick: Tick = lambda _: None,
) -> Pruned:
    """
    Delete closed deliveries that were decided on more than *days* ago, and events of before then.

    Kept for ever: picks, open and unknown deliveries, and the newest digest that each reader got,
    by which their next one is told from a first. Events are kept until no bounces in a row can be
    counted by them. Ends after *seconds*; called again, it goes on. *tick* is told of each bite.

    Raises:
        BadInput: so few days that something that is still needed would go.

    """
    if days < LEAST_DAYS:
        raise BadInput(f"--days {days}: at least {LEAST_DAYS}; brakes and alarms look back.")
    before = now - timedelta(days=days)
    run = _Run(sessions, dry_run, time.monotonic() + seconds, pause, tick)
    deliveries = run.all_of(_Old(Delivery.id, Delivery.created_at, before, now, _may_go()))
    heard_before = min(before, now - KEPT_FOR)
    events = run.all_of(_Old(EventRow.id, EventRow.received_at, heard_before, now))
    return Pruned(deliveries, events, run.finished)


def _may_go() -> ColumnElement[bool]:
    later = aliased(Delivery)
    has_later = exists().where(
        later.subscriber_id == Delivery.subscriber_id,
        later.kind == DeliveryKind.DIGEST,
        later.state.in_(CAME_THROUGH),
        later.dedupe_key > Delivery.dedupe_key,
    )
    came = (Delivery.kind == DeliveryKind.DIGEST) & Delivery.state.in_(CAME_THROUGH)
    return Delivery.state.in_(CLOSED) & (~came | has_later)


@dataclass(frozen=True, slots=True)
class _Old:
    """Rows that are to go: their *moment* is before another one, and they answer to *which*."""

    key: InstrumentedAttribute[int]
    moment: InstrumentedAttribute[datetime]
    before: datetime
    now: datetime
    which: ColumnElement[bool] = field(default_factory=true)

    def bite(self, session: Session, place: int, *, dry_run: bool) -> tuple[int, int | None]:
        """Return how many of the next rows went, and where they end; None: no others are old."""
        # Ids are given as time goes by, so no index by date is needed: the first portion in which
        # nothing is old is the last one. But one from a clock that was wrong, of a time to come,
        # says nothing of those behind it.
        portion = select(self.key, self.moment).where(self.key > place).order_by(self.key)
        found = session.execute(portion.limit(BITE)).all()
        old = [row[0] for row in found if row[1] < self.before]
        if not old:
            wrong = found and all(row[1] > self.now for row in found)
            return 0, found[-1][0] if wrong else None
        wanted = self.key.in_(old) & self.which
        if dry_run:
            return session.scalars(select(func.count(self.key)).where(wanted)).one(), old[-1]
        table: Any = self.key.class_
        # A delivery's picks point at none then: the database sees to it.
        gone = delete(table).where(wanted).returning(self.key)
        gone = gone.execution_options(synchronize_session=False)
        return len(session.scalars(gone).all()), old[-1]


@dataclass(slots=True)
class _Run:
    """One pruning, which may be told to end early."""

    sessions: Sessions
    dry_run: bool
    give_up_at: float
    pause: float
    tick: Tick
    finished: bool = True

    def all_of(self, old: _Old) -> int:
        """Delete the *old* rows, a bite at a time; return how many went."""
        gone, place = 0, 0
        while time.monotonic() < self.give_up_at:
            bite = partial(old.bite, place=place, dry_run=self.dry_run)
            here, last = in_transaction(self.sessions, bite)
            gone += here
            self.tick(here)
            if last is None:
                return gone
            place = last
            if here and not self.dry_run:
                time.sleep(self.pause)
        self.finished = False
        return gone

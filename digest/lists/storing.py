"""Storing: some newcomers at a time become readers, each with interests and consent, or none do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, Session

from digest.database import insert_new
from digest.lists import rows
from digest.lists.checking import Newcomer
from digest.lists.copying import copy_in
from digest.models import Consent, Interest, Standing, Subscriber, Suppression

AT_ONCE = {"postgresql": 10_000, "sqlite": 1_000}
"""Newcomers in a transaction: on SQLite, senders wait for its end."""

Write = Callable[[Session, Sequence[Newcomer], datetime], set[str]]
"""Writes newcomers whom nobody knows; returns the addresses of those who were added."""


@dataclass(slots=True)
class Tally:
    """What became of the lines of a list."""

    active: int = 0
    """New readers, whose digests come from their next regular hour on."""
    pending: int = 0
    """New, without a consent: they get no mail until they ask for it and confirm."""
    known: int = 0
    """Readers already, or named twice; nothing of theirs was changed."""
    suppressed: int = 0
    """Addresses that bounced, complained or were erased here, or whose reader moved away."""
    left: int = 0
    """Gone, as the list itself says."""
    bad: int = 0
    """Lines that could not be used."""

    @property
    def read(self) -> int:
        """How many lines could be used."""
        return self.active + self.pending + self.known + self.suppressed + self.left

    def add(self, other: Self) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def store(
    session: Session, newcomers: Sequence[Newcomer], now: datetime, *, only_look: bool = False
) -> Tally:
    """Make readers of *newcomers*, but for those who are known or suppressed; or *only_look*."""
    each: dict[str, Newcomer] = {}
    for newcomer in newcomers:
        # The first line of an address counts, as where the others come in a later portion.
        each.setdefault(newcomer.email, newcomer)
    known = _among(session, Subscriber.email, each)
    stopped = _among(
        session, Suppression.address_hash, [newcomer.address_hash for newcomer in each.values()]
    )
    left = [
        newcomer
        for newcomer in each.values()
        if newcomer.email not in known and newcomer.address_hash not in stopped
    ]
    suppressed = sum(
        newcomer.email not in known and newcomer.address_hash in stopped
        for newcomer in each.values()
    )
    write = _would_write if only_look else _WRITE[session.get_bind().dialect.name]
    added = write(session, left, now) if left else set()
    pending = sum(
        newcomer.email in added and newcomer.standing is Standing.PENDING for newcomer in left
    )
    return Tally(
        active=len(added) - pending,
        pending=pending,
        known=len(newcomers) - len(added) - suppressed,
        suppressed=suppressed,
    )


def _among(session: Session, column: InstrumentedAttribute[str], values: Iterable[str]) -> set[str]:
    """Return which of *values* are in *column*."""
    wanted = list(values)
    if session.get_bind().dialect.name == "postgresql":
        # One array: thousands of parameters would take longer to bind than to find.
        among = column == sa.any_(sa.literal(wanted, postgresql.ARRAY(sa.String)))
    else:
        among = column.in_(wanted)
    return set(session.scalars(sa.select(column).where(among)))


def _would_write(_session: Session, newcomers: Sequence[Newcomer], _now: datetime) -> set[str]:
    return {newcomer.email for newcomer in newcomers}


def _insert(session: Session, newcomers: Sequence[Newcomer], now: datetime) -> set[str]:
    # Nobody else writes meanwhile: a transaction of SQLite begins with the lock.
    session.execute(
        insert_new(session, Subscriber), [rows.of_reader(newcomer, now) for newcomer in newcomers]
    )
    emails = [newcomer.email for newcomer in newcomers]
    found = sa.select(Subscriber.email, Subscriber.id).where(Subscriber.email.in_(emails))
    ids: dict[str, int] = {row.email: row.id for row in session.execute(found)}
    interests = [
        {"subscriber_id": ids[newcomer.email], "kind": each.kind, "value": each.value}
        for newcomer in newcomers
        for each in newcomer.followed
    ]
    consents = [
        {"subscriber_id": ids[newcomer.email], **consent}
        for newcomer in newcomers
        if (consent := rows.of_consent(newcomer))
    ]
    for table, added in ((Interest, interests), (Consent, consents)):
        if added:
            session.execute(sa.insert(table), added)
    return set(ids)


_WRITE: dict[str, Write] = {"postgresql": copy_in, "sqlite": _insert}

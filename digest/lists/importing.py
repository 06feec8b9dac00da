"""Importing: everybody on a list becomes a reader, who is none yet and must not be left alone."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial

from digest.database import Sessions, in_transaction
from digest.errors import BadInput
from digest.keys import Keys
from digest.lists.checking import Checker, Consented, Newcomer
from digest.lists.documents import Document
from digest.lists.records import Record
from digest.lists.storing import AT_ONCE, Tally, store

HANDS = {"postgresql": 2, "sqlite": 1}
"""Transactions at a time: a server works on each beside the other, a file is one writer's."""

Reject = Callable[[Record, str], None]
"""Is told of each line that cannot be used, and why."""


def import_readers(
    sessions: Sessions,
    keys: Keys,
    document: Document,
    *,
    now: datetime,
    reject: Reject,
    tick: Callable[[Tally], None],
    consented: Consented | None = None,
    dry_run: bool = False,
) -> Tally:
    """
    Make readers of all in *document* who are none yet; return what became of its lines.

    Some thousand at a time, each in a transaction of their own: broken off and run again, it finds
    those whom it has added as readers, and goes on. *tick* is called after each.
    """
    tally = Tally()
    checker = Checker(document.format, keys, now, consented)
    dialect = sessions.kw["bind"].dialect.name
    found = _newcomers(document, checker, tally, reject)
    if dry_run:
        found = _once(found, tally)
    step = partial(_step, sessions, now, dry_run)
    portions = _apart(_portions(found, AT_ONCE[dialect]), tally)
    for stored in _beside(step, portions, HANDS[dialect]):
        tally.add(stored)
        tick(tally)
    return tally


def _step(sessions: Sessions, now: datetime, dry_run: bool, some: Sequence[Newcomer]) -> Tally:  # noqa: FBT001
    return in_transaction(sessions, lambda session: store(session, some, now, only_look=dry_run))


def _newcomers(
    document: Document, checker: Checker, tally: Tally, reject: Reject
) -> Iterator[Newcomer]:
    for record in document.records:
        try:
            newcomer = checker.newcomer(document.cells(record))
        except BadInput as exc:
            tally.bad += 1
            reject(record, str(exc))
            continue
        if newcomer:
            yield newcomer
        else:
            tally.left += 1


def _once(newcomers: Iterable[Newcomer], tally: Tally) -> Iterator[Newcomer]:
    """Yield each address once, as nothing is written by which the second could be told."""
    seen = set()
    for newcomer in newcomers:
        short = newcomer.address_hash[:16]
        if short in seen:
            tally.known += 1
        else:
            seen.add(short)
            yield newcomer


def _portions(newcomers: Iterable[Newcomer], most: int) -> Iterator[list[Newcomer]]:
    some: list[Newcomer] = []
    for newcomer in newcomers:
        some.append(newcomer)
        if len(some) == most:
            yield some
            some = []
    if some:
        yield some


def _apart(portions: Iterable[list[Newcomer]], tally: Tally) -> Iterator[Sequence[Newcomer]]:
    """Yield *portions* without whom the one before has: its line counts, whichever ends first."""
    before: set[str] = set()
    for some in portions:
        others = [newcomer for newcomer in some if newcomer.email not in before]
        tally.known += len(some) - len(others)
        before = {newcomer.email for newcomer in some}
        yield others


def _beside(
    step: Callable[[Sequence[Newcomer]], Tally],
    portions: Iterable[Sequence[Newcomer]],
    hands: int,
) -> Iterator[Tally]:
    """Yield what *step* makes of each portion, while the next ones are read."""
    underway: deque[Future[Tally]] = deque()
    with ThreadPoolExecutor(hands) as beside:
        for some in portions:
            if len(underway) == hands:
                yield underway.popleft().result()
            underway.append(beside.submit(step, some))
        while underway:
            yield underway.popleft().result()

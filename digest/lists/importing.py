"""Importing: everybody on a list becomes a reader, who is none yet and must not be left alone."""

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
    at_once = AT_ONCE[sessions.kw["bind"].dialect.name]
    found = _newcomers(document, checker, tally, reject)
    if dry_run:
        found = _once(found, tally)
    step = partial(_step, sessions, now, dry_run)
    for stored in _beside(step, _portions(found, at_once)):
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


def _portions(newcomers: Iterable[Newcomer], most: int) -> Iterator[Sequence[Newcomer]]:
    some: list[Newcomer] = []
    for newcomer in newcomers:
        some.append(newcomer)
        if len(some) == most:
            yield some
            some = []
    if some:
        yield some


def _beside(
    step: Callable[[Sequence[Newcomer]], Tally], portions: Iterable[Sequence[Newcomer]]
) -> Iterator[Tally]:
    """Yield what *step* makes of each portion, while the next one is read."""
    underway: Future[Tally] | None = None
    with ThreadPoolExecutor(1) as beside:
        for some in portions:
            if underway:
                yield underway.result()
            underway = beside.submit(step, some)
        if underway:
            yield underway.result()

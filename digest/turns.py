"""Turns: hosts that want to be asked slowly are asked slowly by the whole installation."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from digest.clock import EPOCH
from digest.database import DatabaseNow, Sessions, in_transaction, insert_new
from digest.errors import FetchError
from digest.models import Turn

SPACING: Mapping[str, float] = {"arxiv.org": 3.0}
"""
Seconds between two requests to a host and all below it, on one connection at a time.

arXiv asks for it of all machines of one operator together: its API's terms of use.
"""

HELD_AT_MOST = 60.0
"""Seconds after which a turn that was not given back is taken from a dead process."""

LOOK_AGAIN_IN = 0.2


@contextmanager
def turn(sessions: Sessions, host: str, patience: float) -> Iterator[None]:
    """
    Hold the turn for *host* while a request runs; hosts that set no pace have it at once.

    Raises:
        FetchError: it did not come within *patience* seconds.

    """
    slow = next((name for name in SPACING if host == name or host.endswith(f".{name}")), None)
    if slow is None:
        yield
        return
    give_up_at = time.monotonic() + patience
    while not (held_until := in_transaction(sessions, lambda session: _take(session, slow))):
        # How long its holder needs nobody knows: it may be free long before it is given up.
        left = give_up_at - time.monotonic()
        if left <= 0:
            raise FetchError(f"{host}: others are asking it, and it takes one request at a time")
        time.sleep(min(left, LOOK_AGAIN_IN))
    try:
        yield
    finally:
        in_transaction(sessions, lambda session: _give_back(session, slow, held_until))


def _take(session: Session, host: str) -> datetime | None:
    """Take the turn and return until when it is ours; None while it is somebody else's."""
    free = insert_new(session, Turn).values(host=host, free_at=EPOCH)
    session.execute(free.on_conflict_do_nothing())
    return session.scalar(
        update(Turn)
        .where(Turn.host == host, Turn.free_at <= DatabaseNow())
        .values(free_at=DatabaseNow(HELD_AT_MOST))
        .returning(Turn.free_at)
        .execution_options(synchronize_session=False)
    )


def _give_back(session: Session, host: str, held_until: datetime) -> None:
    # Only our own turn: who was taken for dead would cut its successor's short.
    session.execute(
        update(Turn)
        .where(Turn.host == host, Turn.free_at == held_until)
        .values(free_at=DatabaseNow(SPACING[host]))
        .execution_options(synchronize_session=False)
    )

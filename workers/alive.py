"""Signs of life: that beat gives tasks out, and that a worker does them."""

import logging
import time

from celery.signals import after_task_publish, beat_init, task_postrun
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from digest import heartbeats
from digest.clock import utc_now
from digest.database import connect
from digest.errors import BadInput
from digest.settings import read_settings

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two signs of one process."""

_left_at: dict[str, float] = {}


@task_postrun.connect
def a_worker_works(**_: object) -> None:
    _leave("worker")


@beat_init.connect
def from_here_on_beat_gives_out(**_: object) -> None:
    # Only in beat's own process: workers publish tasks as well.
    after_task_publish.connect(beat_beats)


def beat_beats(**_: object) -> None:
    _leave("beat")


def _leave(name: str) -> None:
    now = time.monotonic()
    if now - _left_at.get(name, -EVERY) < EVERY:
        return
    _left_at[name] = now
    try:
        # A connection for this alone, closed at once: a pool would be shared with forked processes.
        engine = connect(read_settings().database_url.get_secret_value(), for_migrations=True)
        heartbeats.leave(sessionmaker(engine), name, utc_now())
    except (SQLAlchemyError, BadInput) as exc:
        log.debug("no sign of life of %s: %s", name, type(exc).__name__)

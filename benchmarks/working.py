"""
One process that sends: `python -m benchmarks.working`, or a child of Celery's worker.

The first is the plain loop: it sends all that is due for each line that it reads, and prints what
that took. Both find the database in BENCHMARK_DATABASE, and do what the service does.
"""

import gc
import json
import os
import sys
import time
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy.orm import sessionmaker

from benchmarks import corpus
from benchmarks.deliveries import composer
from benchmarks.stores import Store
from benchmarks.wire import ses_transport
from digest import logs, pipeline
from digest.database import connect
from digest.services import Services
from workers import tasks
from workers.app import app

__all__ = ["app"]

DATABASE = "BENCHMARK_DATABASE"


@cache
def services() -> Services:
    """Return what sending needs of the services, as of the made-up day of the readers."""
    store = Store("PostgreSQL", sessionmaker(connect(os.environ[DATABASE])))
    parts: Any = SimpleNamespace(
        sessions=store.sessions,
        transport=ses_transport(),
        composer=composer(store),
        clock=lambda: corpus.NOW,
    )
    return cast("Services", parts)


def main() -> None:
    # As the worker and its children do.
    logs.configure()
    gc.freeze()
    _say("ready")
    for _ in sys.stdin:
        begun, sent = time.process_time(), 0
        while tally := pipeline.deliver(services())["sent"]:
            sent += tally
        _say(json.dumps({"sent": sent, "seconds": time.process_time() - begun}))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
elif DATABASE in os.environ:
    tasks.services = services

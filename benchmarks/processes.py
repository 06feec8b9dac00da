"""Processes: the same mails through Celery and in a plain loop, by one process and by two."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import psutil
from celery import Celery
from redis import Redis
from sqlalchemy import func, select

from benchmarks import sink
from benchmarks.measure import MICROSECONDS, Figure, Goal, Sizes, ratio
from benchmarks.stores import Store, stores
from benchmarks.working import DATABASE
from digest.models import Delivery, DeliveryState, Heartbeat
from tests.servers import Valkey

CELERY_GOAL, TWO_GOAL = Goal(1.05), Goal(1.1)

MAILS = 3
"""Claims of as many readers as there are: fewer would be one process's alone."""

A_TASK = 500
"""Mails for which there is a task."""

PATIENCE = 120.0
QUIET = 20
"""Looks, a twentieth of a second apart, that find nothing to do: then there is nothing."""

ROOT = Path(__file__).parents[1]


def figures(sizes: Sizes) -> Iterator[Figure]:
    sizes = replace(sizes, readers=MAILS * sizes.readers)
    with ExitStack() as open_, tempfile.TemporaryDirectory() as folder:
        _, store = open_.enter_context(stores(sizes))
        valkey = open_.enter_context(Valkey())
        open_.enter_context(sink.running())
        environment = _environment(store, valkey.url, folder)
        loops = [open_.enter_context(_loop(environment, folder)) for _ in range(2)]
        worker = open_.enter_context(_worker(store, environment, folder, valkey.url))
        yield from _compared(sizes, store, loops, worker)


def _environment(store: Store, broker: str, folder: str) -> dict[str, str]:
    database = store.sessions.kw["bind"].url.render_as_string(hide_password=False)
    return {
        **os.environ,
        DATABASE: database,
        "DIGEST_BROKER_URL": broker,
        "DIGEST_STATE_DIR": folder,
        "PYTHONPATH": str(ROOT),
    }


def _compared(
    sizes: Sizes, store: Store, loops: list["_Loop"], worker: "_Worker"
) -> Iterator[Figure]:
    mails = sizes.readers
    ways: list[Callable[[], float]] = [
        lambda: _in_loops(loops[:1]),
        lambda: worker.send(-(-mails // A_TASK)),
        lambda: _in_loops(loops),
    ]
    took: list[list[float]] = [[] for _ in ways]
    lasted: list[list[float]] = [[] for _ in ways]
    for _ in range(sizes.rounds + 1):
        for way, seconds, lasts in zip(ways, took, lasted, strict=True):
            store.let_wait(mails)
            begun = time.perf_counter()
            seconds.append(way() / mails)
            lasts.append((time.perf_counter() - begun) / mails)
            _expect_all_sent(store, mails)
    one, celery, two = (each[1:] for each in took)
    yield Figure("a mail in a plain loop", median(one) * MICROSECONDS, "us")
    yield Figure("a mail through Celery", median(celery) * MICROSECONDS, "us")
    yield Figure("through Celery / in a plain loop", ratio(celery, one), "ratio", CELERY_GOAL)
    yield Figure("two processes / one: processor time a mail", ratio(two, one), "ratio", TWO_GOAL)
    for name, lasts in (("one process", lasted[0]), ("two processes", lasted[2])):
        yield Figure(f"{name}: mails", 1 / median(lasts[1:]), "mails/s")


def _in_loops(loops: list["_Loop"]) -> float:
    for loop in loops:
        loop.begin()
    return sum(loop.ended() for loop in loops)


class _Loop:
    """A process that sends in a plain loop."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._told()

    def begin(self) -> None:
        assert self._process.stdin  # noqa: S101  a pipe was asked for
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def ended(self) -> float:
        return float(json.loads(self._told())["seconds"])

    def _told(self) -> str:
        assert self._process.stdout  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a process that sends has died")
        return line


@contextmanager
def _loop(environment: dict[str, str], folder: str) -> Iterator[_Loop]:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.working"],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A line a mail is part of the cost, though nobody reads it here.
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield _Loop(process)
        assert process.stdin  # noqa: S101
        process.stdin.close()


class _Worker:
    """Celery's worker with one child, and the queue before it."""

    def __init__(self, process: psutil.Process, broker: str) -> None:
        self._family = [process, *process.children(recursive=True)]
        self._app = Celery(broker=broker)
        self._queue = Redis.from_url(broker)
        # What a worker does of itself when it has come up.
        self._wait_until_idle()

    def send(self, tasks: int) -> float:
        """Enqueue so many tasks; return the processor time of all when they are done."""
        before, begun = self._seconds(), time.process_time()
        for _ in range(tasks):
            self._app.send_task("workers.tasks.deliver")
        published = time.process_time() - begun
        self._wait_until_idle()
        return published + self._seconds() - before

    def _wait_until_idle(self) -> None:
        """Return once no task waits, and none is being done: it is acknowledged afterwards."""
        give_up_at, quiet = time.monotonic() + PATIENCE, 0
        while quiet < QUIET:
            busy = self._queue.llen("celery") or self._queue.hlen("unacked")
            quiet = 0 if busy else quiet + 1
            if time.monotonic() > give_up_at:
                raise RuntimeError("the worker does not come to an end")
            time.sleep(0.05)

    def _seconds(self) -> float:
        times = [process.cpu_times() for process in self._family]
        return sum(each.user + each.system for each in times)


@contextmanager
def _worker(
    store: Store, environment: dict[str, str], folder: str, broker: str
) -> Iterator[_Worker]:
    words = "--quiet -A benchmarks.working worker --concurrency=1 --pool=prefork --loglevel=ERROR"
    with subprocess.Popen(  # noqa: S603  a program of ours
        [sys.executable, "-W", "ignore", "-m", "celery", *words.split()],
        cwd=folder,
        env=environment,
        # Its farewell is no line of the table.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for_child(process)
            _wait_for_sweep(store)
            yield _Worker(psutil.Process(process.pid), broker)
        finally:
            process.terminate()


def _wait_for_child(process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not psutil.Process(process.pid).children():
        if time.monotonic() > give_up_at or process.poll() is not None:
            raise RuntimeError("the worker does not come up")
        time.sleep(0.1)


def _wait_for_sweep(store: Store) -> None:
    # A worker that has come up sweeps, and enqueues senders: on a busy machine that is long after
    # its child is there, and they would take mails from the loops that are measured.
    give_up_at = time.monotonic() + PATIENCE
    swept = select(Heartbeat.name).where(Heartbeat.name == "sweep")
    while True:
        with store.sessions() as session:
            if session.scalar(swept):
                return
        if time.monotonic() > give_up_at:
            raise RuntimeError("the worker does not sweep")
        time.sleep(0.1)


def _left(store: Store) -> int:
    with store.sessions() as session:
        unsent = select(func.count()).where(Delivery.state != DeliveryState.SENT)
        return session.scalars(unsent).one()


def _expect_all_sent(store: Store, mails: int) -> None:
    # What fails or is skipped costs less: it must not look like speed.
    if left := _left(store):
        raise RuntimeError(f"{left} of {mails} mails were not sent")

"""
A whole run without the wire: readers are due, and a while later all have their digests.

`python -m benchmarks.whole URL plan` plans what is due, `python -m benchmarks.whole URL send` sends
it: processes of their own, so that the most memory that they had is the run's alone.
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Self

from sqlalchemy.orm import sessionmaker

from benchmarks import corpus, seeding
from benchmarks.deliveries import composer
from benchmarks.measure import Figure, Goal, Sizes
from benchmarks.stores import Store
from benchmarks.wire import Nowhere
from digest import delivery
from digest.database import connect
from tests.servers import Postgres

PAPERS = 300
MILLION = 1_000_000
PROCESSES = 2
"""That send, one for each core of the machine that the goals are for."""
PART = 10
"""The small run has this part of the readers."""
PILOT = 10_000
SEEDING = 150e-6
"""Seconds that it takes to make a reader, about."""
SLOWER = 1.1
"""How much slower than the pilot the runs are thought to be, to be on the safe side."""

TIME_GOAL, MEMORY_GOAL = Goal(11.5), Goal(1.2)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took."""

    seconds: float
    processor: float
    """Seconds of all processes."""
    peak: int
    """Bytes of memory at most, of the largest process."""


def figures(
    sizes: Sizes, readers: int | None, tell: Tell, seconds: float = 1000.0
) -> Iterator[Figure]:
    """
    Yield how a run with many readers compares with one with a tenth of them.

    Many are *readers*, or a million, or as many as all runs can bear within *seconds*.
    """
    papers = min(PAPERS, sizes.papers)
    with Postgres() as server:
        many = readers or _fitting(sizes, server, papers, seconds, tell)
        few = max(1, many // PART)
        template = seeding.database(server, papers, few)
        small = [_copied(server, template, few, tell) for _ in range(sizes.rounds)]
        tell(f"seeding {many:,} readers")
        large = run(seeding.database(server, papers, many), many, tell)
    name = f"whole run of {many:,} readers"
    seconds, peak = median(each.seconds for each in small), median(each.peak for each in small)
    yield Figure(f"whole run of {few:,} readers", seconds, "s")
    yield Figure(name, large.seconds, "s")
    yield Figure(f"{name}: mails a second", many / large.seconds, "mails/s")
    yield Figure(f"{name}: processor time a mail", large.processor / many * 1e6, "us")
    yield Figure(f"{name}: most memory of a process", large.peak / 2**20, "MiB")
    yield Figure(f"{name} / of {few:,}: time", large.seconds / seconds, "ratio", TIME_GOAL)
    yield Figure(f"{name} / of {few:,}: most memory", large.peak / peak, "ratio", MEMORY_GOAL)


def _fitting(sizes: Sizes, server: Postgres, papers: int, seconds: float, tell: Tell) -> int:
    if sizes.rounds == 1:
        return sizes.readers
    begun = time.monotonic()
    pilot = run(seeding.database(server, papers, PILOT), PILOT, tell)
    each = pilot.seconds / PILOT * SLOWER * (1 + sizes.rounds / PART) + SEEDING
    left = seconds - (time.monotonic() - begun)
    fitting = min(MILLION, _round(max(PILOT, int(left / each))))
    if fitting < MILLION:
        tell(f"at {each * 1e6:,.0f} us a mail a million would take too long: {fitting:,} readers")
    return fitting


def _round(number: int) -> int:
    """Return *number* with one digit and zeros behind it."""
    zeros = len(str(number)) - 1
    return int(str(number)[0]) * int(f"1{'0' * zeros}")


def _copied(server: Postgres, template: str, readers: int, tell: Tell) -> Run:
    return run(server.new_database(template), readers, tell)


def run(url: str, readers: int, tell: Tell) -> Run:
    """Return what it took to plan, write and hand over the digests of all *readers*."""
    with ExitStack() as open_:
        senders = [open_.enter_context(_Part(url, "send")) for _ in range(PROCESSES)]
        planner = open_.enter_context(_Part(url, "plan"))
        begun = time.perf_counter()
        parts = [planner.result(tell)]
        with ThreadPoolExecutor(PROCESSES) as threads:
            parts += threads.map(lambda sender: sender.result(tell), senders)
        took = time.perf_counter() - begun
    sent = sum(part["sent"] for part in parts)
    # What fails or is skipped costs less: it must not look like speed.
    if sent != readers:
        raise RuntimeError(f"{sent} of {readers} digests went through")
    return Run(
        took, sum(part["processor"] for part in parts), max(int(part["peak"]) for part in parts)
    )


class _Part:
    """A process that is ready, and begins when its result is asked for."""

    def __init__(self, url: str, task: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603  this very module
            [sys.executable, "-m", __spec__.name, url, task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        if self._told() != "ready":
            raise RuntimeError("a process of the run did not come up")
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.kill()
        self._process.communicate()

    def result(self, tell: Tell) -> dict[str, float]:
        """Let it do its part, and return what came of it."""
        assert self._process.stdin  # noqa: S101  a pipe was asked for
        print("go", file=self._process.stdin, flush=True)
        while not (line := self._told()).startswith("{"):
            if not line:
                raise RuntimeError("a process of the run ended without a result")
            tell(line)
        found: dict[str, float] = json.loads(line)
        return found

    def _told(self) -> str:
        assert self._process.stdout  # noqa: S101  a pipe was asked for
        return self._process.stdout.readline().strip()


def _do(url: str, task: str) -> None:
    store = Store("PostgreSQL", sessionmaker(connect(url)))
    # As workers do once they are up: what was imported stays, and need not be looked at again.
    gc.freeze()
    print("ready", flush=True)
    sys.stdin.readline()
    worked = time.process_time()
    sent = _send(store) if task == "send" else _plan(store)
    worked = time.process_time() - worked
    print(json.dumps({"sent": sent, "processor": worked, "peak": _peak()}), flush=True)


def _plan(store: Store) -> int:
    swept = delivery.sweep(store.sessions, corpus.NOW)
    print(f"planned {swept.planned:,} digests", flush=True)
    return 0


def _send(store: Store) -> int:
    send = partial(delivery.deliver, store.sessions, Nowhere(), composer(store), lambda: corpus.NOW)
    sent = 0
    while more := send()["sent"]:
        sent += more
        print(f"a process has sent {sent:,} digests", flush=True)
    return sent


def _peak() -> int:
    """Return the most memory that this process had, in bytes; not that of what it was forked of."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    [words] = [line.split() for line in lines if line.startswith("VmHWM:")]
    return int(words[1]) * 1024


if __name__ == "__main__":
    _do(sys.argv[1], sys.argv[2])

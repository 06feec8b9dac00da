"""The fleet: workers and beat as Celery runs them, to be killed and started again."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

import psutil

from digest.up.everything import WORKER
from tests.torture.stage import Stage

PRODUCTS_SWEEP = 10.0
"""Seconds between two sweeps, in the product's own timetable."""

SWEEPS_MISSED = 5
LEAST_PATIENCE = 8.0
"""Seconds: on a busy machine a sweep is late, and starting workers anew makes it later."""

LONGEST_PAUSE = 2.5
"""Leases that a sender may be paused; a database that is locked by one is no silence yet."""

STARTS_WITHIN = 60.0
FIRST_SWEEP_WITHIN = 8.0
"""Seconds from the first sender's birth."""

# Runs in the process's place before it: the kernel kills it when the run dies, however it dies.
_DIES_WITH_US = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit("orphaned before the start")
os.execv(sys.argv[2], sys.argv[2:])
"""
_OURS = [each.replace("workers.app", "tests.torture.app") for each in WORKER]
"""The command line of `digest up`, with the app that is in haste: a worker with beat inside it."""

_APART = [each for each in _OURS if each != "--beat"]
_BEAT = [*_OURS[: _OURS.index("worker")], "beat", "--loglevel=WARNING", "--pidfile="]

_ON_SERVERS = {"worker 1": _APART, "worker 2": _APART, "beat": _BEAT}
# A pool on the folder queue needs ten seconds to get over a killed child, or has to be started
# again: a second worker goes on meanwhile.
_EMBEDDED = {"worker with beat": _OURS, "worker": _APART}


class Fleet:
    """
    Two workers of two children each, and a beat; what has died is put back by `mend`.

    On SQLite beat is inside one of the workers, and they are started again when they fall silent,
    as by `digest up`.
    """

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._commands = _EMBEDDED if stage.postgres is None else _ON_SERVERS
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._random = random.Random(seed)
        self._log = (stage.folder / "fleet.log").open("ab")
        self._sweep = stage.lease / 2
        self._names = iter(range(10**6))
        self._paused: list[tuple[float, psutil.Process]] = []
        self._silent_from = 0.0
        self._starting = True
        self._first_sweep_within = FIRST_SWEEP_WITHIN
        self._held_up_until = 0.0
        self._last_sweep: int | None = None

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(self, *_exc: object) -> None:
        for each in self._running.values():
            _kill_tree(each)
        self._log.close()

    def held_up(self) -> bool:
        """Tell whether a sender is paused for longer than its leases, or was so a moment ago."""
        return time.monotonic() < self._held_up_until

    def mend(self) -> None:
        """Start what is missing, as a supervisor does; wake whom it is time to wake."""
        self._wake(time.monotonic())
        for role, command in self._commands.items():
            running = self._running.get(role)
            if running is not None and running.poll() is None:
                continue
            if running is not None:
                # It has died by itself, and may have left children.
                _kill_tree(running)
            if command is _OURS:
                self._silent_from, self._starting = time.monotonic() + STARTS_WITHIN, True
            named = [] if command is _BEAT else ["-n", f"sender{next(self._names)}@torture"]
            self._running[role] = self._start(*command, *named)

    def heed_silence(self) -> None:
        """
        Kill workers that sweep no more, as `digest up` does.

        Beat has died; or, in each pool, a child that held the lock of the others' queue.
        """
        if self._starting and any(self._senders()):
            self._starting = False
            self._silent_from = time.monotonic() + self._first_sweep_within
            # A machine may be busier than thought.
            self._first_sweep_within *= 2
        if (last_sweep := self._swept_at()) != self._last_sweep:
            self._last_sweep = last_sweep
            self._first_sweep_within = FIRST_SWEEP_WITHIN
            borne = 1.2 * LONGEST_PAUSE * self._stage.lease
            patience = max(SWEEPS_MISSED * self._sweep, borne, LEAST_PATIENCE)
            self._silent_from = time.monotonic() + patience
        elif self._commands is _EMBEDDED and time.monotonic() > self._silent_from:
            for each in self._running.values():
                _kill_tree(each)

    def _swept_at(self) -> int | None:
        try:
            return self._stage.swept.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def sweep(self, *, as_the_product: bool) -> None:
        """Sweep at the intervals of the product's own timetable from now on, or in haste again."""
        self._sweep = PRODUCTS_SWEEP if as_the_product else self._stage.lease / 2
        for role, command in self._commands.items():
            if command is not _APART:
                _kill_tree(self._running[role])
        self.mend()

    def kill_worker(self) -> bool:
        _kill_tree(self._random.choice(list(self._workers())))
        return True

    def kill_child(self, *, at_work: bool) -> bool:
        """Kill a sender, one that does something; otherwise any, though it may only wait."""
        busy = {int(each.name) for each in self._stage.at_work.iterdir()}
        children = [each for each in self._senders() if each.pid in busy or not at_work]
        if not children:
            return False
        with suppress(psutil.NoSuchProcess):
            self._random.choice(children).kill()
        return True

    def kill_beat(self) -> bool:
        if "beat" in self._running:
            _kill_tree(self._running["beat"])
            return True
        inside = [each for each in self._children() if each.pid == self._pid_of_beat()]
        for each in inside:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        return bool(inside)

    def pause_sender(self, seconds: float) -> bool:
        """Stop a sender in the middle of whatever it does, for *seconds*."""
        children = list(self._senders())
        if not children:
            return False
        child = self._random.choice(children)
        if seconds > self._stage.lease / 2:
            # Before it stops: who leaves meanwhile looks at this first.
            until = time.monotonic() + seconds + self._stage.lease / 2
            self._held_up_until = max(self._held_up_until, until)
        with suppress(psutil.NoSuchProcess):
            child.suspend()
            self._paused.append((time.monotonic() + seconds, child))
        return True

    def wake_all(self) -> None:
        self._wake(None)

    def _wake(self, until: float | None) -> None:
        for moment, child in list(self._paused):
            if until is None or moment <= until:
                self._paused.remove((moment, child))
                with suppress(psutil.NoSuchProcess):
                    child.resume()

    def _workers(self) -> Iterator[subprocess.Popen[bytes]]:
        return (each for role, each in self._running.items() if role != "beat")

    def _senders(self) -> Iterator[psutil.Process]:
        beat = self._pid_of_beat()
        return (each for each in self._children() if each.pid != beat)

    def _children(self) -> Iterator[psutil.Process]:
        for worker in self._workers():
            with suppress(psutil.NoSuchProcess):
                yield from psutil.Process(worker.pid).children()

    def _pid_of_beat(self) -> int | None:
        try:
            return int(self._stage.beat.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        state = self._stage.settings.state_dir
        state.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-c", _DIES_WITH_US, str(os.getpid()), *command],
            cwd=state,
            env=self._stage.environment(sweep=self._sweep),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that we started and all that it has started, at once."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for each in family:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    # Else a test that looks for what is left would find them dying.
    psutil.wait_procs(family, timeout=10)

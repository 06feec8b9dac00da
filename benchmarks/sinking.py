"""The sink itself: how much of the machine it takes beside the client that it answers."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psutil

from benchmarks.measure import MICROSECONDS, Figure, Goal, Side, Sizes, ratio
from benchmarks.sink import Sink

GOAL = Goal(0.2)
"""Of the client's processor time; what took more could be what is measured."""

TICK = 1e-3
"""Seconds at least: what is quicker than a clock tells is not nothing."""


def figures(sizes: Sizes, sink: Sink, bare: Side) -> Iterator[Figure]:
    calls = bare.amount
    theirs, ours = [], []
    bare.run()
    for _ in range(sizes.rounds):
        before, begun = _processor_time(sink.pid), time.process_time()
        bare.run()
        theirs.append(max(_processor_time(sink.pid) - before, TICK) / calls)
        ours.append((time.process_time() - begun) / calls)
    name = f"sink in {'C' if sink.in_c else 'Python'}"
    yield Figure(f"{name}: processor time a request", median(theirs) * MICROSECONDS, "us")
    yield Figure(f"{name}: requests that it could answer", 1 / median(theirs), "requests/s")
    yield Figure(f"{name} / bare SendEmail", ratio(theirs, ours), "ratio", GOAL)


def _processor_time(pid: int) -> float:
    """Return the seconds for which a process was on a processor."""
    told = Path(f"/proc/{pid}/schedstat")
    if told.is_file() and (nanoseconds := int(told.read_text("ascii").split()[0])):
        return nanoseconds / 1e9
    took = psutil.Process(pid).cpu_times()
    return took.user + took.system

"""Measuring: processor time of this process, in rounds, with the sides of a ratio interleaved."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MILLISECONDS, MICROSECONDS = 1e3, 1e6

Step = Callable[[], object]
Seconds = Sequence[float]
"""What one side took, a number for each round."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is to do: enough to measure, or just enough to see that all of it runs."""

    rounds: int
    papers: int
    readers: int
    mails: int
    repeats: int


FULL = Sizes(rounds=5, papers=500, readers=1000, mails=1000, repeats=100)
QUICK = Sizes(rounds=1, papers=60, readers=60, mails=10, repeats=3)


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound that is to be kept."""

    bound: float
    at_most: bool = True

    def met_by(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"at {'most' if self.at_most else 'least'} {self.bound:,g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; *value* is None where there was nothing to measure it on."""

    name: str
    value: float | None
    unit: str
    goal: Goal | None = None

    @property
    def met(self) -> bool | None:
        if self.goal is None or self.value is None:
            return None
        return self.goal.met_by(self.value)

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "goal": self.goal and str(self.goal),
            "met": self.met,
        }


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Side:
    """Something to be timed, *amount* times the same; *prepare* runs before it, untimed."""

    run: Step
    amount: int = 1
    prepare: Step = _nothing


def interleaved(rounds: int, *sides: Side) -> list[Seconds]:
    """
    Return the processor seconds that one of each side's amount took, in each round.

    All sides take their turn in every round, so that a slow spell of the machine meets all of
    them; a first round warms up and does not count.
    """
    took: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds + 1):
        for seconds, side in zip(took, sides, strict=True):
            seconds.append(_timed(side))
    return [seconds[1:] for seconds in took]


def alone(rounds: int, run: Step, amount: int = 1, prepare: Step = _nothing) -> float:
    """Return the median of the processor seconds that one of *amount* took."""
    [seconds] = interleaved(rounds, Side(run, amount, prepare))
    return statistics.median(seconds)


def ratio(seconds: Seconds, to: Seconds) -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(seconds, to, strict=True))


def repeated(times: int, run: Step) -> Step:
    def again() -> None:
        for _ in range(times):
            run()

    return again


def _timed(side: Side) -> float:
    side.prepare()
    # Each side clears away its own garbage, and not what the one before it has left.
    gc.collect()
    # Not the wall clock: other processes, the sink and the database among them, do not count.
    begun = time.process_time()
    side.run()
    return (time.process_time() - begun) / side.amount

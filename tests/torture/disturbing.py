"""Disturbing: what a run does to its processes and servers, at random instants."""

import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from tests.torture.fleet import LONGEST_PAUSE, Fleet
from tests.torture.stage import Stage

NO_KILLS = ("short pause", "long pause", "queue")
"""Disturbances that kill no process."""

LOOK_AGAIN_AFTER = 0.4


class Disturbance:
    """Draws what is done next, and counts what was done."""

    def __init__(self, stage: Stage, fleet: Fleet, seed: int, between: float) -> None:
        self.done: Counter[str] = Counter()
        self._stage = stage
        self._fleet = fleet
        self._between = between
        self._random = random.Random(seed)
        self._ways = self._embedded() if stage.postgres is None else self._on_servers()
        self._next_at = time.monotonic() + 2 * between
        self._wanted: str | None = None

    @property
    def kills(self) -> int:
        return sum(times for name, times in self.done.items() if name not in NO_KILLS)

    def go_on(self) -> None:
        """Do something to somebody, if it is time."""
        if time.monotonic() < self._next_at:
            return
        # Not another one instead: workers would be killed before they have children.
        name = self._wanted or self._drawn()
        done = self._ways[name][1]()
        self.done[name] += done
        self._wanted = None if done else name
        # Not at once where nobody was at work: else each would be killed at its first step.
        pause = self._between if done else LOOK_AGAIN_AFTER
        wait = self._random.uniform(0.2, 1.8) * pause
        self._next_at = time.monotonic() + wait

    def _drawn(self) -> str:
        weights = [weight for weight, _ in self._ways.values()]
        [name] = self._random.choices(list(self._ways), weights)
        return name

    def _on_servers(self) -> dict[str, tuple[int, Callable[[], bool]]]:
        """Return what may be done: how often compared with the others, and how."""
        return {
            "worker": (18, self._fleet.kill_worker),
            **self._children(busy=40, any_one=4),
            "beat": (9, self._fleet.kill_beat),
            "valkey": (8, self.empty_broker),
            "database": (6, self.crash_database),
            **self._pauses(),
        }

    def _embedded(self) -> dict[str, tuple[int, Callable[[], bool]]]:
        # Beat is missed for some seconds, and then its worker is started again, which takes more.
        return {
            "worker": (12, self._fleet.kill_worker),
            **self._children(busy=60, any_one=6),
            "beat": (3, self._fleet.kill_beat),
            "queue": (8, self.empty_broker),
            **self._pauses(),
        }

    def _children(self, *, busy: int, any_one: int) -> dict[str, tuple[int, Callable[[], bool]]]:
        return {
            "child at work": (busy, partial(self._fleet.kill_child, at_work=True)),
            "child": (any_one, partial(self._fleet.kill_child, at_work=False)),
        }

    def _pauses(self) -> dict[str, tuple[int, Callable[[], bool]]]:
        lease = self._stage.lease
        # With the time within which it must begin, a short one is over before the lease is.
        return {
            "short pause": (8, partial(self._pause, 0.05 * lease, 0.45 * lease)),
            "long pause": (7, partial(self._pause, 1.2 * lease, LONGEST_PAUSE * lease)),
        }

    def _pause(self, least: float, most: float) -> bool:
        return self._fleet.pause_sender(self._random.uniform(least, most))

    def empty_broker(self) -> bool:
        """Let the broker crash, and all that it knew be gone."""
        if self._stage.valkey is None:
            for each in self._stage.settings.queue.glob("*.msg"):
                each.unlink(missing_ok=True)
            return True
        self._stage.valkey.crash()
        time.sleep(self._random.uniform(0, 0.5))
        self._stage.valkey.start()
        return True

    def crash_database(self) -> bool:
        assert self._stage.postgres
        self._stage.postgres.crash()
        time.sleep(self._random.uniform(0, 0.5))
        self._stage.postgres.start()
        return True

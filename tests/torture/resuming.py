"""Resuming: how long it takes until mails go out again, by the product's own timetable."""

import random
import time
from collections.abc import Callable
from datetime import timedelta

from tests.torture.disturbing import Disturbance
from tests.torture.record import Record
from tests.torture.stage import Stage
from tests.torture.tide import Tide, is_quiet

GIVEN_UP_AFTER = 60.0
HALF_A_DAY = timedelta(hours=12)
"""Makes a digest due to every second reader."""

BEGUN_BY_THEN = 0.5
"""Leases after which nothing begins any more that was armed before a crash."""


class Measures:
    """Seconds between a crash and the next mail; *watch* is called while one waits."""

    def __init__(
        self,
        stage: Stage,
        tide: Tide,
        disturbance: Disturbance,
        watch: Callable[[], None],
        seed: int,
    ) -> None:
        self._stage = stage
        self._tide = tide
        self._disturbance = disturbance
        self._watch = watch
        self._random = random.Random(seed)
        self._record = Record(stage.record)

    def after_an_emptied_broker(self) -> float:
        """Let digests become due at the crash of a broker: they wait for a sweep, and a sender."""
        self._wait_for_quiet()
        fell_at = time.monotonic()
        self._disturbance.empty_broker()
        self._tide.rise(HALF_A_DAY)
        return self._next_mail(fell_at) - fell_at

    def after_a_crash_of_the_database(self) -> float:
        """Let the database crash while digests go out that were due before."""
        self._wait_for_quiet()
        self._tide.rise(HALF_A_DAY)
        self._next_mail(time.monotonic())
        time.sleep(self._random.uniform(0.1, 0.8))
        fell_at = time.monotonic()
        self._disturbance.crash_database()
        return self._next_mail(fell_at + BEGUN_BY_THEN * self._stage.lease) - fell_at

    def _wait_for_quiet(self) -> None:
        give_up_at = time.monotonic() + GIVEN_UP_AFTER
        while not is_quiet(self._stage) and time.monotonic() < give_up_at:
            self._pass()
        # The crash comes at any instant between two sweeps.
        until = time.monotonic() + self._random.uniform(0, 5)
        while time.monotonic() < until:
            self._pass()

    def _next_mail(self, since: float) -> float:
        """Return when the first mail began, to be accepted, of those that began after *since*."""
        give_up_at = time.monotonic() + GIVEN_UP_AFTER
        while time.monotonic() < give_up_at:
            for each in self._record.news():
                if each.accepted and each.begun > since:
                    return each.begun
            self._pass()
        return give_up_at

    def _pass(self) -> None:
        self._watch()
        time.sleep(0.05)

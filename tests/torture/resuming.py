"""Resuming: how long it takes until mails go out again, by the product's own timetable."""

import random
import time
from collections.abc import Callable
from datetime import timedelta

from tests.torture.disturbing import Disturbance
from tests.torture.fleet import PRODUCTS_SWEEP, Fleet
from tests.torture.record import Record
from tests.torture.stage import Stage
from tests.torture.tide import Tide, is_quiet

QUIET_WITHIN = 120.0
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
        fleet: Fleet,
        disturbance: Disturbance,
        watch: Callable[[], None],
    ) -> None:
        self._stage = stage
        self._tide = tide
        self._fleet = fleet
        self._disturbance = disturbance
        self._watch = watch
        self._random = random.Random(stage.folder.name)
        self._record = Record(stage.record)

    def after_an_emptied_broker(self) -> float | None:
        """Let digests become due at the crash of a broker: they wait for a sweep, and a sender."""
        if not self._is_ready():
            return None
        fell_at = time.monotonic()
        self._disturbance.empty_broker()
        self._tide.rise(HALF_A_DAY)
        return self._next_mail(fell_at) - fell_at

    def after_a_crash_of_the_database(self) -> float | None:
        """Let the database crash while digests go out that were due before."""
        if not self._is_ready():
            return None
        self._tide.rise(HALF_A_DAY)
        self._next_mail(time.monotonic())
        time.sleep(self._random.uniform(0.0, 0.3) * self._stage.lease)
        fell_at = time.monotonic()
        self._disturbance.crash_database()
        return self._next_mail(fell_at + BEGUN_BY_THEN * self._stage.lease) - fell_at

    def _is_ready(self) -> bool:
        """Wait until nothing is open, and sweep as the product does; False if it never is quiet."""
        self._fleet.sweep(as_the_product=False)
        give_up_at = time.monotonic() + QUIET_WITHIN
        while not is_quiet(self._stage):
            if time.monotonic() > give_up_at:
                return False
            self._pass(0.1)
        self._fleet.sweep(as_the_product=True)
        # Beat needs some seconds to start; then the crash comes anywhere between two sweeps.
        self._pass(PRODUCTS_SWEEP * self._random.uniform(0.5, 1.5))
        return True

    def _next_mail(self, since: float) -> float:
        """Return when the first mail began, to be accepted, of those that began after *since*."""
        give_up_at = time.monotonic() + GIVEN_UP_AFTER
        while time.monotonic() < give_up_at:
            for each in self._record.news():
                if each.accepted and each.begun > since:
                    return each.begun
            self._pass(0.05)
        return give_up_at

    def _pass(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._watch()
            time.sleep(0.05)

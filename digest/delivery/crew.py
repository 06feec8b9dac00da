"""The crew: as many threads as hide how long the mail system takes, and none while it is quick."""

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from math import ceil
from statistics import median
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

WORTH_A_THREAD = 0.003
"""Seconds that a call takes at least before a second one beside it is worth its thread."""

REMEMBERED = 50
"""Calls by which the next ones are judged."""


class Crew:
    """Does work in up to *most* threads at once, this one among them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: ThreadPoolExecutor | None = None
        self._took: deque[float] = deque([0.0], REMEMBERED)
        self._worked: deque[float] = deque([0.0], REMEMBERED)

    def timed(self, call: Callable[[], T]) -> T:
        """Return what *call* returns, and remember how long it took, and worked itself."""
        began, worked = time.perf_counter(), time.thread_time()
        try:
            return call()
        finally:
            self._took.append(time.perf_counter() - began)
            self._worked.append(time.thread_time() - worked)

    def hands(self, spacing: float) -> int:
        """Return how many threads it takes to begin a call every *spacing* seconds."""
        # Of all, the one in the middle: a machine that is busy elsewhere makes a few very slow.
        took = median(self._took)
        if self._most == 1 or took < WORTH_A_THREAD:
            return 1
        # A little less than work alone would ask for: threads that only wait for each other's
        # processor time look like slow calls, and must not seem to be needed for ever.
        bearable = int(took / max(1.02 * median(self._worked), 1e-6))
        enough = ceil(took / spacing) if spacing else self._most
        return max(1, min(self._most, bearable, enough))

    def together(self, hands: int, work: Callable[[], None]) -> None:
        """Do *work* in so many threads, or as many as there can be; return when all have ended."""
        others: list[Future[None]] = []
        try:
            self._call(hands - 1, work, others)
            work()
        finally:
            # What has begun is waited for, whatever happens here: its outcome must be known.
            wait(others)
        for each in others:
            each.result()

    def _call(self, hands: int, work: Callable[[], None], others: list[Future[None]]) -> None:
        """Let so many more *hands* do *work*, and add what will become of it to *others*."""
        try:
            while len(others) < hands:
                if self._threads is None:
                    self._threads = ThreadPoolExecutor(self._most, "sender")
                others.append(self._threads.submit(work))
        except RuntimeError as exc:
            # The machine has no thread left, and the work has begun: it goes on with these.
            log.warning("no more than %d threads: %s", len(others) + 1, exc)
            self._most = len(others) + 1
            # It would give what it could not begin to one of its threads, and nobody would know.
            self.close()

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None

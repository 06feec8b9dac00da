"""Waiting no longer than one said, whatever one waits for."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

_Answer = TypeVar("_Answer")


def within(seconds: float, ask: Callable[[], _Answer]) -> _Answer:
    """
    Return what *ask* returns, or raise what it raises, when it does so in time.

    Raises:
        TimeoutError: it did not; what it still does is of no consequence.

    """
    # A look-up knows no time-out, and one that counts from byte to byte is no deadline for a
    # server that drips its headers: both are left to a thread, and the waiting is done here.
    answer: Future[_Answer] = Future()

    def settle() -> None:
        try:
            answer.set_result(ask())
        except Exception as exc:  # noqa: BLE001  raised again by whoever waits
            answer.set_exception(exc)

    Thread(target=settle, daemon=True).start()
    return answer.result(timeout=seconds)

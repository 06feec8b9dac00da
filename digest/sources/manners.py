"""What a server asks of those who ask it: to come back later, or not so often."""

import random
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Turn = Callable[[str, float], AbstractContextManager[None]]
"""
What is held during a request: some sources count those of a whole installation.

It is told the host, and how many seconds it may wait.
"""

TRIES = 3
"""How often a document is asked for, the first time included."""
BUSY = (429, 502, 503, 504)
"""Answers after which the same question may be asked again."""

_FIRST_PAUSE = 1.0
_LONGEST = 366 * 86_400.0
# draft-ietf-httpapi-ratelimit-headers, in the forms that it has had over the years.
_REMAINING = re.compile(r"\b(?:r|remaining)\s*=\s*([0-9]{1,9})")
_RESET = re.compile(r"\b(?:t|reset)\s*=\s*([0-9]{1,9})")


def at_once(_host: str, _patience: float) -> AbstractContextManager[None]:
    return nullcontext()


def pause(tried: int) -> float:
    """
    Return how many seconds to wait after *tried* attempts, at random up to a doubling limit.

    Full jitter (Brooker, "Exponential backoff and jitter", 2015) spreads those who wait.
    """
    return random.uniform(0, _FIRST_PAUSE * 2 ** (tried - 1))  # noqa: S311  no secret


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return for how many seconds the server asks to be left alone, None when it does not say."""
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch("[0-9]{1,9}", said):
        return min(float(said), _LONGEST)
    try:
        named = parsedate_to_datetime(said)
        named = named if named.tzinfo else named.replace(tzinfo=UTC)
        return min(max(0.0, (named - now).total_seconds()), _LONGEST)
    except (ValueError, OverflowError):
        return None


def spent_for(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds our allowance is used up, None while some of it is left."""
    told = headers.get("RateLimit", "")
    remaining = _number(_REMAINING, told) or headers.get("RateLimit-Remaining", "").strip()
    if not re.fullmatch("0+", remaining or ""):
        return None
    reset = _number(_RESET, told) or headers.get("RateLimit-Reset", "").strip()
    return min(float(reset), _LONGEST) if re.fullmatch("[0-9]{1,9}", reset or "") else None


def _number(pattern: re.Pattern[str], said: str) -> str | None:
    found = pattern.search(said)
    return found[1] if found else None

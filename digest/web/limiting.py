"""How often one visitor may ask, and how often for one address or one domain."""

import ipaddress
import logging
import math
import re
import time
from collections.abc import Callable, Sequence

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from digest.settings import Settings

log = logging.getLogger("digest.web")

POSTS = (RateLimitItemPerMinute(60),)
"""Of forms that a visitor sends, wrong ones too."""

READS = (RateLimitItemPerMinute(120),)
"""Of searches, and of answers of the API that are not kept from the last time."""

VISITOR = (RateLimitItemPerMinute(5), RateLimitItemPerHour(20))
ADDRESS = (RateLimitItemPerHour(5),)
DOMAIN = (RateLimitItemPerHour(60),)
"""Of requests for addresses at one domain: a laboratory may join on one day, a flood may not."""

_WITH_PORT = re.compile(r"([0-9.]+):[0-9]+|\[([^]]+)\](?::[0-9]+)?")

_HOUSEHOLD = 64
"""Bits of an IPv6 address: one household has all that begin with them."""


class Limits:
    """Counts what was asked for; nothing when it has no *limiter*."""

    def __init__(self, limiter: MovingWindowRateLimiter | None) -> None:
        self._limiter = limiter

    def count(self, what: str, key: str, rules: Sequence[RateLimitItem]) -> None:
        """
        Count one more request of *what* by *key*, which no counter should keep in clear.

        Raises:
            TooManyRequests: one of *rules* is used up; it says when to come again.

        """
        if self._limiter:
            _hold(self._limiter, self._limiter.hit, what, key, rules)

    def check(self, what: str, key: str, rules: Sequence[RateLimitItem]) -> None:
        """
        Count nothing, but refuse whom one more count would be too many for.

        Raises:
            TooManyRequests: one of *rules* is used up.

        """
        if self._limiter:
            _hold(self._limiter, self._limiter.test, what, key, rules)


def _hold(
    limiter: MovingWindowRateLimiter,
    passes: Callable[[RateLimitItem, str, str], bool],
    what: str,
    key: str,
    rules: Sequence[RateLimitItem],
) -> None:
    for rule in rules:
        try:
            if not passes(rule, what, key):
                raise TooManyRequests(retry_after=_wait(limiter, rule, what, key))
        except StorageError as exc:
            # Better a mail too many than nobody able to subscribe while Redis is down.
            log.warning("limits are off: %s", type(exc.storage_error).__name__)


def _wait(limiter: MovingWindowRateLimiter, rule: RateLimitItem, what: str, key: str) -> int:
    try:
        free_at = limiter.get_window_stats(rule, what, key).reset_time
    except StorageError:
        return rule.get_expiry()
    return max(1, math.ceil(free_at - time.time()))


def limits(settings: Settings) -> Limits:
    """Return the installation's limits, shared by all its web processes where there is a Redis."""
    if settings.limits == "off":
        return Limits(None)
    broker = settings.broker_url.get_secret_value()
    if settings.embedded or not broker.startswith("redis"):
        return Limits(MovingWindowRateLimiter(storage_from_string("memory://")))
    storage = storage_from_string(
        broker, wrap_exceptions=True, socket_connect_timeout=1, socket_timeout=1
    )
    return Limits(MovingWindowRateLimiter(storage))


def ip(address: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP that *address* is, as a socket or a proxy wrote it; None where it is none."""
    # Some proxies write the visitor's port as well.
    bare = _WITH_PORT.fullmatch(address or "")
    try:
        found = ipaddress.ip_address((bare[1] or bare[2]) if bare else address or "")
    except ValueError:
        return None
    # A socket for both kinds shows IPv4 so, and its /64 would be everybody.
    return getattr(found, "ipv4_mapped", None) or found


def visitor(address: str | None) -> str:
    """Return what counts as one visitor: an IPv4 address, or a household's share of IPv6."""
    found = ip(address)
    if found is None:
        return "unknown"
    if found.version == 4:  # noqa: PLR2004
        return str(found)
    return str(ipaddress.ip_network((found, _HOUSEHOLD), strict=False))

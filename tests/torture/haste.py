"""
Haste: every duration of delivery, shortened alike, so that minutes hold what weeks would.

They are constants of the product and no settings of its operators: a lease that is shorter than
a call would send twice. Here all of them shrink together, and keep their order:

    a mail is begun within  <  its call has ended  <  its lease is over
    a sender ends, and gives back what it has not sent  <  the lease of that is over
    an unsubscribe waits  <  the lease of what is being sent is over
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from botocore.config import Config  # type: ignore[import-untyped]

from digest import aws, pipeline
from digest.database import Sessions
from digest.delivery import budget, sender, settling
from digest.delivery.states import leases, outcomes
from digest.subscribers import leaving

SENDERS = 4
_claim_limit = budget.claim_limit


def hurry(lease: float) -> None:
    """Let leases last *lease* seconds in this process, and everything else be as short."""
    for module in (leases, outcomes):
        setattr(module, "LEASE", lease)  # noqa: B010  it is imported there, not exported
    _default(leaving.unsubscribe, wait=lease * 0.5)
    _default(sender.deliver, seconds=lease * 0.5)
    sender.URGENT = 6
    sender.BEGIN_WITHIN = lease * 0.45
    sender.GROUP_SECONDS = lease * 0.2
    settling.TRY_AGAIN_IN = lease * 0.3
    settling.QUOTA_REST = timedelta(seconds=lease)
    settling.DOUBT_REST = timedelta(seconds=lease)
    aws._ONCE = calling(connect=lease * 0.2, read=lease * 0.3)
    pipeline.BATCH = 20
    # The folder queue hands out ten messages a second, and the next sweep waits behind them.
    pipeline.MOST_SENDERS = 3
    budget.claim_limit = _short_claims(lease)


def _default(function: Callable[..., object], **changed: float) -> None:
    defaults = function.__kwdefaults__
    assert defaults is not None
    assert defaults.keys() >= changed.keys()
    defaults.update(changed)


def calling(*, connect: float, read: float) -> Config:
    """Return the way in which the product calls AWS, with other time-outs."""
    own: Config = aws._ONCE
    return own.merge(Config(connect_timeout=connect, read_timeout=read))


def _short_claims(lease: float) -> Any:
    # In the product a claim is worked off in a minute, and its lease has five.
    def claim_limit(sessions: Sessions) -> int:
        minute = _claim_limit(sessions, senders=SENDERS)
        return max(1, int(minute / 60 * lease * 0.3)) if minute else 0

    return claim_limit

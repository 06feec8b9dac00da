"""Letters: what composing makes of claimed deliveries, a mail for each or why there is none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from digest.delivery.states import Claimed, Entry
from digest.mail.message import Mail


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready, and the picks to write into the ledger when it goes."""

    claimed: Claimed
    mail: Mail
    picks: tuple[Entry, ...]

    @property
    def id(self) -> int:
        return self.claimed.id


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery for which there is no mail (now)."""

    claimed: Claimed
    why: str
    try_again_in: float | None = None
    """Seconds; None: there will be none, the delivery is skipped."""
    broken: bool = False
    """It failed by an error of ours, which counts as an attempt."""


Composed = Letter | Held
Compose = Callable[[Sequence[Claimed]], Iterable[Composed]]

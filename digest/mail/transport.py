"""What a transport is, and how a hand-over may end."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from digest.mail.message import Mail

_ADDRESS = re.compile(r"""[^\s<>()",;:]+@[^\s<>()",;:]+""")
# PostgreSQL has no text with a zero byte in it, nor with half a surrogate pair.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WHY_LENGTH = 300


class Reaction(StrEnum):
    """What to do after a mail was surely not sent."""

    LATER = "later"
    """Try this one again in a while."""
    SLOW_DOWN = "slow_down"
    """Too fast: try it again, and send the others more slowly."""
    QUOTA = "quota"
    """The day's quota is used up: send nothing until there is a new one."""
    STOP = "stop"
    """No mail can be sent until the operator has mended something."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side has taken the mail over, and calls it *provider_id*."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side will never take this mail."""

    why: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The mail has surely not been sent, so it may be tried again."""

    why: str
    kind: Reaction = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The mail may have been sent: trying again could send it twice."""

    why: str


Outcome = Accepted | Refused | NotSent | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the other side permits; None where it sets no limit, or does not say."""

    rate: float | None = None
    """Mails a second."""
    daily_quota: int | None = None
    sent_today: int | None = None


class Transport(Protocol):
    """A way of handing mails over; one at a time, each with its own outcome."""

    def send(self, mail: Mail) -> Outcome:
        """Hand *mail* over, once: whether to try again is the caller's to decide."""
        ...

    def allowance(self) -> Allowance | None:
        """Return what is permitted now; None when the other side could not be asked."""
        ...

    def close(self) -> None:
        """Give connections back; the next `send` opens them again."""
        ...


def at_once(transport: Transport) -> int:
    """Return how many calls *transport* bears at one time: one, unless it says `at_once`."""
    return int(getattr(transport, "at_once", 1))


def why(text: object) -> str:
    """Return *text* fit for a log and a database: one line, short, and without addresses."""
    line = _CONTROL.sub(" ", _ADDRESS.sub("(address)", str(text)))
    return " ".join(line.split())[:_WHY_LENGTH]

"""An event: one thing that the mail system tells of one mail, in our words."""

from dataclasses import dataclass, field
from datetime import datetime

from digest.models import Bounce, EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What became of a mail, whichever way and in whichever shape it was told."""

    kind: EventKind
    message_id: str
    """The mail system's id of the mail."""
    at: datetime
    bounce: Bounce | None = None
    """Of a bounce: whether it is for good."""
    delivery_id: int | None = None
    recipients: tuple[str, ...] = field(default=(), repr=False)
    """Whom it is about, in lower case; for hashing, and nowhere kept or logged."""

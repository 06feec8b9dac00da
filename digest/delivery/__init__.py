"""
Delivery: nobody twice, nobody skipped, nobody against their will.

    pending -> claimed -> sending -> sent
                 |           |-> unknown -> sent (an event, or the operator) | skipped after 3 days
                 |           |-> pending (certainly not sent)
                 |           `-> failed (refused for good)
                 |-> pending (lease over: it never reached the wire; or nothing new yet)
                 `-> skipped (nothing new)
    pending -> skipped (superseded; its day is over and the reader has left)
    unknown -> pending (the operator sends it again) -> sent (an event of the first mail after all)

Each arrow is one committed statement, which is why these functions take a session factory and
not, as the rest of the package does, a session. What is not known to be unsent is never sent
again by itself.
"""

from digest.delivery.budget import resume, still_sending, stop
from digest.delivery.hand import Listed, listed, settle
from digest.delivery.letters import Composed, Held, Letter
from digest.delivery.sender import deliver
from digest.delivery.settling import Tally
from digest.delivery.states import Claimed, Entry
from digest.delivery.sweep import plan, sweep

__all__ = [
    "Claimed",
    "Composed",
    "Entry",
    "Held",
    "Letter",
    "Listed",
    "Tally",
    "deliver",
    "listed",
    "plan",
    "resume",
    "settle",
    "still_sending",
    "stop",
    "sweep",
]

"""
Events: what becomes of a mail after the mail system took it over.

They come by SNS to `/hooks/ses`, where each is signed, or by SNS to SQS, whose policy says who may
write there. Whichever way, twice or late or in another order: each counts once.
"""

from digest.events.applying import forget
from digest.events.brakes import BOUNCES, COMPLAINTS, Reputation, reputation
from digest.events.hearing import hear

__all__ = ["BOUNCES", "COMPLAINTS", "Reputation", "forget", "hear", "reputation"]

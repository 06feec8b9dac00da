"""Readers: subscribe -> confirm -> prefer, rate -> unsubscribe."""

from digest.subscribers.choices import Choices, choices, normalised
from digest.subscribers.joining import Confirmed, add, confirm, subscribe
from digest.subscribers.keeping import interests, requested
from digest.subscribers.rating import Said, rate, ratings, said, texts
from digest.subscribers.staying import pause, prefer, resume, unsubscribe
from digest.subscribers.stopping import asking_again, forgive, stop_address

__all__ = [
    "Choices",
    "Confirmed",
    "Said",
    "add",
    "asking_again",
    "choices",
    "confirm",
    "forgive",
    "interests",
    "normalised",
    "pause",
    "prefer",
    "rate",
    "ratings",
    "requested",
    "resume",
    "said",
    "stop_address",
    "subscribe",
    "texts",
    "unsubscribe",
]

"""Readers: subscribe -> confirm -> prefer -> unsubscribe."""

from digest.subscribers.choices import Choices, choices, interests, normalised, requested
from digest.subscribers.joining import Confirmed, add, confirm, subscribe
from digest.subscribers.staying import pause, prefer, resume, unsubscribe

__all__ = [
    "Choices",
    "Confirmed",
    "add",
    "choices",
    "confirm",
    "interests",
    "normalised",
    "pause",
    "prefer",
    "requested",
    "resume",
    "subscribe",
    "unsubscribe",
]

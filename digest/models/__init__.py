"""The nouns: what is kept in the database."""

from digest.models.base import Base, UtcDateTime
from digest.models.deliveries import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Heartbeat,
    Pick,
    SendingBudget,
)
from digest.models.papers import EditionRow, FetchRun, Paper, Sighting
from digest.models.readers import Interest, InterestKind, Standing, Subscriber, Suppression

__all__ = [
    "Base",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "EditionRow",
    "FetchRun",
    "Heartbeat",
    "Interest",
    "InterestKind",
    "Paper",
    "Pick",
    "SendingBudget",
    "Sighting",
    "Standing",
    "Subscriber",
    "Suppression",
    "UtcDateTime",
]

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
from digest.models.papers import (
    EditionRow,
    FeedRow,
    FetchRun,
    Harvest,
    Identifier,
    Paper,
    Record,
    Sighting,
    Turn,
)
from digest.models.readers import Interest, InterestKind, Standing, Subscriber, Suppression

__all__ = [
    "Base",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "EditionRow",
    "FeedRow",
    "FetchRun",
    "Harvest",
    "Heartbeat",
    "Identifier",
    "Interest",
    "InterestKind",
    "Paper",
    "Pick",
    "Record",
    "SendingBudget",
    "Sighting",
    "Standing",
    "Subscriber",
    "Suppression",
    "Turn",
    "UtcDateTime",
]

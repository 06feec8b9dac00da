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
from digest.models.events import Bounce, EventKind, EventRow, SuppressionReading
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
from digest.models.readers import (
    Balance,
    Interest,
    InterestKind,
    Rating,
    Standing,
    Subscriber,
    Suppression,
)

__all__ = [
    "Balance",
    "Base",
    "Bounce",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "EditionRow",
    "EventKind",
    "EventRow",
    "FeedRow",
    "FetchRun",
    "Harvest",
    "Heartbeat",
    "Identifier",
    "Interest",
    "InterestKind",
    "Paper",
    "Pick",
    "Rating",
    "Record",
    "SendingBudget",
    "Sighting",
    "Standing",
    "Subscriber",
    "Suppression",
    "SuppressionReading",
    "Turn",
    "UtcDateTime",
]

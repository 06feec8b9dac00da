"""The nouns: what is kept in the database."""

from digest.models.alarms import AlarmRow
from digest.models.base import Base, UtcDateTime
from digest.models.consent import AddressChange, Consent, ConsentKind, MailboxReading
from digest.models.deliveries import (
    LEASED,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Heartbeat,
    Pick,
    SendingBudget,
    StoppedBy,
)
from digest.models.events import Bounce, EventKind, EventRow, SuppressionReading
from digest.models.figures import Counted, DailyFigure
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
    KeyCheck,
    NothingNew,
    Rating,
    Standing,
    Subscriber,
    Suppression,
)
from digest.models.restorations import Restoration
from digest.models.topics import TopicModelRow

__all__ = [
    "LEASED",
    "AddressChange",
    "AlarmRow",
    "Balance",
    "Base",
    "Bounce",
    "Consent",
    "ConsentKind",
    "Counted",
    "DailyFigure",
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
    "KeyCheck",
    "MailboxReading",
    "NothingNew",
    "Paper",
    "Pick",
    "Rating",
    "Record",
    "Restoration",
    "SendingBudget",
    "Sighting",
    "Standing",
    "StoppedBy",
    "Subscriber",
    "Suppression",
    "SuppressionReading",
    "TopicModelRow",
    "Turn",
    "UtcDateTime",
]

"""Match: the papers of an edition that fit each reader, and why."""

from digest.match.fitting import Fit, followed
from digest.match.interests import LOOKS_BACK, Rated, Reader
from digest.match.matching import Picked, match
from digest.match.telling import varied
from digest.match.why import Share, Why, why

__all__ = [
    "LOOKS_BACK",
    "Fit",
    "Picked",
    "Rated",
    "Reader",
    "Share",
    "Why",
    "followed",
    "match",
    "varied",
    "why",
]

"""Trends: what the community finds exciting now, from what was counted at the sources."""

from digest.trend.scoring import scores
from digest.trend.sightings import CURATOR, Sightings, gather
from digest.trend.wording import in_words

__all__ = ["CURATOR", "Sightings", "gather", "in_words", "scores"]

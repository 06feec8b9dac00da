"""Figures: how the service does, the same on the page, in the terminal and for monitoring."""

from digest.figures.counting import count, newest_before
from digest.figures.lateness import Late, late
from digest.figures.present import Present, present
from digest.figures.reading import without_keys
from digest.figures.stats import Stats, stats

__all__ = [
    "Late",
    "Present",
    "Stats",
    "count",
    "late",
    "newest_before",
    "present",
    "stats",
    "without_keys",
]

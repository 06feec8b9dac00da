"""Trends: what the community finds exciting now, from what was counted at the sources."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DECADE = timedelta(days=1)
"""In this time a paper needs ten times the attention to hold its place."""

LIVELY = 10.0
"""Attention, counted at once, with which a paper scores 1/2."""


class Signals(NamedTuple):
    """What the sightings of one paper come to."""

    first_seen_at: datetime
    upvotes: int
    comments: int


def scores(signals: Sequence[Signals], now: datetime) -> npt.NDArray[np.float32]:
    """
    Return trend scores, shape (papers,), float32 in (0, 1), the same for every reader.

    Attention a = (1 + upvotes + comments) / 10^(age / `DECADE`), score = a / (a + `LIVELY`).
    The order is that of Reddit's published ranking, log10(votes) + time / 45000 s, with a slower
    clock: daily lists are short, and a morning's votes are few. More votes never lower a paper,
    and a fresh one without votes ties with one that had nine yesterday.
    """
    ages = np.array([max(now - paper.first_seen_at, timedelta(0)) / DECADE for paper in signals])
    votes = np.array([1.0 + paper.upvotes + paper.comments for paper in signals])
    attention = votes * 10.0**-ages
    return (attention / (attention + LIVELY)).astype(np.float32)

"""Picking: of the papers that fit, ten that are not the same paper ten times."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from digest.models import Balance
from digest.pool import Pool

Array = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
Worth = npt.NDArray[np.float64]

NONE = -1

SIMILAR = 0.5
"""What a paper loses by being just like one that was picked before it. Source: Carbonell and
Goldstein 1998, "The use of MMR" (maximal marginal relevance)."""

SAME = 0.8
"""So alike are versions of one paper: a second one waits for all else, also for what trends."""

MOST_OF_ONE_TOPIC = 0.5
"""The part of a digest that one of several followed topics may take while others have papers."""

_FULL, _AGAIN = 1e3, 1e5
"""More than any paper is worth: these wait for the others."""

LEAST = -_AGAIN / 2
"""What is worth less is what was picked already."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How fit and trend are weighed for a reader."""

    trend: float
    """What the strongest trend adds to a paper that fits, where a sure topic adds 1."""
    share: float
    """The part of a digest kept for what everybody reads."""


WEIGHTS = {
    Balance.FIELD: Weights(0.25, 0.1),
    Balance.EVEN: Weights(0.5, 0.2),
    Balance.EVERYBODY: Weights(1.0, 0.5),
}


@dataclass(frozen=True)
class Offer:
    """What is on offer to each of a block of readers."""

    scores: Array
    """What the papers are worth, shape (readers, papers)."""
    fitting: Flags
    """Which may be picked as they fit, of the same shape."""
    others: Flags
    """Which may be picked as they trend."""
    topics: npt.NDArray[np.int32]
    """The followed topic that each is most about, -1 for none, of the same shape."""
    most: npt.NDArray[np.int64]
    """How many each reader gets, shape (readers,)."""
    share: npt.NDArray[np.float64]
    """The part of them kept for what trends."""


def pick(offer: Offer, costs: Array) -> Places:
    """
    Return the rows of each reader's papers, first those that fit, then what trends.

    *costs* are those of the pool. The shape is (readers, most that any gets); after the last one
    follows -1.
    """
    trends = np.minimum(offer.others.sum(axis=1), np.rint(offer.most * offer.share))
    picks = _Picks(offer, costs)
    fitting = np.where(offer.fitting, offer.scores, -np.inf)
    others = np.where(offer.others, offer.scores, -np.inf)
    for least in (LEAST, -np.inf):
        picks.take(fitting, offer.most - trends.astype(np.int64), least)
        picks.take(others, offer.most, least)
        picks.take(fitting, offer.most, least)
    return picks.rows


@lru_cache(maxsize=2)
def costs(pool: Pool) -> Array:
    """Return what each paper costs each other by being picked, shape (papers, papers)."""
    likeness = pool.space.likeness
    return np.where(likeness < SAME, SIMILAR * likeness, _AGAIN).astype(np.float32)


class _Picks:
    """The papers picked so far for each reader, and what they take from those like them."""

    def __init__(self, offer: Offer, costs: Array) -> None:
        readers = len(offer.scores)
        self.rows = np.full((readers, int(offer.most.max())), NONE, np.int64)
        self._count = np.zeros(readers, np.int64)
        self._costs, self._cost = costs, np.zeros(offer.scores.shape, np.float32)
        self._topics, self._taken = offer.topics, np.full(self.rows.shape, NONE, np.int32)
        self._most_of_one = np.maximum(1, np.rint(offer.most * MOST_OF_ONE_TOPIC))
        first = offer.topics.max(axis=1, keepdims=True)
        self._several = ((offer.topics != NONE) & (offer.topics != first)).any(axis=1)

    def take(self, worth: Worth, up_to: npt.NDArray[np.int64], least: float) -> None:
        """Pick what is of most *worth*, as long as it is more than *least*, up to so many."""
        taking = np.flatnonzero(self._count < up_to)
        while len(taking):
            left = worth[taking] - self._cost[taking]
            rows = left.argmax(axis=1)
            found = left[np.arange(len(taking)), rows] > least
            taking, rows = taking[found], rows[found]
            self._pick(taking, rows, worth)
            taking = taking[self._count[taking] < up_to[taking]]

    def _pick(self, readers: Places, rows: Places, worth: Worth) -> None:
        topics, count = self._topics[readers, rows], self._count[readers]
        self.rows[readers, count], self._taken[readers, count] = rows, topics
        self._count[readers] += 1
        self._cost[readers] = np.maximum(self._cost[readers], self._costs[rows])
        worth[readers, rows] = -np.inf
        taken = (self._taken[readers] == topics[:, None]).sum(axis=1)
        full = self._several[readers] & (topics != NONE) & (taken == self._most_of_one[readers])
        of_topic = self._topics[readers[full]] == topics[full, None]
        worth[readers[full]] -= np.where(of_topic, _FULL, 0)

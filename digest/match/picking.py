"""Picking: of the papers that fit, ten that are not the same paper ten times."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from digest.models import Balance
from digest.pool import Pool

Array = npt.NDArray[np.float32]

SIMILAR = 0.5
"""What a paper loses by being just like one that was picked before it. Source: Carbonell and
Goldstein 1998, "The use of MMR" (maximal marginal relevance)."""

SAME = 0.8
"""So alike are versions of one paper: a second one waits for all else, also for what trends."""

MOST_OF_ONE_TOPIC = 0.5
"""The part of a digest that one of several followed topics may take while others have papers."""

_FULL, _AGAIN = 1e3, 1e5
"""More than any paper is worth: these wait for the others."""


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


def pick(
    *,
    fit: Array,
    scores: Array,
    may: npt.NDArray[np.bool_],
    topic: npt.NDArray[np.int32],
    costs: Array,
    k: int,
    share: float,
) -> list[int]:
    """
    Return the rows of at most *k* papers, first those that fit, then what trends.

    *scores* order both; *may* says which may be sent; *topic* is the followed topic that each is
    most about, -1 for none; *costs* are those of the pool.
    """
    fits = fit > 0
    fitting, others = may & fits, may & ~fits
    kept_for_trends = min(int(others.sum()), round(k * share))
    chosen = Chosen(scores, topic, costs, most=max(1, round(k * MOST_OF_ONE_TOPIC)))
    for again in (False, True):
        chosen.take(fitting, k - kept_for_trends, again=again)
        chosen.take(others, k, again=again)
        chosen.take(fitting, k, again=again)
    return chosen.rows


@lru_cache(maxsize=2)
def costs(pool: Pool) -> Array:
    """Return what each paper costs each other by being picked, shape (papers, papers)."""
    likeness = pool.space.likeness
    return np.where(likeness < SAME, SIMILAR * likeness, _AGAIN).astype(np.float32)


class Chosen:
    """The papers picked so far, and what they take from those like them."""

    def __init__(
        self, scores: Array, topic: npt.NDArray[np.int32], costs: Array, most: int
    ) -> None:
        self.rows: list[int] = []
        self._scores = scores.astype(np.float64)
        self._topic, self._costs, self._most = topic, costs, most
        self._cost = np.zeros_like(scores)
        self._several = len(set(topic.tolist()) - {-1}) > 1
        self._taken: Counter[int] = Counter()

    def take(self, which: npt.NDArray[np.bool_], up_to: int, *, again: bool) -> None:
        """Pick those that are worth most until there are *up_to*; *again* what is there already."""
        while len(self.rows) < up_to:
            worth = np.where(which, self._scores - self._cost, -np.inf)
            row = int(worth.argmax())
            if worth[row] <= (-np.inf if again else -_AGAIN / 2):
                return
            self._pick(row)

    def _pick(self, row: int) -> None:
        self.rows.append(row)
        self._scores[row] = -np.inf
        np.maximum(self._cost, self._costs[row], out=self._cost)
        topic = int(self._topic[row])
        self._taken[topic] += 1
        if self._several and topic >= 0 and self._taken[topic] == self._most:
            self._scores[self._topic == topic] -= _FULL

"""Picking: of the papers that fit, ten that are not the same paper ten times."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digest.models import Balance

Array = npt.NDArray[np.float32]

SIMILAR = 0.5
"""What a paper loses by being just like one that was picked before it. Source: Carbonell and
Goldstein 1998, "The use of MMR" (maximal marginal relevance)."""

MOST_OF_ONE_TOPIC = 0.5
"""The part of a digest that one of several followed topics may take while others have papers."""

CANDIDATES = 40
"""Only the best are compared with one another: ten are wanted."""

_LAST_RESORT = 100.0


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
    likeness: Array,
    k: int,
    share: float,
) -> list[int]:
    """
    Return the rows of at most *k* papers, first those that fit, then what trends.

    *scores* order both; *may* says which may be sent; *topic* is the followed topic that each is
    most about, -1 for none; *likeness* has shape (papers, papers).
    """
    fitting = np.flatnonzero(may & (fit > 0))
    others = np.flatnonzero(may & (fit <= 0))
    kept_for_trends = min(len(others), round(k * share))
    chosen = Chosen(likeness, topic, most=max(1, round(k * MOST_OF_ONE_TOPIC)))
    chosen.take(fitting, scores, k - kept_for_trends)
    chosen.take(others, scores, k)
    chosen.take(np.setdiff1d(fitting, chosen.rows), scores, k)
    return chosen.rows


class Chosen:
    """The papers picked so far, and what they take from those like them."""

    def __init__(self, likeness: Array, topic: npt.NDArray[np.int32], most: int) -> None:
        self.rows: list[int] = []
        self._likeness = likeness
        self._topic = topic
        self._several = len(np.unique(topic[topic >= 0])) > 1
        self._most = most

    def take(self, rows: npt.NDArray[np.intp], scores: Array, up_to: int) -> None:
        """Pick from *rows* until there are *up_to*, the best first."""
        best = rows[np.argsort(-scores[rows], kind="stable")[: max(CANDIDATES, up_to)]]
        left = scores[best].astype(np.float64)
        alike = np.zeros(len(best))
        for row in self.rows:
            alike = np.maximum(alike, self._likeness[row, best])
        while len(self.rows) < up_to and len(best) and np.isfinite(left).any():
            n = int(np.argmax(left - SIMILAR * alike - self._crowding(best)))
            self.rows.append(int(best[n]))
            left[n] = -np.inf
            alike = np.maximum(alike, self._likeness[best[n], best])

    def _crowding(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return what *rows* lose by their topic having had its part."""
        if not self._several:
            return np.zeros(len(rows))
        taken = np.bincount(self._topic[self.rows] + 1, minlength=int(self._topic.max()) + 2)
        full = (taken >= self._most) & (np.arange(len(taken)) > 0)
        return np.where(full[self._topic[rows] + 1], _LAST_RESORT, 0.0)

"""Papers that tell most of a reader's taste when they rate them: varied, not the top ones."""

from collections.abc import Collection
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from digest.edition import Edition
from digest.pool import Pool

CONSIDERED = 400
"""Of a large edition the papers with the strongest trend."""


def varied(edition: Edition, count: int, leave_out: Collection[int] = ()) -> list[int]:
    """
    Return the rows of at most *count* papers that stand for the whole edition, none twice.

    Each is chosen so that every paper on offer is like one of the chosen (facility location,
    greedily: Nemhauser et al. 1978). *leave_out* holds ids of papers.
    """
    if not edition.cards:
        return []
    likeness = _likeness(edition.pool)
    free = ~np.isin(edition.paper_ids[:CONSIDERED], list(leave_out))
    covered = np.zeros(len(likeness), np.float32)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        gain = np.maximum(likeness - covered[:, None], 0).sum(axis=0)
        best = int(np.argmax(np.where(free, gain, -1)))
        chosen.append(best)
        free[best] = False
        covered = np.maximum(covered, likeness[:, best])
    return chosen


@lru_cache(maxsize=2)
def _likeness(pool: Pool) -> npt.NDArray[np.float32]:
    """
    Return how much the papers' rarer words agree, shape (papers, papers).

    Not the pool's space: a page waits for this, and it is there in a tenth of the time.
    """
    # Only where a page asks for it: this takes longer to import than all else.
    from sklearn.preprocessing import normalize  # noqa: PLC0415

    counts = _words().transform(f"{text.title} {text.abstract}" for text in pool.texts[:CONSIDERED])
    papers = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity = np.log((1 + counts.shape[0]) / (1 + papers)) + 1
    rows = normalize(counts.multiply(rarity.astype(np.float32)).tocsr())
    return np.asarray((rows @ rows.T).toarray(), np.float32)


@cache
def _words() -> Any:  # noqa: ANN401  it has no types
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415

    return HashingVectorizer(
        n_features=2**15, alternate_sign=False, norm=None, stop_words="english", dtype=np.float32
    )

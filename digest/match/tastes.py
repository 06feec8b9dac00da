"""Tastes: what readers wrote, liked and disliked, as the space of one pool sees it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.match import closeness
from digest.match.closeness import Closeness
from digest.match.interests import Rated, Reader
from digest.pool import Pool
from digest.space import Vectors

Array = npt.NDArray[np.float32]

_KEPT_TEXTS = 2_000
_KEPT_RATED = 20_000


class Tastes:
    """What single readers wrote, liked and disliked, as the space of one pool sees it."""

    def __init__(self, pool: Pool) -> None:
        self._space = pool.space
        self.to_words = lru_cache(_KEPT_TEXTS)(self._to_words)
        self._vectors = lru_cache(_KEPT_RATED)(self._one)

    def said(self, reader: Reader) -> Closeness | None:
        """Return how close each paper is to what *reader* wrote, if they did."""
        return self.to_words(reader.about) if reader.about.strip() else None

    def rated(self, paper_ids: Sequence[int], rated: Mapping[int, Rated]) -> Closeness | None:
        """Return how close each paper is to those, if any of them is known."""
        rows = self.rows(paper_ids, rated)
        return closeness.to_papers(self._space, rows) if rows else None

    def to_each(self, liked: Vectors) -> Array:
        return closeness.to_each(self._space, liked)

    def rows(self, paper_ids: Sequence[int], rated: Mapping[int, Rated]) -> Vectors | None:
        """Return the rated papers as vectors; None if none of them is known."""
        found = [self._vectors(rated[paper_id]) for paper_id in paper_ids if paper_id in rated]
        if not found:
            return None
        return Vectors(
            sparse.csr_array(sparse.vstack([each.exact for each in found], format="csr")),
            np.vstack([each.latent for each in found]),
        )

    def _to_words(self, text: str) -> Closeness:
        return closeness.to_words(self._space, text)

    def _one(self, paper: Rated) -> Vectors:
        return self._space.of_papers([paper])


@lru_cache(maxsize=2)
def tastes(pool: Pool) -> Tastes:
    """Return the tastes by *pool*, kept while it is one of the last two asked for."""
    return Tastes(pool)

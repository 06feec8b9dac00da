"""Tokens: the words of many papers as numbers, which all features are counted from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.topics.terms import words

Numbers = npt.NDArray[np.int64]
Rows = sparse.csr_array


@dataclass(frozen=True)
class Tokens:
    """Papers as runs of word numbers: each one's title, then its abstract."""

    vocabulary: list[str]
    """The words, in the order of their numbers."""
    flat: Numbers
    """All words of all texts, one text behind the other."""
    text: Numbers
    """The text that each is in: paper n has 2n, its title, and 2n + 1, its abstract."""
    papers: int

    @property
    def paper(self) -> Numbers:
        return self.text // 2

    @property
    def in_title(self) -> npt.NDArray[np.bool_]:
        return np.equal(self.text % 2, 0)

    def sample(self, papers: int) -> "Tokens":
        """Return about so many of the *papers*, evenly spread; the others are empty."""
        chosen = self.paper % max(self.papers // papers, 1) == 0
        return replace(self, flat=self.flat[chosen], text=self.text[chosen])


def tokenized(papers: Sequence[tuple[str, str]]) -> Tokens:
    """Return the words of *papers*, which are titles and abstracts."""
    numbers: dict[str, int] = {}
    flat: list[int] = []
    lengths: list[int] = []
    for paper in papers:
        for text in paper:
            found = words(text)
            lengths.append(len(found))
            flat += [numbers.setdefault(word, len(numbers)) for word in found]
    return Tokens(
        vocabulary=list(numbers),
        flat=np.array(flat, np.int64),
        text=np.repeat(np.arange(len(lengths)), lengths),
        papers=len(papers),
    )


def counted(
    rows: Numbers, columns: Numbers, weights: npt.NDArray[np.float32], shape: tuple[int, int]
) -> Rows:
    """Return the sums of *weights* by row and column: a matrix with sorted columns."""
    # By hand: scipy sums doubles row by row in a slower way, and this is most of the serving.
    keys = rows * shape[1] + columns
    order = np.argsort(keys, kind="stable")
    keys, weights = keys[order], weights[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    sums = np.add.reduceat(weights, first) if len(first) else weights
    keys = keys[first]
    ends = np.searchsorted(keys, np.arange(shape[0] + 1) * shape[1])
    return sparse.csr_array((sums, keys % shape[1], ends), shape=shape)

"""The space of one set of papers: exact terms, and latent dimensions beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.space.background import Background, shipped
from digest.space.stems import stems

TITLE_WEIGHT = 3
"""A term in the title counts as often as this many in the abstract."""

OWN_DIMENSIONS = 100
"""Latent dimensions of the papers at hand, beside those of the background."""

BORROWED = 50
"""As many papers of the background join in the count of how rare a term is: a few papers at
hand say little of that, and many soon outweigh them."""

FEW = 30
"""Fewer papers say little of what is usual: as many as are missing count as far from all."""

_NOISE = 1e-3
"""Shorter than this is only what rounding leaves."""

_FRAME = "am want interested interests work works working field area topics papers"
"""What is said around what is sought: "I work on ...", "papers about ..."."""

Array = npt.NDArray[np.float32]


class Text(NamedTuple):
    """A paper, as far as the space reads it."""

    title: str
    abstract: str


@dataclass(frozen=True, slots=True)
class Vectors:
    """Texts as a space sees them, one row a text."""

    exact: sparse.csr_array
    """TF-IDF weights, shape (texts, terms), each row of length 1, or 0 without known terms."""
    latent: Array
    """Shape (texts, dimensions): two halves of length 1 each, the background's and the own."""


class Space:
    """
    Papers as vectors: TF-IDF over their stems, and where these lie in two latent spaces.

    How rare a term is, is counted over these papers. One latent space is the background's, the
    other the truncated SVD of these papers; what they all have in common is taken out.
    """

    def __init__(self, papers: Sequence[Text], background: Background | None = None) -> None:
        self._background = background or shipped()
        counted = [_counts(paper) for paper in papers]
        # With the background's terms a text may be close by words that no paper at hand has.
        others = set().union(*counted).difference(self._background.stems)
        self.terms = [*self._background.stems, *sorted(others)]
        self._place = {term: n for n, term in enumerate(self.terms)}
        rows = self._rows(counted)
        self._rarity = self._rarities(rows)
        exact = self._weighed(rows)
        self._own = _own_directions(exact)
        latent = self._project(exact)
        count = max(FEW, len(papers))
        self._middle: Array = latent.sum(axis=0) / count
        self.papers = Vectors(exact, self.unit(latent - self._middle))
        self.bias: Array = np.asarray(exact.sum(axis=0) / count, np.float32)
        """What the papers' exact rows have in common: their mean, shape (terms,)."""

    def of_papers(self, papers: Sequence[Text]) -> Vectors:
        """Return other papers as this space sees them."""
        exact = self._weighed(self._rows([_counts(paper) for paper in papers]))
        latent = self._project(exact) - self._middle
        return Vectors(exact, self.unit(latent))

    def of_query(self, text: str) -> Vectors:
        """Return *text*, which is no paper but says what is sought, as this space sees it."""
        sought = {term: n for term, n in _counts(Text("", text)).items() if term not in _frame()}
        exact = self._weighed(self._rows([sought]))
        return Vectors(exact, self.unit(self._project(exact)))

    def unit(self, latent: Array) -> Array:
        """Return *latent* rows with both halves of length 1."""
        own = latent[:, self._background.dimensions :]
        return np.hstack([_of_length_1(self.meaning(latent)), _of_length_1(own)])

    def meaning(self, latent: Array) -> Array:
        """Return the background's half of *latent* rows: one word in common is not much there."""
        return latent[:, : self._background.dimensions]

    def cosines(self, latent: Array) -> tuple[Array, Array]:
        """
        Return those of each paper with *latent*, in the background's half and in the own.

        For a row their shape is (papers,), for several (rows, papers).
        """
        split, papers = self._background.dimensions, self.papers.latent
        return latent[..., :split] @ papers[:, :split].T, latent[..., split:] @ papers[:, split:].T

    @cached_property
    def usual(self) -> Array:
        """How much each paper has of what all of them share, shape (papers,)."""
        return np.asarray(self.papers.exact @ self.bias, np.float32)

    @cached_property
    def holds(self) -> sparse.csr_array:
        """Which terms each paper has, 1 or absent, shape (papers, terms)."""
        exact = self.papers.exact
        return sparse.csr_array(
            (np.ones_like(exact.data), exact.indices, exact.indptr), shape=exact.shape
        )

    def row(self, place: int) -> tuple[npt.NDArray[np.int32], Array]:
        """Return the terms of the paper in this place, and their exact weights."""
        exact = self.papers.exact
        own = slice(exact.indptr[place], exact.indptr[place + 1])
        return exact.indices[own], exact.data[own]

    @cached_property
    def likeness(self) -> Array:
        """How alike the papers are, shape (papers, papers), from about 0 to 1."""
        exact = (self.papers.exact @ self.papers.exact.T).toarray()
        latent = self.papers.latent @ self.papers.latent.T
        return np.asarray((exact + latent / 2) / 2, np.float32)

    def _rows(self, counted: Sequence[dict[str, int]]) -> sparse.csr_array:
        """Return the counts of known terms as rows, shape (texts, terms)."""
        known = [
            [(self._place[term], count) for term, count in each.items() if term in self._place]
            for each in counted
        ]
        ends = np.cumsum([0, *(len(row) for row in known)], dtype=np.int32)
        flat = np.array([pair for row in known for pair in row], np.int32).reshape(-1, 2)
        return sparse.csr_array(
            (flat[:, 1].astype(np.float32), flat[:, 0], ends),
            shape=(len(counted), len(self.terms)),
        )

    def _rarities(self, rows: sparse.csr_array) -> Array:
        in_papers = np.bincount(rows.indices, minlength=len(self.terms))
        known = self._background.in_papers
        # A term that the background does not know is as rare as can be there.
        joined = np.pad(known, (0, len(self.terms) - len(known)), constant_values=1)
        borrowed = joined * (BORROWED / self._background.papers)
        rarity = np.log((1 + rows.shape[0] + BORROWED) / (1 + in_papers + borrowed)) + 1
        return rarity.astype(np.float32)

    def _weighed(self, rows: sparse.csr_array) -> sparse.csr_array:
        weights = (1 + np.log(rows.data)) * self._rarity[rows.indices]
        row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        length = np.sqrt(np.bincount(row, weights**2, minlength=rows.shape[0]))
        data = (weights / length[row]).astype(np.float32)
        return sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)

    def _project(self, exact: sparse.csr_array) -> Array:
        directions = self._background.directions
        return np.hstack([exact[:, : len(directions)] @ directions, exact @ self._own])


def warm_up() -> None:
    """Import now what the first space would have to wait for: a second, and much memory."""
    import sklearn.utils.extmath  # noqa: F401, PLC0415

    _frame()


@cache
def _frame() -> frozenset[str]:
    return frozenset(stems(_FRAME))


def _counts(paper: Text) -> dict[str, int]:
    counts: dict[str, int] = {}
    for term in stems(paper.title) * TITLE_WEIGHT + stems(paper.abstract):
        counts[term] = counts.get(term, 0) + 1
    return counts


def _own_directions(exact: sparse.csr_array) -> Array:
    dimensions = min(OWN_DIMENSIONS, min(exact.shape) - 1)
    if dimensions < 1:
        return np.zeros((exact.shape[1], 0), np.float32)
    # Only where a space is made: most commands make none, and would wait a second for it.
    from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415

    _, strength, components = randomized_svd(exact, dimensions, n_iter=3, random_state=0)
    # Papers that say the same have fewer directions than rows; the others are noise.
    return np.asarray(components[strength > _NOISE].T, np.float32)


def _of_length_1(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, _NOISE), np.float32)

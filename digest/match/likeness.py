"""How close papers are to those that readers liked and disliked, for a block of readers at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.match.closeness import Array, Closeness, Flags, standing_out, weights_at
from digest.space import Space, Text

LIKED_LATENT = 0.5
"""What a cosine in each latent half counts beside one of the exact terms: papers that were liked
tell more by what they have in common than a few words do."""

NEAREST = 3
"""A reader may have liked papers of several kinds: the nearest of them count as much as the mean
of all."""

LIKED_MEANT = 0.2
"""The least cosine in the background's half that is no chance; chosen by reading."""

LIKED_TERMS, TERMS_STAND_OUT = 0.08, 1.5
"""The least cosine of exact terms with a liked paper, as papers of other fields stay below, and
by how many standard deviations it has to stand out."""

NEAR = 2.0
"""A liked paper is counted in a reason if the picked one stands out among all by so many standard
deviations in being like it."""

ITSELF = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A paper that a reader rated, as a space sees it; it need not be one of its papers."""

    terms: npt.NDArray[np.int32]
    """In ascending order."""
    weights: Array
    latent: Array
    usual: float
    """How much it has of what the space's papers share."""
    exact: Array
    """Its cosine of exact terms with each paper, shape (papers,)."""
    alike: Array
    """The same with both latent halves, shape (papers,)."""
    shares: Flags
    """Which papers share enough of its terms, shape (papers,)."""
    near: Flags
    """Which of these stand out in being like it, shape (papers,)."""

    def at(self, terms: npt.NDArray[np.int32]) -> Array:
        """Return its weights of *terms*, 0 for those that it has not."""
        return weights_at(terms, self.terms, self.weights)


def seen(space: Space, papers: Sequence[Text]) -> list[Seen]:
    """Return rated *papers* with what they have in common with those of *space*."""
    found = space.of_papers(papers)
    found.exact.sort_indices()
    exact = (space.papers.exact @ found.exact.T).toarray().T.astype(np.float32)
    alike = exact + LIKED_LATENT * (found.latent @ space.papers.latent.T)
    # Beside the paper itself nothing would stand out.
    others = exact < ITSELF
    shares = exact >= LIKED_TERMS
    shares &= standing_out(exact, others) >= TERMS_STAND_OUT
    shares &= space.cosines(found.latent)[0] >= LIKED_MEANT
    near = shares & (standing_out(alike, others) >= NEAR)
    usual = found.exact @ space.bias
    ends = found.exact.indptr
    return [
        Seen(
            terms=found.exact.indices[ends[n] : ends[n + 1]],
            weights=found.exact.data[ends[n] : ends[n + 1]],
            latent=found.latent[n],
            usual=float(usual[n]),
            exact=exact[n],
            alike=alike[n],
            shares=shares[n],
            near=near[n],
        )
        for n in range(len(papers))
    ]


def to_seen(space: Space, rated: Sequence[Sequence[Seen]]) -> Closeness:
    """
    Return how close the papers are to those that each reader *rated*, at least one each.

    The mean of the rated ones without what all papers share: within a few papers of what a linear
    SVM trained for each reader ranks first, at a small part of its cost (docs/matching.md).
    """
    each = list(dict.fromkeys(chain.from_iterable(rated)))
    rows = _side_by_side(rated, {paper: n for n, paper in enumerate(each)})
    mean = _mean(rows, len(each))
    exact = mean @ np.array([paper.exact for paper in each])
    shares = mean @ np.array([paper.shares for paper in each], np.float32) > 0
    middle = space.unit(mean @ np.array([paper.latent for paper in each]))
    meaning, own = space.cosines(middle)
    scores = (exact - space.usual) / _lengths(space, each, mean)[:, None]
    scores += LIKED_LATENT * (meaning + own)
    scores += _nearest(rows, np.array([paper.alike for paper in each]))
    return Closeness(scores, np.where(shares, meaning / np.float32(LIKED_MEANT), np.float32(0)))


def in_common(space: Space, papers: Sequence[Seen], place: int) -> Array:
    """
    Return what rated *papers* weigh on average at each term of the paper in *place*.

    Less what is usual there, and 0 for a term that most of them have not.
    """
    terms, _ = space.row(place)
    weights = np.array([paper.at(terms) for paper in papers])
    most = np.count_nonzero(weights, axis=0) * 2 > len(papers)
    return np.where(most, weights.mean(axis=0) - space.bias[terms], np.float32(0))


def _side_by_side(rated: Sequence[Sequence[Seen]], place: dict[Seen, int]) -> npt.NDArray[np.int32]:
    """Return the places of what each reader rated, -1 after the last."""
    rows = np.full((len(rated), max(map(len, rated))), -1, np.int32)
    for n, papers in enumerate(rated):
        rows[n, : len(papers)] = [place[paper] for paper in papers]
    return rows


def _mean(rows: npt.NDArray[np.int32], papers: int) -> sparse.csr_array:
    """Return what each reader's mean is made of, shape (readers, papers)."""
    counts = (rows >= 0).sum(axis=1)
    parts = np.repeat(1 / counts, counts).astype(np.float32)
    ends = np.cumsum([0, *counts])
    return sparse.csr_array((parts, rows[rows >= 0], ends), shape=(len(rows), papers))


def _lengths(space: Space, each: Sequence[Seen], mean: sparse.csr_array) -> Array:
    """Return how long each reader's mean is without what all papers share, shape (readers,)."""
    ends = np.cumsum([0, *(len(paper.terms) for paper in each)])
    terms = sparse.csr_array(
        (
            np.concatenate([paper.weights for paper in each]),
            np.concatenate([paper.terms for paper in each]),
            ends,
        ),
        shape=(len(each), len(space.terms)),
    )
    rows = mean @ terms
    whose = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    squares = np.bincount(whose, rows.data.astype(np.float64) ** 2, minlength=rows.shape[0])
    usual = mean @ np.array([paper.usual for paper in each])
    squares += float(space.bias @ space.bias) - 2 * usual
    return np.sqrt(np.maximum(squares, 1e-18)).astype(np.float32)


def _nearest(rows: npt.NDArray[np.int32], alike: Array) -> Array:
    """Return how alike the papers are to the nearest few of each reader's, as their mean."""
    few = np.minimum((rows >= 0).sum(axis=1), NEAREST)
    ranks = np.full((NEAREST, len(rows), alike.shape[1]), -np.inf, np.float32)
    for column in rows.T:
        readers = np.flatnonzero(column >= 0)
        left = alike[column[readers]]
        for rank in ranks:
            best = rank[readers]
            rank[readers] = np.maximum(best, left)
            left = np.minimum(best, left)
    ranks[np.arange(NEAREST)[:, None] >= few] = 0
    return np.asarray(ranks.sum(axis=0) / few[:, None].astype(np.float32))

"""How close papers are to what a reader wrote, in the pool's vector space."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digest.space import FEW, Space

Array = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

SAID_LATENT = 0.25
"""What a cosine in each latent half counts beside one of the exact terms: a few words are best
taken at their word."""

FEEDBACK_PAPERS = 5
FEEDBACK, FEEDBACK_LATENT = 0.5, 0.3
"""How far the first papers that a text finds widen it (Rocchio 1971, without being asked)."""

SAID_MEANT = 0.25
"""The least cosine in the background's half that is no chance. Where no paper is about what was
asked for, those still stand out that have a rare word of it; chosen by reading."""

SAID_SHARE, SAID_ALONE = 0.1, 0.3
"""The least part of what was written (its squared weights) that a paper close to it holds, and
the least if that is a single word: else a reason could name no word of the reader's."""

TERMS_STAND_OUT = 1.5
"""By how many standard deviations the exact terms in common have to stand out."""


@dataclass(frozen=True, slots=True)
class Closeness:
    """How close each paper is, for one reader or for several."""

    scores: Array
    """Shape (..., papers); only their order and their spread mean something."""
    meant: Array
    """How close in meaning, shape (..., papers): below 1 it is a word in common, and chance."""


@dataclass(frozen=True, slots=True)
class Said:
    """How close each paper is to a text, and what made it so."""

    closeness: Closeness
    terms: npt.NDArray[np.int32]
    """What was asked for, in ascending order: dense, thousands of texts would be hundreds of MB."""
    weights: Array

    def at(self, terms: npt.NDArray[np.int32]) -> Array:
        """Return what was asked for of *terms*, as weights."""
        return weights_at(terms, self.terms, self.weights)


def weights_at(
    wanted: npt.NDArray[np.int32], terms: npt.NDArray[np.int32], weights: Array
) -> Array:
    """Return the *weights* of the *wanted* among *terms*, which ascend; 0 for all others."""
    if not len(terms):
        return np.zeros(len(wanted), np.float32)
    places = np.minimum(np.searchsorted(terms, wanted), len(terms) - 1)
    return np.where(terms[places] == wanted, weights[places], np.float32(0))


def to_words(space: Space, text: str) -> Said:
    """Return how close the papers are to *text*, widened by the first papers that it finds."""
    said = space.of_query(text)
    said.exact.sort_indices()
    own, weights = said.exact.indices, said.exact.data
    term, latent = said.exact.toarray()[0], said.latent
    found = _close(space, term, latent[0])
    meant = np.where(_answers(space, term), space.cosines(latent[0])[0] / SAID_MEANT, 0)
    first = np.argsort(-found, kind="stable")[:FEEDBACK_PAPERS]
    weight = np.maximum(found[first], 0)
    if not weight.sum():
        return Said(Closeness(found, meant.astype(np.float32)), own, weights)
    weight = weight / weight.sum()
    widening = weight @ space.papers.exact[first] - space.bias
    wide = space.unit(
        latent + FEEDBACK_LATENT * space.unit(weight[None] @ space.papers.latent[first])
    )
    scores = _close(space, _unit(term + FEEDBACK * _unit(widening)), wide[0])
    return Said(Closeness(scores, meant.astype(np.float32)), own, weights)


def _close(space: Space, term: Array, latent: Array) -> Array:
    meaning, own = space.cosines(latent)
    return np.asarray(space.papers.exact @ term + SAID_LATENT * (meaning + own), np.float32)


def _answers(space: Space, term: Array) -> Flags:
    """Return which papers hold enough of the terms that were written, shape (papers,)."""
    share = space.holds @ (term * term)
    several = space.holds @ (term > 0).astype(np.float32) > 1
    exact = np.asarray(space.papers.exact @ term, np.float32)
    stand_out = standing_out(exact, np.ones(len(exact), np.bool_)) >= TERMS_STAND_OUT
    return np.asarray(stand_out & ((share >= SAID_ALONE) | (several & (share >= SAID_SHARE))))


def standing_out(scores: Array, among: Flags) -> Array:
    """
    Return *scores* in standard deviations above what is usual, of the same shape (..., papers).

    Usual are the papers *among* them, a flag for each, for all rows alike or row by row.
    """
    usual = np.where(among, scores, 0).astype(np.float64)
    count = np.maximum(among.sum(axis=-1, keepdims=True), FEW)
    mean = usual.sum(axis=-1, keepdims=True) / count
    spread = np.sqrt(np.maximum((usual * usual).sum(axis=-1, keepdims=True) / count - mean**2, 0))
    above = (scores - mean) / np.maximum(spread, 1e-6)
    return np.where(spread > 1e-6, above, 0).astype(np.float32)  # noqa: PLR2004


def _unit(term: Array) -> Array:
    return term / max(float(np.linalg.norm(term)), 1e-9)

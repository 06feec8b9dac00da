"""How close papers are to what a reader wrote, liked and disliked, in the pool's vector space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digest.space import FEW, Space, Text, Vectors

Array = npt.NDArray[np.float32]

SAID_LATENT, LIKED_LATENT = 0.25, 0.5
"""What a cosine in each latent half counts beside one of the exact terms: a few words are best
taken at their word, while papers that were liked tell more by what they have in common."""

SAID_BESIDE_LIKED = 0.5
FEEDBACK_PAPERS = 5
FEEDBACK, FEEDBACK_LATENT = 0.5, 0.3
"""How far the first papers that a text finds widen it (Rocchio 1971, without being asked)."""

NEAREST = 3
"""A reader may have liked papers of several kinds: the nearest of them count as much as the mean
of all."""

SAID_MEANT, LIKED_MEANT = 0.25, 0.2
"""The least cosine in the background's half that is no chance. Where no paper is about what was
asked for, those still stand out that have a rare word of it; chosen by reading."""

SAID_SHARE, SAID_ALONE = 0.1, 0.3
"""The least part of what was written (its squared weights) that a paper close to it holds, and
the least if that is a single word: else a reason could name no word of the reader's."""

LIKED_TERMS, TERMS_STAND_OUT = 0.08, 1.5
"""The least cosine of exact terms with a liked paper, as papers of other fields stay below, and
by how many standard deviations it has to stand out."""

NEAR = 2.0
"""A liked paper is counted in a reason if the picked one stands out among all by so many standard
deviations in being like it."""

ITSELF = 0.999


@dataclass(frozen=True, slots=True)
class Closeness:
    """How close each paper is, and what made it so."""

    scores: Array
    """Shape (papers,); only their order and their spread mean something."""
    meant: Array
    """How close in meaning, shape (papers,): below 1 it is a word in common, and chance."""
    direction: Array
    """The terms that were asked for, as weights, shape (terms,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A paper that a reader rated, as a space sees it; it need not be one of its papers."""

    terms: npt.NDArray[np.int32]
    weights: Array
    latent: Array
    exact: Array
    """Its cosine of exact terms with each paper, shape (papers,)."""
    alike: Array
    """The same with both latent halves, shape (papers,)."""
    shares: npt.NDArray[np.bool_]
    """Which papers share enough of its terms, shape (papers,)."""
    near: npt.NDArray[np.bool_]
    """Which of these stand out in being like it, shape (papers,)."""


def to_words(space: Space, text: str) -> Closeness:
    """Return how close the papers are to *text*, widened by the first papers that it finds."""
    said = space.of_query(text)
    term, latent = said.exact.toarray()[0], said.latent
    found = _close(space, term, latent[0])
    meant = np.where(_answers(space, term), space.cosines(latent[0])[0] / SAID_MEANT, 0)
    first = np.argsort(-found, kind="stable")[:FEEDBACK_PAPERS]
    weight = np.maximum(found[first], 0)
    if not weight.sum():
        return Closeness(found, meant.astype(np.float32), term)
    weight = weight / weight.sum()
    widening = weight @ space.papers.exact[first] - space.bias
    wide = space.unit(
        latent + FEEDBACK_LATENT * space.unit(weight[None] @ space.papers.latent[first])
    )
    scores = _close(space, _unit(term + FEEDBACK * _unit(widening)), wide[0])
    return Closeness(scores, meant.astype(np.float32), term)


def _close(space: Space, term: Array, latent: Array) -> Array:
    meaning, own = space.cosines(latent)
    return np.asarray(space.papers.exact @ term + SAID_LATENT * (meaning + own), np.float32)


def _answers(space: Space, term: Array) -> npt.NDArray[np.bool_]:
    """Return which papers hold enough of the terms that were written, shape (papers,)."""
    share = space.holds @ (term * term)
    several = space.holds @ (term > 0).astype(np.float32) > 1
    exact = np.asarray(space.papers.exact @ term, np.float32)
    stand_out = standing_out(exact, np.ones(len(exact), np.bool_)) >= TERMS_STAND_OUT
    return np.asarray(stand_out & ((share >= SAID_ALONE) | (several & (share >= SAID_SHARE))))


def to_papers(space: Space, liked: Vectors) -> Closeness:
    """
    Return how close the papers are to those that were *liked*.

    The mean of the liked ones without what all papers share: within a few papers of what a linear
    SVM trained for each reader ranks first, at a small part of its cost (docs/matching.md).
    """
    found = to_seen(space, _each(space, liked))
    assert found  # noqa: S101  some are liked
    return found


def to_seen(space: Space, liked: Sequence[Seen]) -> Closeness | None:
    """Return the same for papers that were seen before; None without any."""
    if not liked:
        return None
    direction = away(space, liked)
    length = max(float(np.linalg.norm(direction)), 1e-9)
    exact = np.array([each.exact for each in liked])
    shares = np.any([each.shares for each in liked], axis=0)
    middle = space.unit(np.mean([each.latent for each in liked], axis=0, keepdims=True))[0]
    meaning, own = space.cosines(middle)
    scores = (exact.mean(axis=0) - space.usual) / length + LIKED_LATENT * (meaning + own)
    return Closeness(
        scores=scores + nearest(np.array([each.alike for each in liked])),
        meant=np.where(shares, meaning / LIKED_MEANT, 0).astype(np.float32),
        direction=direction / length,
    )


def seen(space: Space, paper: Text) -> Seen:
    """Return a rated *paper* with what it has in common with those of *space*."""
    [found] = _each(space, space.of_papers([paper]))
    return found


def _each(space: Space, papers: Vectors) -> list[Seen]:
    exact = (space.papers.exact @ papers.exact.T).toarray().T.astype(np.float32)
    alike = exact + LIKED_LATENT * (papers.latent @ space.papers.latent.T)
    ends = papers.exact.indptr
    found = []
    for n in range(len(papers.latent)):
        own = slice(ends[n], ends[n + 1])
        # Beside the paper itself nothing would stand out.
        others = exact[n] < ITSELF
        shares = exact[n] >= LIKED_TERMS
        shares &= standing_out(exact[n], others) >= TERMS_STAND_OUT
        shares &= space.cosines(papers.latent[n])[0] >= LIKED_MEANT
        found.append(
            Seen(
                terms=papers.exact.indices[own],
                weights=papers.exact.data[own],
                latent=papers.latent[n],
                exact=exact[n],
                alike=alike[n],
                shares=shares,
                near=shares & (standing_out(alike[n], others) >= NEAR),
            )
        )
    return found


def away(space: Space, papers: Sequence[Seen]) -> Array:
    """Return the mean of the papers' exact rows without what all papers share."""
    terms = np.concatenate([each.terms for each in papers])
    weights = np.concatenate([each.weights for each in papers])
    total = np.bincount(terms, weights, minlength=len(space.terms))
    return np.asarray(total / len(papers) - space.bias, np.float32)


def in_common(space: Space, papers: Sequence[Seen]) -> Array:
    """Return the same of the terms that most of the papers have, 0 for others."""
    terms = np.concatenate([each.terms for each in papers])
    most = np.bincount(terms, minlength=len(space.terms)) * 2 > len(papers)
    return np.where(most, away(space, papers), 0)


def nearest(each: Array) -> Array:
    """Return the mean of the closest few, of shape (liked, papers)."""
    few = min(NEAREST, len(each))
    return np.asarray(np.partition(each, len(each) - few, axis=0)[-few:].mean(axis=0))


def together(said: Closeness | None, liked: Closeness | None) -> Closeness | None:
    """Return the sum of both, as far as there are both; it is meant where one of them is."""
    if said is None or liked is None:
        return said or liked
    return Closeness(
        SAID_BESIDE_LIKED * said.scores + liked.scores,
        np.maximum(said.meant, liked.meant),
        SAID_BESIDE_LIKED * said.direction + liked.direction,
    )


def standing_out(scores: Array, among: npt.NDArray[np.bool_]) -> Array:
    """
    Return *scores* in standard deviations above what is usual, of the same shape (..., papers).

    Usual are the papers *among* them.
    """
    usual = scores[..., among].astype(np.float64)
    count = max(usual.shape[-1], FEW)
    mean = usual.sum(axis=-1, keepdims=True) / count
    spread = np.sqrt(np.maximum((usual * usual).sum(axis=-1, keepdims=True) / count - mean**2, 0))
    above = (scores - mean) / np.maximum(spread, 1e-6)
    return np.where(spread > 1e-6, above, 0).astype(np.float32)  # noqa: PLR2004


def _unit(term: Array) -> Array:
    return term / max(float(np.linalg.norm(term)), 1e-9)

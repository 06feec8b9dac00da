"""How close papers are to what a reader wrote, liked and disliked, in the pool's vector space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digest.space import Space, Vectors

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


@dataclass(frozen=True, slots=True)
class Closeness:
    """How close each paper is, and what made it so."""

    scores: Array
    """Shape (papers,); only their order and their spread mean something."""
    meant: Array
    """How close in meaning, shape (papers,): below 1 it is a word in common, and chance."""
    direction: Array
    """The weights of terms in it, shape (terms,)."""


def to_words(space: Space, text: str) -> Closeness:
    """Return how close the papers are to *text*, widened by the first papers that it finds."""
    said = space.of_query(text)
    term, latent = said.exact.toarray()[0], said.latent
    found = _close(space, term, latent)
    meant = _meant(space, latent[0], SAID_MEANT)
    first = np.argsort(-found, kind="stable")[:FEEDBACK_PAPERS]
    weight = np.maximum(found[first], 0)
    if not weight.sum():
        return Closeness(found, meant, term)
    weight = weight / weight.sum()
    widening = weight @ space.papers.exact[first] - space.bias
    term = term + FEEDBACK * _unit(widening)
    latent = space.unit(
        latent + FEEDBACK_LATENT * space.unit(weight[None] @ space.papers.latent[first])
    )
    return Closeness(_close(space, _unit(term), latent), meant, _unit(term))


def _meant(space: Space, latent: Array, least: float) -> Array:
    papers, sought = space.meaning(space.papers.latent), space.meaning(latent[None])[0]
    return np.asarray(papers @ sought / least, np.float32)


def _close(space: Space, term: Array, latent: Array) -> Array:
    papers = space.papers
    return np.asarray(papers.exact @ term + SAID_LATENT * (papers.latent @ latent[0]), np.float32)


def to_papers(space: Space, liked: Vectors) -> Closeness:
    """
    Return how close the papers are to those that were *liked*.

    The mean of the liked ones without what all papers share: within a few papers of what a linear
    SVM trained for each reader ranks first, at a small part of its cost (docs/matching.md).
    """
    papers = space.papers
    direction = _unit(np.asarray(liked.exact.mean(axis=0), np.float32) - space.bias)
    middle = space.unit(liked.latent.mean(axis=0, keepdims=True))[0]
    mean = papers.exact @ direction + LIKED_LATENT * (papers.latent @ middle)
    scores = np.asarray(mean + nearest(to_each(space, liked)), np.float32)
    return Closeness(scores, _meant(space, middle, LIKED_MEANT), direction)


def to_each(space: Space, liked: Vectors) -> Array:
    """Return how close the papers are to each of *liked*, shape (papers, liked)."""
    exact = (space.papers.exact @ liked.exact.T).toarray()
    return np.asarray(exact + LIKED_LATENT * (space.papers.latent @ liked.latent.T), np.float32)


def nearest(each: Array) -> Array:
    """Return the mean of the closest few, shape (papers,)."""
    few = min(NEAREST, each.shape[1])
    return np.asarray(np.partition(each, each.shape[1] - few, axis=1)[:, -few:].mean(axis=1))


def together(parts: Sequence[Closeness]) -> Closeness:
    """Return the sum of *parts*, which is meant where one of them is."""
    return Closeness(
        np.sum([part.scores for part in parts], axis=0),
        np.max([part.meant for part in parts], axis=0),
        np.sum([part.direction for part in parts], axis=0),
    )


def weighed(part: Closeness, weight: float) -> Closeness:
    scores, direction = part.scores * np.float32(weight), part.direction * np.float32(weight)
    return Closeness(scores, part.meant, direction)


def standing_out(scores: Array, among: npt.NDArray[np.bool_]) -> Array:
    """Return *scores* in standard deviations above the mean of those *among*, shape (papers,)."""
    usual = scores[among]
    spread = usual.std() if len(usual) else 0.0
    return (scores - usual.mean()) / spread if spread > 1e-9 else np.zeros_like(scores)  # noqa: PLR2004


def _unit(term: Array) -> Array:
    return term / max(float(np.linalg.norm(term)), 1e-9)

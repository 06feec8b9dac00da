"""Categories: learn which arXiv category is a paper's primary one, with honest probabilities."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from digest.topics import descent
from digest.topics.descent import Doubles, Floats, Line, Tick
from digest.topics.examples import Example, at, days
from digest.topics.minimum import lowest
from digest.topics.tokens import Rows

FEWEST = 20
"""A category with fewer papers than this is not learnt."""
HALF_LIFE, LEAST_WEIGHT = 60, 0.1
"""Days after which a paper counts half, and what the oldest count: fields and mixes drift."""
SHARED = 0.15
"""The part of a paper that belongs to the categories where it is cross-listed."""
STRENGTH = 3.0
"""Of the pull of the categories' corrections to zero."""

Places = npt.NDArray[np.int64]


def names(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return the categories with enough papers of their own."""
    found = Counter(each.categories[0] for each in examples if each.categories)
    return tuple(sorted(name for name, papers in found.items() if papers >= FEWEST))


def places(examples: Sequence[Example], named: Sequence[str]) -> Places:
    """Return the place of each primary category among those *named*, -1 where it has none."""
    place = {name: number for number, name in enumerate(named)}
    return np.array(
        [place.get(each.categories[0], -1) if each.categories else -1 for each in examples],
        np.int64,
    )


def fit(rows: Rows, examples: Sequence[Example], named: Sequence[str], tick: Tick) -> Line:
    """Return a score for each category, softmax of which is how likely it is the primary one."""
    known = np.flatnonzero(places(examples, named) >= 0)
    learnt = at(examples, known)
    targets, weights = _targets(learnt, named), _weights(days(learnt))

    def residual(chosen: Places, scores: Floats) -> Floats:
        wrong = softmax(scores, axis=1) - targets[chosen]
        wrong *= weights[chosen, None]
        return wrong

    bias = np.zeros(len(named), np.float32)
    return descent.fit(rows[known], residual, bias, tick=tick)


@dataclass(frozen=True)
class Calibration:
    """What makes scores honest: how sharp they are, and a correction for each category."""

    sharpness: float
    corrections: Floats

    def __call__(self, scores: Floats) -> Floats:
        return np.float32(self.sharpness) * scores + self.corrections

    def of(self, line: Line) -> Line:
        """Return *line* with this calibration in its weights."""
        return Line(line.weights * np.float32(self.sharpness), self(line.bias))


def calibrate(scores: Floats, primary: Places) -> Calibration:
    """
    Return the calibration under which the categories of held-back papers are likeliest.

    Scores sharpened and shifted (vector scaling with one slope: Guo and others 2017), where the
    shifts are pulled to zero; those of the newest papers follow today's mix of categories.
    """
    sure, true = scores[primary >= 0].astype(np.float64), primary[primary >= 0]
    every = np.arange(len(true))
    if not len(true):
        return Calibration(1.0, np.zeros(scores.shape[1], np.float32))

    def surprise(guess: Doubles) -> tuple[float, Doubles]:
        sharpness, shifts = np.exp(guess[0]), guess[1:]
        likely = softmax(sharpness * sure + shifts, axis=1)
        told = np.log(np.maximum(likely[every, true], 1e-300)).sum()
        likely[every, true] -= 1
        slope = sharpness * (likely * sure).sum()
        pull = STRENGTH * (shifts @ shifts)
        gradient = np.concatenate([[slope], likely.sum(axis=0) + 2 * STRENGTH * shifts])
        return float(pull - told), gradient

    found = lowest(surprise, np.zeros(scores.shape[1] + 1))
    return Calibration(float(np.exp(found[0])), found[1:].astype(np.float32))


def crossed(scores: Floats, primary: Places) -> Floats:
    """Return probabilities of held-back papers, each calibrated by the other half of them."""
    likely = np.zeros_like(scores)
    half = np.random.default_rng(0).permutation(len(scores)) % 2
    for one in (0, 1):
        other = half != one
        calibration = calibrate(scores[other], primary[other])
        likely[~other] = softmax(calibration(scores[~other]), axis=1)
    return likely


def _targets(examples: Sequence[Example], named: Sequence[str]) -> Floats:
    place = {name: number for number, name in enumerate(named)}
    targets = np.zeros((len(examples), len(named)), np.float32)
    for row, each in enumerate(examples):
        others = [place[name] for name in each.categories[1:] if name in place]
        targets[row, place[each.categories[0]]] = 1 - SHARED * bool(others)
        targets[row, others] += SHARED / max(len(others), 1)
    return targets


def _weights(listed: npt.NDArray[np.int64]) -> Floats:
    weights = np.maximum(0.5 ** ((listed.max() - listed) / HALF_LIFE), LEAST_WEIGHT)
    return np.asarray(weights / weights.mean(), np.float32)

"""Naming: learn what papers are about from what their titles and keywords name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from digest.topics import descent
from digest.topics.descent import Doubles, Floats, Line, Tick
from digest.topics.evidence import Seeds
from digest.topics.features import STEM, Features
from digest.topics.minimum import lowest
from digest.topics.tokens import Rows, tokenized

RARE = -4.0
"""Log-odds at which learning begins: most topics are in few papers."""
FOLDS = 2
SAMPLE = 16_000
"""Papers from which the few parameters of the mixture are found; more change nothing."""
USUALLY, SELDOM = 1.0, -4.0
"""Log-odds that a title names a topic which the paper is about, and one which it is not."""
SURE = (1.0, 80.0, 200.0)
"""How strongly the topics' biases, *usually* and *seldom* are pulled to what they are before."""

Named = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Mixture:
    """
    How a paper's abstract tells a topic, and how its title does.

    A paper is about a topic with the probability expit(z); its title then names the topic with
    probability *usually*, and otherwise with *seldom* (labels that are positive or unknown, as
    in Elkan and Noto 2008, with some that are wrongly positive).
    """

    weights: Doubles
    """Of the two lines' scores, and of the uses and the number of seed terms; for all topics."""
    bias: Doubles
    """Shape (topics,)."""
    usually: Doubles
    seldom: Doubles


def masks(features: Features, seeds: Seeds) -> Named:
    """Return the columns that hold nothing but a topic's seed words, shape (columns, topics)."""
    place = {stem: number for number, stem in enumerate(features.stems)}
    of_seeds = np.zeros((len(place), seeds.topics), np.bool_)
    for term, topic in zip(seeds.terms, seeds.topic, strict=True):
        found = [place[word[:STEM]] for word in term if word[:STEM] in place]
        of_seeds[found, topic] = True
    first, second = np.divmod(features.pairs, len(place))
    return np.concatenate([of_seeds, of_seeds[first] & of_seeds[second]])


def fit(rows: Rows, named: Named, masked: Named | None, tick: Tick) -> tuple[Line, Floats]:
    """
    Return a line that tells from abstracts what titles name, and each paper's own score.

    The line is the mean of two, each from one half of the papers, and a paper's own score comes
    from the half that it is not in.
    """
    half = np.random.default_rng(0).integers(0, FOLDS, rows.shape[0])
    own = np.zeros(named.shape, np.float32)
    lines = []
    for fold in range(FOLDS):
        learnt, other = np.flatnonzero(half != fold), np.flatnonzero(half == fold)
        line = _line(rows[learnt], named[learnt].astype(np.float32), masked, tick)
        own[other] = line.scores(rows[other])
        lines.append(line)
    mean = Line(
        np.mean([line.weights for line in lines], axis=0),
        np.mean([line.bias for line in lines], axis=0),
    )
    return mean, own


def _line(rows: Rows, targets: Floats, masked: Named | None, tick: Tick) -> Line:
    def residual(chosen: npt.NDArray[np.int64], scores: Floats) -> Floats:
        return expit(scores) - targets[chosen]

    bias = np.full(targets.shape[1], RARE, np.float32)
    return descent.fit(rows, residual, bias, masked=masked, tick=tick)


def mixture(told: Floats, named: Named) -> Mixture:
    """Return the mixture under which the titles of a sample of papers are likeliest."""
    chosen = np.random.default_rng(0).permutation(len(told))[:SAMPLE]
    topics, kinds = told.shape[1:]
    fitting = _Fitting(told[chosen], named[chosen])
    ease = [np.full(topics, odds) for odds in (USUALLY, SELDOM)]
    start = np.concatenate([np.zeros(kinds), np.zeros(topics), *ease])
    weights, bias, usually, seldom = fitting.split(lowest(fitting.surprise, start))
    return Mixture(weights, bias, expit(usually), expit(seldom))


class _Fitting:
    """How surprising titles are under a mixture, and which way it is less so."""

    def __init__(self, told: Floats, named: Named) -> None:
        self._told, self._named = told, named.astype(np.float32)

    def split(self, guess: Doubles) -> list[Doubles]:
        topics, kinds = self._told.shape[1:]
        return np.split(guess, [kinds, kinds + topics, kinds + 2 * topics])

    def surprise(self, guess: Doubles) -> tuple[float, Doubles]:
        weights, bias, usually, seldom = self.split(guess)
        about = expit(self._told @ weights.astype(np.float32) + bias.astype(np.float32))
        often, rarely = expit(usually).astype(np.float32), expit(seldom).astype(np.float32)
        likely = np.clip(about * often + (1 - about) * rarely, 1e-7, 1 - 1e-7)
        wrong = (likely - self._named) / (likely * (1 - likely))
        by_score = wrong * (often - rarely) * about * (1 - about)
        away = (bias, usually - USUALLY, seldom - SELDOM)
        pulls = [sure * off for sure, off in zip(SURE, away, strict=True)]
        lost = -np.log(np.where(self._named > 0, likely, 1 - likely)).sum(dtype=np.float64)
        gradient = [
            np.einsum("ptk,pt->k", self._told, by_score),
            by_score.sum(axis=0) + pulls[0],
            (wrong * about).sum(axis=0) * often * (1 - often) + pulls[1],
            (wrong * (1 - about)).sum(axis=0) * rarely * (1 - rarely) + pulls[2],
        ]
        pulled = sum(float(pull @ off) for pull, off in zip(pulls, away, strict=True)) / 2
        return float(lost) + pulled, np.concatenate(gradient).astype(np.float64)


def by_keywords(seeds: Seeds, keywords: Sequence[Sequence[str]]) -> Named:
    """Return which topics papers' keywords name, shape (papers, topics)."""
    # A keyword must not run into the next one: each is a text of its own.
    flat = [("", keyword) for each in keywords for keyword in each]
    owner = np.repeat(np.arange(len(keywords)), [len(each) for each in keywords])
    named = np.zeros((len(keywords), seeds.topics), np.bool_)
    found = seeds.by_topic(seeds.in_abstracts(tokenized(flat))) > 0
    np.logical_or.at(named, owner, found)
    return named

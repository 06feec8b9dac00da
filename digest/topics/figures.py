"""Figures: how good a classifier is on papers that it has not seen."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from digest.topics.categories import places
from digest.topics.classifier import Classifier
from digest.topics.evidence import Seeds
from digest.topics.examples import Example, at, texts
from digest.topics.tokens import tokenized

BINS = 15
DIGITS = 4

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares, of 1; None where no held-back paper could tell."""

    papers: int
    first: float | None
    """The likeliest category is the primary one."""
    first_three: float | None
    category_error: float | None
    """Expected calibration error over all pairs of a paper and a category."""
    confidence_error: float | None
    """Expected calibration error of the likeliest category's probability."""
    topics: float | None
    """By the abstract alone, the likeliest topic is one that the title names."""

    def no_worse_than(self, other: "Figures") -> bool:
        """
        Say whether neither categories nor topics are worse, of the same papers.

        Where these tell of neither, nothing speaks for a new model.
        """
        pairs = [(self.first, other.first), (self.topics, other.topics)]
        told = [ours >= theirs for ours, theirs in pairs if ours is not None and theirs is not None]
        return bool(told) and all(told)

    def as_json(self) -> dict[str, float | None]:
        return {name: value and round(value, DIGITS) for name, value in asdict(self).items()}


def measured(classifier: Classifier, held: Sequence[Example], seeds: Seeds) -> Figures:
    """Return the figures of *classifier* on *held*; what titles name is told by *seeds*."""
    labelled = [each for each in held if each.categories]
    likely = classifier.categories(texts(labelled))
    found = figures_of(likely, places(labelled, classifier.category_names))
    return replace(found, papers=len(held), topics=_named_first(classifier, held, seeds))


def figures_of(likely: Floats, primary: npt.NDArray[np.int64]) -> Figures:
    """Return figures for categories as *likely* as this, of papers whose *primary* one is known."""
    if not len(primary):
        return Figures(0, None, None, None, None, None)
    best = np.argsort(-likely, axis=1)[:, :3]
    # A category that was not learnt, -1, is never among the best: it counts as missed.
    right = best == primary[:, None]
    true = np.arange(likely.shape[1]) == primary[:, None]
    return Figures(
        papers=len(primary),
        first=float(right[:, 0].mean()),
        first_three=float(right.any(axis=1).mean()),
        category_error=calibration_error(likely.ravel(), true.ravel()),
        confidence_error=calibration_error(likely.max(axis=1), right[:, 0]),
        topics=None,
    )


def calibration_error(likely: Floats, true: Flags) -> float:
    """Return the expected calibration error, in [0, 1], over bins of equal mass."""
    order = np.argsort(likely, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    gaps = [len(part) * abs(float(likely[part].mean() - true[part].mean())) for part in parts]
    return sum(gaps) / len(order)


def _named_first(classifier: Classifier, held: Sequence[Example], seeds: Seeds) -> float | None:
    named = seeds.in_titles(tokenized([(each.title, "") for each in held]))
    telling = np.flatnonzero(named.any(axis=1))
    if not len(telling):
        return None
    best = classifier.topics([("", each.abstract) for each in at(held, telling)]).argmax(axis=1)
    return float(named[telling, best].mean())

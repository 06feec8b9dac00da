"""Categories: a paper's primary one, learnt from the past and told on the newest papers."""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from benchmarks.measure import Figure, Goal, Sizes
from digest.topics import training
from digest.topics.categories import places
from digest.topics.classifier import Classifier
from digest.topics.examples import Example, at, days, texts, united
from digest.topics.figures import Figures, figures_of
from digest.topics.reading import example

PAPERS = "arxiv_labelled.jsonl.gz"
DAILY = "daily_cs"
"""The papers of this source are told; those of all sources that are older teach."""
TOLD = 10
"""One in so many is told: the newest."""
TODAY = date(2026, 11, 21)

FIRST, FIRST_THREE = "primary category", "primary category among three"
OVER_PAIRS, OVER_FIRST = "calibration error, all categories", "calibration error, the likeliest"
GOALS = {
    FIRST: Goal(0.785, at_most=False),
    FIRST_THREE: Goal(0.97, at_most=False),
    OVER_PAIRS: Goal(0.03),
    OVER_FIRST: Goal(0.03),
}
PLAIN = "plain TF-IDF"
OURS = "classifier"


def figures(_: Sizes, folder: Path | None) -> Iterator[Figure]:
    """Yield the figures; without a folder that holds labelled papers they have no value."""
    plain: tuple[float | None, float | None] = (None, None)
    ours = Figures(0, None, None, None, None, None)
    if folder and (folder / PAPERS).is_file():
        past, daily, told = _split(folder / PAPERS)
        plain, ours = _plainly(daily, told), _by_the_product(past, told)
    yield Figure(f"{FIRST}: {PLAIN}", plain[0], "share")
    yield Figure(f"{FIRST}: {OURS}", ours.first, "share", GOALS[FIRST])
    yield Figure(f"{FIRST_THREE}: {PLAIN}", plain[1], "share")
    yield Figure(f"{FIRST_THREE}: {OURS}", ours.first_three, "share", GOALS[FIRST_THREE])
    yield Figure(OVER_PAIRS, ours.category_error, "", GOALS[OVER_PAIRS])
    yield Figure(OVER_FIRST, ours.confidence_error, "", GOALS[OVER_FIRST])


def _split(path: Path) -> tuple[list[Example], list[Example], list[Example]]:
    """Return all that is past, what of it is daily, and the newest tenth of what is daily."""
    with gzip.open(path, "rb") as lines:
        rows = [(json.loads(line)["source"], example(line)) for line in lines]
    daily = united([each for source, each in rows if source == DAILY])
    cut = len(daily) - len(daily) // TOLD
    past, told = daily[:cut], daily[cut:]
    unseen = {each.id for each in told}
    every = united([each for _, each in rows], unseen)
    day = days(every)
    return at(every, np.flatnonzero(day <= days(told).min())), past, told


def _by_the_product(past: Sequence[Example], told: Sequence[Example]) -> Figures:
    classifier = Classifier(training.train(past, TODAY))
    primary = places(told, classifier.category_names)
    return figures_of(classifier.categories(texts(told)), primary)


def _plainly(past: Sequence[Example], told: Sequence[Example]) -> tuple[float, float]:
    """Return how often a LinearSVC on plain TF-IDF has the category first, and among three."""
    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    rows = vectorizer.fit_transform(_joined(past))
    svm = LinearSVC(random_state=0).fit(rows, [each.categories[0] for each in past])
    scores: npt.NDArray[np.float64] = svm.decision_function(vectorizer.transform(_joined(told)))
    best = svm.classes_[np.argsort(-scores, axis=1)[:, :3]]
    right = best == np.array([each.categories[0] for each in told])[:, None]
    return float(right[:, 0].mean()), float(right.any(axis=1).mean())


def _joined(examples: Sequence[Example]) -> list[str]:
    return [f"{title} {abstract}" for title, abstract in texts(examples)]

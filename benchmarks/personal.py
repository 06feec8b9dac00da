"""Matching those who liked papers, beside the usual way: a linear SVM trained for each reader."""

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

import numpy as np
import numpy.typing as npt
from sklearn.svm import LinearSVC

from benchmarks import corpus
from benchmarks.categories import PAPERS
from benchmarks.measure import MICROSECONDS, Figure, Goal, Side, Sizes, interleaved, ratio
from digest.clock import Cadence
from digest.compose import SIZE
from digest.match import Rated, Reader, match
from digest.space import Space, Text

HISTORIES = {3000: Goal(4000, at_most=False), 10_000: Goal(20_000, at_most=False)}
"""Papers of history, and how many times the cost of ours the other way has to be."""
OVERLAP = Goal(9, at_most=False)

ON_OFFER = 300
TRAINED = 10
"""Readers for whom an SVM is trained in a round."""
COMPARED = 30
"""Readers whose best papers are compared."""
ALIKE = 40
"""Each reader liked every second of so many papers that are most like one of them."""

Places = npt.NDArray[np.int64]


def figures(sizes: Sizes, folder: Path | None) -> Iterator[Figure]:
    """Yield what both ways cost a reader, and how many of the ten best papers they share."""
    for papers, goal in HISTORIES.items():
        # The smallest sizes are only to show that all of it runs.
        yield from _beside_svm(sizes, papers if sizes.rounds > 1 else papers // 50, goal)
    for papers in HISTORIES:
        shared = _overlap(folder / PAPERS, papers) if folder else None
        name = f"likes: of ten papers, as LinearSVC, {papers:,} papers of history"
        yield Figure(name, shared, "papers", OVERLAP)


def _beside_svm(sizes: Sizes, papers: int, goal: Goal) -> Iterator[Figure]:
    history = [Rated(entry.title, entry.abstract) for entry in corpus.entries(papers)]
    space = Space(history)
    likes = _likes(space, TRAINED)
    edition = corpus.edition(min(ON_OFFER, papers))
    rated = dict(enumerate(history, start=1))
    readers = [_reader(n, likes[n % TRAINED]) for n in range(sizes.readers)]
    theirs, ours = interleaved(
        sizes.rounds,
        Side(lambda: [_by_svm(space, liked, ON_OFFER) for liked in likes], len(likes)),
        Side(lambda: match(edition, readers, SIZE, rated), len(readers)),
    )
    what = f"{papers:,} papers of history"
    yield Figure(f"LinearSVC trained for a reader, {what}", median(theirs) * MICROSECONDS, "us")
    yield Figure(f"match a reader by likes, {what}", median(ours) * MICROSECONDS, "us")
    yield Figure(f"LinearSVC / match a reader by likes, {what}", ratio(theirs, ours), "ratio", goal)


def _overlap(path: Path, papers: int) -> float | None:
    """Return how many of ten papers both ways name, on real papers; None where they are too few."""
    if not path.is_file():
        return None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = (json.loads(line) for line in islice(lines, papers))
        space = Space([Text(row["title"], row["abstract"]) for row in rows])
    if len(space.papers.latent) < papers:
        return None
    return float(np.mean([shared(space, liked) for liked in _likes(space, COMPARED)]))


def _likes(space: Space, readers: int) -> list[Places]:
    count = len(space.papers.latent)
    return [liked(space, seed) for seed in Random(corpus.SEED).sample(range(count), readers)]


def _reader(number: int, liked: Places) -> Reader:
    return Reader(id=number, cadence=Cadence.DAILY, liked=[int(place) + 1 for place in liked])


def liked(space: Space, seed: int) -> Places:
    """Return the papers that a reader is made to like who is drawn to the paper *seed*."""
    exact = space.papers.exact
    # Every second one, so that the others like them are there to be found.
    return np.argsort(-(exact @ exact[[seed]].toarray()[0]), kind="stable")[:ALIKE:2]


def _by_svm(space: Space, liked: Places, among: int) -> npt.NDArray[np.float64]:
    """Return what an SVM trained on the whole history says of the first papers *among* it."""
    exact = space.papers.exact
    labels = np.isin(np.arange(exact.shape[0]), liked)
    # As arxiv-sanity-lite does for each of its readers.
    trained = LinearSVC(C=0.01, class_weight="balanced").fit(exact, labels)
    scores: npt.NDArray[np.float64] = trained.decision_function(exact[:among])
    return scores


def shared(space: Space, liked: Places) -> int:
    """
    Return how many of the ten papers that are ranked first both ways name, among those not liked.

    Of ours it is what stands in for the SVM: the mean of the liked papers, without what all share.
    """
    exact = space.papers.exact
    direction = exact[liked].sum(axis=0) / len(liked) - space.bias
    both = (_by_svm(space, liked, exact.shape[0]), np.asarray(exact @ direction, np.float64))
    for scores in both:
        scores[liked] = -np.inf
    theirs, ours = (np.argsort(-scores, kind="stable")[:SIZE] for scores in both)
    return len(np.intersect1d(theirs, ours))

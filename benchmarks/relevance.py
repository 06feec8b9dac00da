"""Relevance: how well interests find their papers, on judged sets, beside plain TF-IDF."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks import judged, personal
from benchmarks.judged import Judged, Row
from benchmarks.measure import Figure, Goal, Sizes
from digest import tryouts
from digest.space import Space, Text

FOLDER = "relevance"
GOALS = {
    "curated_lists": 0.36,
    "gaussian_splatting_tags": 0.68,
    "csfcube": 0.50,
    "doris_mae_known_item": 0.66,
    "systematic_reviews": 0.48,
    "reader_library": 0.57,
}
MEAN_GOAL = Goal(0.06, at_most=False)
LOWEST_GOAL = Goal(-0.02, at_most=False)
RESAMPLED = 10_000

SVM_PAPERS, SVM_READERS = 3000, 30
SVM_GOAL = Goal(9, at_most=False)
SEED = 20261121

Numbers = npt.NDArray[np.float64]


def figures(_: Sizes, folder: Path | None) -> Iterator[Figure]:
    """Yield a figure for each set, the mean gain over all of them, and its interval."""
    root = folder / FOLDER if folder and (folder / FOLDER).is_dir() else None
    gains = []
    for name in judged.SETS:
        plain = ours = None
        if root:
            both = _measured(root, name)
            plain, ours = (float(np.mean(values)) for values in both)
            gains.append(both[1] - both[0])
        unit = "share" if name == "reader_library" else "nDCG@10"
        yield Figure(f"{name}: plain TF-IDF", plain, unit)
        yield Figure(f"{name}: digest match", ours, unit, Goal(GOALS[name], at_most=False))
    mean, low, high, lowest = _together(gains) if gains else (None, None, None, None)
    yield Figure("mean paired gain over plain TF-IDF", mean, "", MEAN_GOAL)
    yield Figure("mean paired gain: 2.5 %", low, "", Goal(0, at_most=False))
    yield Figure("mean paired gain: 97.5 %", high, "")
    yield Figure("least gain of a set", lowest, "", LOWEST_GOAL)
    overlap = _beside_svm(root / "curated_lists" / "distractors.jsonl.gz") if root else None
    yield Figure("likes: of ten, as a LinearSVC for each reader", overlap, "papers", SVM_GOAL)


def _measured(root: Path, name: str) -> tuple[Numbers, Numbers]:
    """Return plain and our figures of a set, each in the same order."""
    found = judged.read(root, name)
    plain, ours = found.measured(_plainly(found)), found.measured(_by_the_product(found))
    return np.array([plain[each] for each in ours]), np.array(list(ours.values()))


def _together(gains: Sequence[Numbers]) -> tuple[float, float, float, float]:
    """Return the mean gain, its bootstrap interval of 95 %, and the least gain of a set."""
    random = np.random.default_rng(SEED)
    means = np.mean(
        [random.choice(each, (RESAMPLED, len(each))).mean(axis=1) for each in gains], axis=0
    )
    low, high = np.percentile(means, [2.5, 97.5])
    each = [float(gain.mean()) for gain in gains]
    return float(np.mean(each)), float(low), float(high), min(each)


def _by_the_product(found: Judged) -> judged.Ranked:
    """Return what `digest match --top 0` ranks: through files, as there."""
    with tempfile.TemporaryDirectory() as folder:
        papers, interests = Path(folder, "papers.jsonl"), Path(folder, "interests.jsonl")
        papers.write_text("".join(f"{json.dumps(row)}\n" for row in found.papers), "utf-8")
        interests.write_text("".join(f"{json.dumps(row)}\n" for row in found.interests), "utf-8")
        on_offer = tryouts.papers(papers)
        return {
            interest.id: [pick["paper"] for pick in tryouts.ranked(on_offer, interest, 0)]
            for interest in tryouts.interests(interests)
        }


def _plainly(found: Judged) -> judged.Ranked:
    """Return the same by cosines of TF-IDF rows; of liked papers the mean of the ten nearest."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2)
    rows = vectorizer.fit_transform([_text(row) for row in found.papers])
    names = np.array([row["id"] for row in found.papers])
    ranked = {}
    for interest in found.interests:
        scores = np.zeros(len(names))
        if text := interest.get("text"):
            scores += (rows @ vectorizer.transform([text]).T).toarray()[:, 0]
        if liked := interest.get("liked"):
            each = (rows @ vectorizer.transform([_text(row) for row in liked]).T).toarray()
            scores += np.sort(each, axis=1)[:, -10:].mean(axis=1)
        ranked[interest["id"]] = names[np.argsort(-scores, kind="stable")].tolist()
    return ranked


def _text(row: Row) -> str:
    return f"{row['title']} {row['abstract']}"


@cache
def _beside_svm(path: Path) -> float:
    """
    Return how many of a reader's first ten papers a LinearSVC trained for them names too.

    The readers are made up: each liked the twenty papers most like one that was drawn. Both see
    the same exact terms of 3,000 papers of history; ranked are the papers not liked.
    """
    rows = [row for _, row in zip(range(SVM_PAPERS), judged.lines(path), strict=False)]
    space = Space([Text(row["title"], row["abstract"]) for row in rows])
    random = np.random.default_rng(SEED)
    seeds = random.choice(len(rows), SVM_READERS, replace=False)
    return float(np.mean([personal.shared(space, personal.liked(space, seed)) for seed in seeds]))

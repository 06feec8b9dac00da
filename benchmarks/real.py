"""Figures that need real papers: a folder with `hf_daily_papers.jsonl.gz`."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.editions import CLASSIFIER_GOAL, classifier_speed
from benchmarks.measure import Figure, Sizes
from digest.topics.classifier import ABOUT, shipped

PAPERS = "hf_daily_papers.jsonl.gz"
"""A title and an abstract a line, as JSON."""

_SPEED = "classifier, real papers"
_COVERED = "real papers about at least one topic"


def figures(sizes: Sizes, folder: Path | None) -> Iterator[Figure]:
    """Yield the figures; without a folder they have no value."""
    if folder is None:
        yield Figure(_SPEED, None, "papers/s", CLASSIFIER_GOAL)
        yield Figure(_COVERED, None, "%")
        return
    texts = _texts(folder / PAPERS)
    yield classifier_speed(_SPEED, texts[: sizes.papers], sizes)
    yield Figure(_COVERED, 100 * _covered(texts, sizes.papers) / len(texts), "%")


def _covered(texts: Sequence[tuple[str, str]], at_a_time: int) -> int:
    """Return how many papers have a topic, counted an edition of *at_a_time* at a time."""
    classifier = shipped()
    parts = [texts[start : start + at_a_time] for start in range(0, len(texts), at_a_time)]
    return sum(int((classifier.topics(part) >= ABOUT).any(axis=1).sum()) for part in parts)


def _texts(path: Path) -> list[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(row["title"], row["abstract"]) for row in rows]

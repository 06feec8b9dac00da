"""Findings: how often the sentence chosen from an abstract is the one that was labelled."""

import gzip
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import categories, measure, real
from benchmarks.measure import MICROSECONDS, Figure, Goal, Sizes
from digest.finding import Judged, judged, telling
from digest.sources import text

LABELS = Path(__file__).with_name("finding_labels.tsv")
SPLIT = "test"
"""The weights were found on the others."""

SPEED = "finding: choose one, from a real abstract"
SPEED_GOAL = Goal(50)
RESAMPLED, SEED = 10_000, 6

Hits = npt.NDArray[np.bool_]
Choose = Callable[[Sequence[Judged]], int]
"""Tell the place of a sentence, counted from 0."""


@dataclass(frozen=True, slots=True)
class Label:
    """What was labelled of an abstract, sentences counted from 1."""

    sentences: int
    best: int
    acceptable: frozenset[int]
    """The best is one of them."""


def _first(_: Sequence[Judged]) -> int:
    return 0


def _last(found: Sequence[Judged]) -> int:
    return len(found) - 1


def _chosen(found: Sequence[Judged]) -> int:
    return max(reversed(range(len(found))), key=lambda place: found[place].score)


WAYS: dict[str, Choose] = {
    "first sentence": _first,
    "last sentence": _last,
    "chosen": _chosen,
}


def figures(sizes: Sizes, folder: Path | None) -> Iterator[Figure]:
    """Yield the share of good choices for each way; without the labelled papers no value."""
    labels = labelled(SPLIT)
    papers = {} if folder is None else _papers(folder, labels)
    yield Figure(SPEED, _speed(list(papers.values()), sizes), "us", SPEED_GOAL)
    for way, choose in WAYS.items():
        for asked, hits in _hits(papers, labels, choose):
            name = f"finding, {asked}: {way}"
            yield Figure(name, float(hits.mean()) if papers else None, "share")
            if choose is _chosen:
                low, high = _interval(hits) if papers else (None, None)
                yield Figure(f"{name}, 2.5 %", low, "share")
                yield Figure(f"{name}, 97.5 %", high, "share")


def labelled(split: str) -> dict[str, Label]:
    """Return the labels of one half of the papers, by arXiv id."""
    lines = LABELS.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {row[0]: _label(*row[2:]) for row in rows if row[1] == split}


def _label(sentences: str, best: str, others: str) -> Label:
    acceptable = {int(best), *map(int, filter(None, others.split(",")))}
    return Label(int(sentences), int(best), frozenset(acceptable))


def _hits(
    papers: dict[str, tuple[str, str]], labels: dict[str, Label], choose: Choose
) -> Iterator[tuple[str, Hits]]:
    """Yield of each paper whether the best sentence was chosen, and whether one that will do."""
    best, acceptable = [], []
    for identifier, paper in papers.items():
        label, found = labels[identifier], judged(*paper)
        if len(found) != label.sentences:
            raise ValueError(f"{identifier} was labelled when it had {label.sentences} sentences.")
        place = choose(found) + 1
        best.append(place == label.best)
        acceptable.append(place in label.acceptable)
    yield "best", np.array(best, np.bool_)
    yield "acceptable", np.array(acceptable, np.bool_)


def _interval(hits: Hits) -> tuple[float, float]:
    """Return the bootstrap interval of 95 % of the share, papers resampled."""
    random = np.random.default_rng(SEED)
    shares = random.choice(hits, (RESAMPLED, len(hits))).mean(axis=1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


def _speed(papers: Sequence[tuple[str, str]], sizes: Sizes) -> float | None:
    if not papers:
        return None
    choose = measure.repeated(sizes.repeats, lambda: [telling(*paper) for paper in papers])
    return MICROSECONDS * measure.alone(sizes.rounds, choose, sizes.repeats * len(papers))


def _papers(folder: Path, wanted: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return titles and abstracts as sources keep them."""
    papers: dict[str, tuple[str, str]] = {}
    for path in (folder / categories.PAPERS, folder / real.PAPERS):
        if path.is_file():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                papers |= {
                    row["id"]: (
                        text.clean(row["title"], text.TITLE),
                        text.clean(row["abstract"], text.ABSTRACT),
                    )
                    for row in map(json.loads, lines)
                    if row["id"] in wanted
                }
    return papers

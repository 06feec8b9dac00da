"""Topics: what papers are about, beside what people who read them say; and keyword look-up."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import categories, real
from benchmarks.measure import Figure, Goal, Sizes
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT, shipped
from digest.topics.terms import phrase

LABELS = Path(__file__).with_name("topic_labels.tsv")
FEWEST = 5
"""A topic that fewer of the labelled papers are about has no F1 worth the name."""
LOAD_GOAL = Goal(500)
LOAD = "classifier: load, in a fresh process"
_LOADED = """
import numpy, time
begun = time.perf_counter()
from digest.topics.classifier import shipped
shipped()
print(1000 * (time.perf_counter() - begun))
"""

Flags = npt.NDArray[np.bool_]
Texts = dict[str, tuple[str, str]]


def figures(_: Sizes, folder: Path | None) -> Iterator[Figure]:
    """Yield how good topics are; without a folder that holds the labelled papers, no value."""
    yield Figure(LOAD, _load_time(), "ms", LOAD_GOAL)
    slugs, labels = labelled()
    known = {} if folder is None else _texts(folder, set(labels))
    ids = [each for each in labels if each in known]
    true = np.array([[slug in labels[each] for slug in slugs] for each in ids], np.bool_)
    for name, told in (("keyword look-up", _looked_up), ("classifier", _classified)):
        found = told([known[each] for each in ids], slugs) if ids else None
        macro, precision = (None, None) if found is None else measured(found, true)
        yield Figure(f"topics, macro F1: {name}", macro, "")
        yield Figure(f"topics, precision: {name}", precision, "share")


def labelled() -> tuple[list[str], dict[str, set[str]]]:
    """Return the topics that were labelled, and for each paper those that it is about."""
    first, *lines = LABELS.read_text("utf-8").splitlines()
    labels = {}
    for line in lines:
        identifier, _, about = line.partition("\t")
        labels[identifier] = set(about.split(",")) - {""}
    return first.removeprefix("# topics: ").split(","), labels


def measured(found: Flags, true: Flags) -> tuple[float, float]:
    """Return the macro F1 over topics with enough papers, and the precision over all."""
    both, either = (found & true).sum(axis=0), found.sum(axis=0) + true.sum(axis=0)
    enough = true.sum(axis=0) >= FEWEST
    macro = (2 * both[enough] / np.maximum(either[enough], 1)).mean()
    return float(macro), float(both.sum() / max(found.sum(), 1))


def _looked_up(papers: list[tuple[str, str]], slugs: list[str]) -> Flags:
    """Return which papers name a seed term of which topics, as a look-up would find them."""
    seeds = [[phrase(seed) for seed in taxonomy.by_slug()[slug].seeds] for slug in slugs]
    texts = [phrase(title) + phrase(abstract) for title, abstract in papers]
    return np.array([[any(seed in text for seed in each) for each in seeds] for text in texts])


def _classified(papers: list[tuple[str, str]], slugs: list[str]) -> Flags:
    place = {topic.slug: column for column, topic in enumerate(taxonomy.topics())}
    return shipped().topics(papers)[:, [place[slug] for slug in slugs]] >= ABOUT


def _texts(folder: Path, wanted: set[str]) -> Texts:
    texts: Texts = {}
    for name in (categories.PAPERS, real.PAPERS):
        path = folder / name
        if path.is_file():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                rows = (json.loads(line) for line in lines)
                texts |= {
                    row["id"]: (row["title"], row["abstract"])
                    for row in rows
                    if row["id"] in wanted
                }
    return texts


def _load_time() -> float:
    """Return the middle of three loads in milliseconds, the library's own modules included."""
    command = [sys.executable, "-c", _LOADED]
    runs = [subprocess.run(command, check=True, capture_output=True) for _ in range(3)]  # noqa: S603
    return sorted(float(run.stdout) for run in runs)[1]

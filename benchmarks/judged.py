"""
Judged sets: papers, interests, and which papers people found right for them.

`python -m benchmarks.judged DATA` prints the ids and titles of all these papers, a line each, for
`digest topics background --without`: what is measured must not be learnt from.
"""

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
Ranked = Mapping[str, Sequence[str]]
"""The papers of each interest, best first."""

SETS = (
    "curated_lists",
    "gaussian_splatting_tags",
    "csfcube",
    "doris_mae_known_item",
    "systematic_reviews",
    "reader_library",
)
NAMED = 10
"""How many papers a digest has, and so how many places are judged."""

LIKED = 5
"""As many of a review's included papers are liked, the others are to be found."""


@dataclass(frozen=True)
class Judged:
    """One set: what is on offer, what is wanted, and how good a ranking is."""

    name: str
    papers: Sequence[Row]
    interests: Sequence[Row]
    grades: Mapping[str, Mapping[str, int]]
    """Interest -> paper -> how right it is; for a reader's library, day -> paper -> 1 if kept."""
    pool_only: bool
    """Whether only judged papers are ranked; else an unjudged one is wrong."""

    def measured(self, ranked: Ranked) -> dict[str, float]:
        """Return a figure from 0 to 1 for each interest, or for each paper of a library."""
        if self.name == "reader_library":
            return _found_on_their_day(ranked["reader"], self.grades)
        return {
            topic: _ndcg(
                [name for name in ranked[topic] if not self.pool_only or name in grades], grades
            )
            for topic, grades in self.grades.items()
            if any(grades.values())
        }


def read(folder: Path, name: str) -> Judged:
    """Return the set of this name below *folder*."""
    if name == "reader_library":
        return _library(folder / name)
    topics = list(lines(folder / name / "topics.jsonl.gz"))
    papers = [_paper(row) for row in lines(folder / name / "docs.jsonl.gz")]
    grades = _grades(folder / name / "qrels.tsv.gz")
    if name in {"curated_lists", "doris_mae_known_item"}:
        others = lines(folder / "curated_lists" / "distractors.jsonl.gz")
        papers += [_paper(row) for row in others]
    if name == "csfcube":
        for topic in topics:
            grades[topic["topic_id"]].pop(topic["query_paper"], None)
        interests = [{"id": topic["topic_id"], "liked": [_paper(topic)]} for topic in topics]
    elif name == "systematic_reviews":
        interests, grades = _reviews(topics, papers, grades)
    else:
        interests = [{"id": topic["topic_id"], "text": topic["text"]} for topic in topics]
    pool_only = name not in {"curated_lists", "doris_mae_known_item"}
    return Judged(name, papers, interests, grades, pool_only)


def _reviews(
    topics: Sequence[Row], papers: Sequence[Row], grades: Mapping[str, dict[str, int]]
) -> tuple[list[Row], dict[str, dict[str, int]]]:
    by_id = {paper["id"]: paper for paper in papers}
    interests: list[Row] = []
    left: dict[str, dict[str, int]] = {}
    for topic in topics:
        name = topic["topic_id"]
        good = sorted(each for each, grade in grades[name].items() if grade)
        good = [each for each in good if by_id[each]["abstract"]]
        liked = good[:LIKED]
        if len(good) < 2 * LIKED:
            continue
        interests.append(
            {"id": name, "text": topic["title"], "liked": [by_id[each] for each in liked]}
        )
        left[name] = {k: grade for k, grade in grades[name].items() if k not in liked}
    return interests, left


def _library(folder: Path) -> Judged:
    kept = list(lines(folder / "library.jsonl.gz"))
    offered = list(lines(folder / "daily_candidates.jsonl.gz"))
    # A third of the days makes the profile, the others are judged.
    cut = sorted(row["listed"] for row in offered)[len(offered) // 3]
    liked = [row for row in kept if (row.get("listed") or row.get("accessed") or "9") < cut]
    good = {row["arxiv_id"] for row in kept if row.get("arxiv_id") and _day(row) >= cut}
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for row in offered:
        if row["listed"] >= cut:
            grades[row["listed"]][row["arxiv_id"]] = int(row["arxiv_id"] in good)
    papers = [_paper(row | {"id": row["arxiv_id"]}) for row in offered]
    interests = [{"id": "reader", "liked": [_paper(row) for row in liked]}]
    return Judged("reader_library", papers, interests, grades, pool_only=True)


def _day(row: Row) -> str:
    return row.get("listed") or ""


def _paper(row: Row) -> Row:
    name = row.get("doc_id") or row.get("id") or row.get("topic_id") or ""
    return {"id": name, "title": row.get("title") or "", "abstract": row.get("abstract") or ""}


def _grades(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8") as opened:
        next(opened)
        for line in opened:
            topic, name, grade = line.rstrip("\n").split("\t")
            grades[topic][name] = max(0, int(grade))
    return grades


def lines(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as opened:
        yield from map(json.loads, opened)


def _ndcg(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """Source: Järvelin and Kekäläinen 2002, with gains of 2^grade - 1."""
    found = [2 ** grades.get(name, 0) - 1 for name in ranked[:NAMED]]
    best = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:NAMED]
    return _discounted(found) / _discounted(best)


def _discounted(gains: Sequence[int]) -> float:
    return float(sum(gain / np.log2(place + 2) for place, gain in enumerate(gains)))


def _found_on_their_day(
    ranked: Sequence[str], days: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """Return for each kept paper whether it is among the first ten of its day."""
    place = {name: n for n, name in enumerate(ranked)}
    return {
        name: float(name in sorted(grades, key=lambda each: place[each])[:NAMED])
        for grades in days.values()
        for name, kept in grades.items()
        if kept
    }


def main(folder: Path) -> None:
    for name in SETS:
        for paper in read(folder, name).papers:
            sys.stdout.write(f"{paper['id']}\n{' '.join(paper['title'].split())}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "relevance")

"""Matching readers with papers, with nothing read or written."""

import dataclasses
from collections.abc import Iterator
from statistics import median

from benchmarks import corpus
from benchmarks.measure import (
    MILLISECONDS,
    Figure,
    Goal,
    Side,
    Sizes,
    alone,
    interleaved,
    ratio,
)
from digest.compose import SIZE
from digest.match import Reader, match

BLOCK = 50
"""Readers of a small block, beside which a large one may cost no more for each reader."""

SHARE_GOAL = Goal(0.03)


def figures(sizes: Sizes, bare: Side) -> Iterator[Figure]:
    edition = corpus.edition(sizes.papers)
    readers = corpus.readers(sizes.readers, sizes.papers)
    # A copy forgets what the edition has made of its texts for the readers before.
    prepared = alone(sizes.rounds, lambda: dataclasses.replace(edition).phrases)
    yield Figure("match: texts made ready, once an edition", prepared * MILLISECONDS, "ms")

    def side(block: list[Reader]) -> Side:
        return Side(lambda: match(edition, block, SIZE), len(block))

    large, small, sends = interleaved(sizes.rounds, side(readers), side(readers[:BLOCK]), bare)
    yield Figure(f"match + reasons, {len(readers):,} readers", 1 / median(large), "readers/s")
    yield Figure("match + reasons / bare SendEmail", ratio(large, sends), "ratio", SHARE_GOAL)
    name = f"match a reader among {len(readers):,} / among {len(readers[:BLOCK])}"
    yield Figure(name, ratio(large, small), "ratio")

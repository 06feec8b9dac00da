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
from digest.clock import Cadence
from digest.compose import SIZE
from digest.edition import Edition
from digest.match import Reader, match

BLOCK = 50
"""Readers of a small block, beside which a large one may cost no more for each reader."""

SHARE_GOAL = Goal(0.03)


def figures(sizes: Sizes, bare: Side) -> Iterator[Figure]:
    edition = corpus.edition(sizes.papers)
    readers = corpus.readers(sizes.readers, sizes.papers)
    # A copy forgets what was made of the edition's papers for the readers before.
    prepared = alone(sizes.rounds, lambda: _made_ready(dataclasses.replace(edition)))
    yield Figure("match: papers made ready, once an edition", prepared * MILLISECONDS, "ms")
    rated = corpus.rated(sizes.papers)
    likers = corpus.likers(readers, rated)

    def side(block: list[Reader]) -> Side:
        return Side(lambda: match(edition, block, SIZE, rated), len(block))

    large, small, liking, sends = interleaved(
        sizes.rounds, side(readers), side(readers[:BLOCK]), side(likers), bare
    )
    yield Figure(f"match + reasons, {len(readers):,} readers", 1 / median(large), "readers/s")
    yield Figure("match + reasons / bare SendEmail", ratio(large, sends), "ratio", SHARE_GOAL)
    name = f"match a reader among {len(readers):,} / among {len(readers[:BLOCK])}"
    yield Figure(name, ratio(large, small), "ratio")
    likes = f"who liked {corpus.LIKED} papers each"
    yield Figure(f"match + reasons, readers {likes}", 1 / median(liking), "readers/s")
    yield Figure(f"match a reader {likes} / without", ratio(liking, large), "ratio")


def _made_ready(edition: Edition) -> None:
    """Do what is done once for all readers: a text of three words asks for all of it."""
    everything = Reader(id=0, cadence=Cadence.DAILY, keywords=["model"], about="a language model")
    match(edition, [everything], SIZE)

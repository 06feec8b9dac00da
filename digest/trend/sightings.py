"""Sightings as columns: all that was ever seen of some papers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from digest.library import Seen

CURATOR = "curator"
"""The source whose sightings are an operator's own picks."""

Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Sightings:
    """
    What was seen of some papers: columns with a row a sighting, in any order.

    A count is NaN where its source does not count such a thing.
    """

    paper: Rows
    """The paper's row in the arrays that have one a paper."""
    source: Rows
    """The source's place in `sources`."""
    seen_at: Numbers
    """Seconds since the epoch."""
    upvotes: Numbers
    comments: Numbers
    stars: Numbers
    sources: tuple[str, ...]
    first_seen_at: Numbers
    """Seconds since the epoch, shape (papers,)."""
    likes: Numbers
    """How many readers asked for more like it, shape (papers,)."""

    @property
    def papers(self) -> int:
        return len(self.first_seen_at)

    def most(self, count: str) -> Rows:
        """Return the most that was ever counted of each paper, shape (papers,); 0 if nothing."""
        most = np.zeros(self.papers)
        np.fmax.at(most, self.paper, getattr(self, count))
        return most.astype(np.int64)


def gather(
    seen: Collection[Seen],
    first_seen_at: Mapping[int, datetime],
    likes: Mapping[int, int] | None = None,
) -> Sightings:
    """Return *seen* as columns; the papers have the ids and the order of *first_seen_at*."""
    likes = likes or {}
    place = {paper_id: row for row, paper_id in enumerate(first_seen_at)}
    # Between the queries for papers and for sightings another fetch may have kept a paper.
    seen = [each for each in seen if each.paper_id in place]
    sources = sorted({each.source for each in seen})
    number = {name: n for n, name in enumerate(sources)}
    return Sightings(
        paper=np.array([place[each.paper_id] for each in seen], np.int64),
        source=np.array([number[each.source] for each in seen], np.int64),
        seen_at=_seconds(each.seen_at for each in seen),
        upvotes=np.array([each.upvotes for each in seen], np.float64),
        comments=np.array([each.comments for each in seen], np.float64),
        stars=np.array([each.stars for each in seen], np.float64),
        sources=tuple(sources),
        first_seen_at=_seconds(first_seen_at.values()),
        likes=np.array([likes.get(paper_id, 0) for paper_id in place], np.float64),
    )


def _seconds(moments: Iterable[datetime]) -> Numbers:
    return np.fromiter((moment.timestamp() for moment in moments), np.float64)

"""Subjects: what the papers of a page are about, as far as the newest edition knows them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from flask import abort, request

from digest.card import Card
from digest.edition import Edition
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT
from digest.topics.taxonomy import Topic

MOST = 12
"""Topics that are offered to choose from."""

FEWEST = 2
"""A topic of fewer papers is no choice: one is seen at a glance."""

NAMED = 2
"""Topics that are named below a paper."""

ALIKE = 3
LEAST_ALIKE = 0.5
"""Cosine of two papers' topics below which they share no ground."""

LAST_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Subjects:
    """What some papers are about, and of which topic only those are wanted."""

    only: Topic | None
    counts: Sequence[tuple[Topic, int]]
    """The topics of most of them, with how many."""
    about: dict[int, tuple[Topic, ...]]
    """The topics of each paper by its id, the surest first; of those without any, nothing."""

    def of(self, card: Card) -> tuple[Topic, ...]:
        """Return what to name below *card*: what all papers of a page are about is no news."""
        return tuple(each for each in self.about.get(card.paper_id, ()) if each != self.only)[
            :NAMED
        ]

    def wanted(self, paper_id: int) -> bool:
        return self.only is None or self.only in self.about.get(paper_id, ())


def subjects(edition: Edition | None, paper_ids: Collection[int], most: int = MOST) -> Subjects:
    """Return what these papers are about, and the topic of `?topic=`; 404 where there is none."""
    only = _asked_for()
    everything = topics_of(edition) if edition else {}
    about = {each: everything[each] for each in paper_ids if each in everything}
    count = dict.fromkeys(taxonomy.topics(), 0)
    for topics in about.values():
        for topic in topics:
            count[topic] += 1
    best = sorted(count, key=lambda topic: -count[topic])[:most]
    named = [topic for topic in best if count[topic] >= FEWEST]
    if only:
        # First, for on a phone the others are out of sight.
        named = [only, *(topic for topic in named if topic != only)]
    return Subjects(only, [(topic, count[topic]) for topic in named], about)


def _asked_for() -> Topic | None:
    slug = request.args.get("topic")
    return None if slug is None else taxonomy.by_slug().get(slug) or abort(404)


def topics_of(edition: Edition) -> dict[int, tuple[Topic, ...]]:
    """Return the topics of each paper of *edition* that has any, by its id, the surest first."""
    return _known(_Same(edition)).topics


def counts(edition: Edition) -> dict[str, int]:
    """Return how many papers on each topic, by its slug, were news within the last week."""
    return _known(_Same(edition)).counts


def together(edition: Edition, slugs: Collection[str]) -> int:
    """Return how many papers of the last week are about any of these topics; unknown ones: none."""
    columns = [n for n, topic in enumerate(taxonomy.topics()) if topic.slug in slugs]
    return int((_recent(edition) & (edition.topics[:, columns] >= ABOUT).any(axis=1)).sum())


def alike(edition: Edition, paper_id: int) -> list[Card]:
    """Return the few papers whose topics agree most with those of a paper, the nearest first."""
    row = edition.rows.get(paper_id)
    if row is None:
        return []
    lengths = np.maximum(np.linalg.norm(edition.topics, axis=1), 1e-9)
    near = edition.topics @ edition.topics[row] / (lengths * lengths[row])
    near[row] = 0
    # Where topics agree alike, what trends comes first.
    best = np.argsort(-near, kind="stable")[:ALIKE]
    return [edition.cards[each] for each in best if near[each] >= LEAST_ALIKE]


@dataclass(frozen=True)
class _Known:
    topics: dict[int, tuple[Topic, ...]]
    counts: dict[str, int]


class _Same:
    """An edition, to be told from others by its identity: it never changes."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition

    def __hash__(self) -> int:
        return id(self.edition)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.edition is self.edition


@lru_cache(maxsize=2)
def _known(same: _Same) -> _Known:
    edition, order = same.edition, taxonomy.topics()
    sure = edition.topics >= ABOUT
    surest = np.argsort(-edition.topics, axis=1, kind="stable")
    many = sure.sum(axis=1)
    topics = {
        int(paper_id): tuple(order[place] for place in surest[row, : many[row]])
        for row, paper_id in enumerate(edition.paper_ids)
        if many[row]
    }
    totals = sure[_recent(edition)].sum(axis=0).tolist()
    return _Known(topics, {topic.slug: n for topic, n in zip(order, totals, strict=True) if n})


def _recent(edition: Edition) -> npt.NDArray[np.bool_]:
    return edition.listed_at >= (edition.built_at - LAST_WEEK).timestamp()

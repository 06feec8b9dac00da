"""Matching: a block of readers and an edition become picks with reasons."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np

from digest.card import Reason
from digest.clock import Cadence
from digest.edition import Edition
from digest.match import reasons
from digest.match.answers import unmuted
from digest.match.fitting import followed, with_taste
from digest.match.interests import LOOKS_BACK, Rated, Reader
from digest.match.picking import NONE, WEIGHTS, Flags, Offer, Places, costs, pick
from digest.match.tastes import tastes

AT_ONCE = 256
"""Readers whose sums are worked out together: few enough to stay in the processor's cache."""


class Picked(NamedTuple):
    """One paper for one reader."""

    place: int
    """Its row in the edition."""
    score: float
    fits: bool
    """Whether it answers to an interest; else it is there as it trends."""
    reasons: tuple[Reason, ...]
    """At most three, the strongest first."""


def match(
    edition: Edition, readers: Sequence[Reader], k: int, rated: Mapping[int, Rated] | None = None
) -> list[list[Picked]]:
    """
    Return at most *k* picks for each reader, or what they chose: those that fit, then what trends.

    A paper fits by the sum of what it answers to, and its trend orders those that fit alike.
    Nothing sent before, muted or older than the reader's cadence looks back is picked. *rated*
    holds the papers that the readers liked and disliked, as far as they are still known.
    """
    if not edition.cards:
        return [[] for _ in readers]
    blocks = (readers[n : n + AT_ONCE] for n in range(0, len(readers), AT_ONCE))
    return [picks for block in blocks for picks in _Block(edition, block, k, rated or {}).picks()]


class _Block:
    """A few readers before an edition, shape (readers, papers) throughout."""

    def __init__(
        self, edition: Edition, readers: Sequence[Reader], k: int, rated: Mapping[int, Rated]
    ) -> None:
        self._edition, self._readers = edition, readers
        self._follows = followed(edition.pool, readers)
        tasting = [n for n, each in enumerate(readers) if each.has_taste]
        self._tasting = {n: row for row, n in enumerate(tasting)}
        self._taste = tastes(edition.pool).of([readers[n] for n in tasting], rated)
        weights = [WEIGHTS[reader.balance] for reader in readers]
        self._most = np.array([reader.papers or k for reader in readers], np.int64)
        self._share = np.array([each.share for each in weights])
        self._fit = self._follows.fit
        self._fit[tasting] += self._taste.close
        trends = np.array([each.trend for each in weights], np.float32)
        self._scores = self._fit + trends[:, None] * edition.trend
        self._scores[tasting] -= self._taste.pushed
        self._may = _may(edition, readers)

    def picks(self) -> Iterator[list[Picked]]:
        rows = self._rows()
        scores = np.take_along_axis(self._scores, rows, axis=1).tolist()
        fits = (np.take_along_axis(self._fit, rows, axis=1) > 0).tolist()
        told = self._follows.told(rows)
        cards = self._edition.cards
        for n, places in enumerate(rows.tolist()):
            row = self._tasting.get(n)
            why = [
                reasons.trending(cards[place].upvotes)
                if not does
                else why
                if row is None
                else with_taste(why, self._taste, row, place)
                for place, does, why in zip(places, fits[n], told[n], strict=True)
            ]
            count = places.index(NONE) if NONE in places else len(places)
            yield list(map(Picked, places[:count], scores[n], fits[n], why))

    def _rows(self) -> Places:
        fitting = self._fit > 0
        offer = Offer(
            scores=self._scores,
            fitting=self._may & fitting,
            others=self._may & ~fitting,
            topics=self._follows.main_topics,
            most=self._most,
            share=self._share,
        )
        return pick(offer, costs(self._edition.pool))


def _may(edition: Edition, readers: Sequence[Reader]) -> Flags:
    """Return which papers may be sent to each reader."""
    papers = len(edition.cards)
    fresh = {cadence: is_fresh(edition, cadence) for cadence in {r.cadence for r in readers}}
    # One column more, for what was sent and is not on offer any more.
    may = np.ones((len(readers), papers + 1), np.bool_)
    whose = np.repeat(np.arange(len(readers)), [len(reader.sent) for reader in readers])
    sent = chain.from_iterable(reader.sent for reader in readers)
    may[whose, np.fromiter(map(edition.rows.get, sent, repeat(papers)), np.int64)] = False
    may = may[:, :papers]
    for n, reader in enumerate(readers):
        may[n] &= fresh[reader.cadence]
        if reader.muted or reader.muted_topics:
            may[n] &= unmuted(edition.pool, reader.muted, reader.muted_topics)
    return may


def is_fresh(edition: Edition, cadence: Cadence) -> Flags:
    """Return which papers are new enough for a digest of *cadence*, shape (papers,)."""
    oldest = (edition.built_at - LOOKS_BACK[cadence]).timestamp()
    return edition.listed_at >= oldest

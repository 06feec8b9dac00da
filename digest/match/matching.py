"""Matching: a block of readers and an edition become picks with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digest.card import Reason
from digest.edition import Edition
from digest.match import reasons
from digest.match.fitting import Fit, followed
from digest.match.interests import LOOKS_BACK, Rated, Reader
from digest.match.picking import WEIGHTS, costs, pick


@dataclass(frozen=True, slots=True)
class Picked:
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
    if not readers or not edition.cards:
        return [[] for _ in readers]
    follows = followed(edition.pool, readers)
    return [
        _picks(edition, reader, Fit(edition.pool, reader, rated or {}, follows=follows, row=n), k)
        for n, reader in enumerate(readers)
    ]


def _picks(edition: Edition, reader: Reader, fit: Fit, k: int) -> list[Picked]:
    weights = WEIGHTS[reader.balance]
    scores = fit.scores + weights.trend * edition.trend - fit.taste.pushed
    rows = pick(
        fit=fit.scores,
        scores=scores,
        may=is_fresh(edition, reader) & is_unsent(edition, reader) & fit.allowed(),
        topic=fit.main_topic(),
        costs=costs(edition.pool),
        k=reader.papers or k,
        share=weights.share,
    )
    return [
        Picked(
            place=row,
            score=float(scores[row]),
            fits=(fits := bool(fit.scores[row] > 0)),
            reasons=fit.reasons(row) if fits else reasons.trending(edition.cards[row].upvotes),
        )
        for row in rows
    ]


def is_fresh(edition: Edition, reader: Reader) -> npt.NDArray[np.bool_]:
    """Return which papers are new enough for the reader's cadence, shape (papers,)."""
    oldest = (edition.built_at - LOOKS_BACK[reader.cadence]).timestamp()
    return edition.listed_at >= oldest


def is_unsent(edition: Edition, reader: Reader) -> npt.NDArray[np.bool_]:
    unsent = np.ones(len(edition.cards), np.bool_)
    unsent[[edition.rows[paper_id] for paper_id in edition.rows.keys() & reader.sent]] = False
    return unsent

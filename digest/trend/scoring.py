"""Trend scores: each paper's attention now, halved with time, whatever the source's scale."""

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digest.trend.sightings import CURATOR, Numbers, Rows, Sightings

FRESH_FOR = timedelta(hours=12)
"""A paper's being shown loses half of its worth in this time."""

LIVELY_FOR = timedelta(hours=6)
"""A vote, a comment or a star loses half of its worth in this time."""

REMEMBERED_FOR = timedelta(days=2)
"""In this time a paper loses half of its say in what is typical of its source."""

LEAST_SAY = 1e-6
"""The say that a paper keeps: less would be lost in rounding beside one of today."""

WEIGHTS = {"upvotes": 1.2, "comments": 0.4, "stars": 0.4}
"""What the liveliest paper gains by each count, where being shown just now is worth 1."""

SEVERAL, PICKED, LIKED = 0.8, 1.0, 0.6
"""The most that further sources, a curator's pick and likes here are worth."""

LIKES = 3.0
"""As many likes here are worth half of the most."""

LOWEST, HIGHEST = np.finfo(np.float32).tiny, 1 - np.finfo(np.float32).epsneg
"""The open interval's ends, as near as a float32 comes to 0 and 1."""

TYPICAL = 1 + sum(WEIGHTS.values()) / 2
"""The attention of a typical paper that was shown just now; it scores 1/2."""


def scores(sightings: Sightings, now: datetime) -> npt.NDArray[np.float32]:
    """
    Return trend scores, shape (papers,), float32 in (0, 1), the same for every reader.

    With the attention a of a paper, its score is a^2 / (a^2 + `TYPICAL`^2). `docs/trends.md`
    has the formula of a, where it comes from, and the laws that it keeps.
    """
    shown = _showings(sightings)
    listed = sightings.first_seen_at.copy()
    np.maximum.at(listed, shown.paper, shown.since)
    fresh = _halved(listed, now, FRESH_FOR)
    # What nobody counts is taken for typical: as much as the average of the others, at once.
    unknown = _share(_halved(listed, now, LIVELY_FOR), np.ones(sightings.papers))
    lively = [_lively(sightings, shown, count, now, unknown) for count in WEIGHTS]
    # Votes bring an old paper back to life, as though it were shown again.
    attention = np.maximum.reduce([fresh, *lively])
    attention += sum(w * each for w, each in zip(WEIGHTS.values(), lively, strict=True))
    attention += fresh * (SEVERAL * _several(sightings, shown) + LIKED * _liked(sightings))
    attention += PICKED * _picked(sightings, shown, now)
    squares = attention**2
    found: npt.NDArray[np.float32] = (squares / (squares + TYPICAL**2)).astype(np.float32)
    return found.clip(LOWEST, HIGHEST)


class _Showings(NamedTuple):
    """A row for each source that showed a paper; their sightings are ordered likewise."""

    order: Rows
    """The sightings' rows, by paper, source and moment."""
    starts: Rows
    """Where in that order each one's sightings begin."""
    lasts: Rows
    """And where its last one is."""
    paper: Rows
    source: Rows
    since: Numbers
    """When the source first showed the paper; when the curator last did."""


def _showings(sightings: Sightings) -> _Showings:
    order = np.lexsort((sightings.seen_at, sightings.source, sightings.paper))
    paper, source = sightings.paper[order], sightings.source[order]
    begins = (np.diff(paper, prepend=-1) != 0) | (np.diff(source, prepend=-1) != 0)
    starts = np.flatnonzero(begins)
    lasts = np.append(starts[1:], len(order))[: len(starts)] - 1
    seen_at = sightings.seen_at[order]
    source = source[starts]
    since = np.where(_by_curator(sightings, source), seen_at[lasts], seen_at[starts])
    return _Showings(order, starts, lasts, paper[starts], source, since)


def _lively(
    sightings: Sightings, shown: _Showings, count: str, now: datetime, unknown: Numbers
) -> Numbers:
    """Return each paper's share v / (v + m) of one count, shape (papers,), in [0, 1]."""
    if not len(shown.starts):
        return unknown
    counted = getattr(sightings, count)[shown.order]
    known = np.maximum.reduceat(~np.isnan(counted), shown.starts)
    peak = _running_peak(np.nan_to_num(counted), shown.starts)
    gained = np.diff(peak, prepend=0)
    gained[shown.starts] = peak[shown.starts]
    gained *= _halved(sightings.seen_at[shown.order], now, LIVELY_FOR)
    velocity = np.add.reduceat(gained, shown.starts)
    share = _share(velocity, _others_have(shown, known, peak[shown.lasts], now))
    best = np.full(sightings.papers, np.nan)
    # The source where it is liveliest speaks for it: one more source never lowers a paper.
    np.fmax.at(best, shown.paper[known], share[known])
    return np.where(np.isnan(best), unknown, best)


def _running_peak(counts: Numbers, starts: Rows) -> Numbers:
    """Return the most so far in each of the runs that begin at *starts*: votes are taken back."""
    run = np.zeros(len(counts), np.int64)
    run[starts[1:]] = 1
    # Each run is lifted above all those before it, so that one pass does for all.
    lift = run.cumsum() * (counts.max() + 1)
    peak: Numbers = np.maximum.accumulate(counts + lift) - lift
    return peak


def _others_have(
    shown: _Showings, known: npt.NDArray[np.bool_], most: Numbers, now: datetime
) -> Numbers:
    """Return how many the other papers of the same source have on average; NaN without others."""
    # Not the paper itself: then its own votes of old could lower it by raising the bar.
    say = known * np.maximum(_halved(shown.since, now, REMEMBERED_FOR), LEAST_SAY)
    papers = np.bincount(shown.source, say)[shown.source] - say
    counts = np.bincount(shown.source, say * most)[shown.source] - say * most
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.maximum(counts, 0) / papers


def _share(velocity: Numbers, typical: Numbers) -> Numbers:
    """Return v / (v + m); NaN where nobody has any or nobody is there to compare with."""
    with np.errstate(invalid="ignore"):
        return velocity / (velocity + typical)


def _several(sightings: Sightings, shown: _Showings) -> Numbers:
    """Return 0, 1/2, 2/3 ... for one, two, three sources, shape (papers,)."""
    sources = shown.paper[~_by_curator(sightings, shown.source)]
    return 1 - 1 / np.maximum(np.bincount(sources, minlength=sightings.papers), 1)


def _liked(sightings: Sightings) -> Numbers:
    return sightings.likes / (sightings.likes + LIKES)


def _picked(sightings: Sightings, shown: _Showings, now: datetime) -> Numbers:
    """Return how fresh the curator's last pick of each paper is, shape (papers,); 0 for none."""
    picked = np.zeros(sightings.papers)
    picks = _by_curator(sightings, shown.source)
    picked[shown.paper[picks]] = _halved(shown.since[picks], now, FRESH_FOR)
    return picked


def _by_curator(sightings: Sightings, source: Rows) -> npt.NDArray[np.bool_]:
    names = np.array([name == CURATOR for name in sightings.sources], np.bool_)
    return names[source]


def _halved(moments: Numbers, now: datetime, half_life: timedelta) -> Numbers:
    """Return 1 for now, halved for each *half_life* since; what is to come counts as now."""
    age = np.maximum(now.timestamp() - moments, 0)
    return np.exp2(-age / half_life.total_seconds())

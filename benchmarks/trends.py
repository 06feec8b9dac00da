"""Trends: how fast they are scored, and how far a day's upvotes can be foretold without them."""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata, spearmanr
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from benchmarks import corpus
from benchmarks.measure import MILLISECONDS, Figure, Goal, Sizes, alone
from benchmarks.real import PAPERS
from digest import trend

PAPERS_SCORED, SIGHTINGS_SCORED = 2000, 50_000

EARLIER = 0.7
"""The share of the days that the model is fitted on; the later ones are foretold."""

LEAST_DAYS, LEAST_PAPERS = 40, 5
"""Fewer days teach nothing, and fewer papers on a day have no order worth the name."""

FIRST = 0.125
"""The share of the days that only make records: a model of nobody's record learns nothing."""

TEXT_MODEL_FOR = 20
"""Days until the words' model is fitted anew."""

SHRINKAGE = 2.0
"""As many middling papers everybody is believed to have had before their first."""

Row = dict[str, Any]
Numbers = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
"""The number of each paper's day, from 0."""

SINGLE: dict[str, Callable[[Row], float]] = {
    "authors": lambda row: len(row["authors"]),
    "comments": lambda row: row.get("num_comments") or 0,
    "stars": lambda row: _number(row.get("github_stars")),
}
PLAIN: dict[str, Callable[[Row], float]] = SINGLE | {
    "title": lambda row: len(row["title"]),
    "abstract": lambda row: len(row["abstract"]),
    "keywords": lambda row: len(row.get("ai_keywords") or []),
    "categories": lambda row: len(row.get("arxiv_categories") or []),
    "summary": lambda row: bool(row.get("ai_summary")),
    "code": lambda row: bool(row.get("github_repo")),
    "project": lambda row: bool(row.get("project_page")),
    "media": lambda row: row.get("media_urls") or 0,
    "own": lambda row: bool(row.get("author_participating")),
    "published": lambda row: _hours(row, "published_at"),
    "submitted": lambda row: _hours(row, "submitted_on_daily_at"),
}
KNOWN_BY: dict[str, Callable[[Row], Sequence[str]]] = {
    "authors": lambda row: row["authors"],
    "last author": lambda row: row["authors"][-1:],
    "submitter": lambda row: [row["submitted_by"]] if row.get("submitted_by") else [],
    "organisation": lambda row: [row["organization"]] if row.get("organization") else [],
    "keywords": lambda row: [word.lower() for word in row.get("ai_keywords") or []],
    "categories": lambda row: row.get("arxiv_categories") or [],
}
"""By what a paper may be known from earlier days: how papers of the same authors did, and so on."""


_ALL = "all but upvotes, fitted on earlier days"


def figures(sizes: Sizes, folder: Path | None) -> Iterator[Figure]:
    """Yield how fast trends are scored, and the foresight; without a folder it has no value."""
    made = _made_up()
    seconds = alone(sizes.rounds, lambda: trend.scores(made, corpus.NOW))
    what = f"trends of {PAPERS_SCORED:,} papers with {SIGHTINGS_SCORED:,} sightings"
    yield Figure(what, seconds * MILLISECONDS, "ms", Goal(100))
    foresight = _foresight(_rows(folder / PAPERS)) if folder else {}
    for name in (_ALL, *SINGLE):
        yield Figure(f"a day's upvotes by {name}", foresight.get(name), "Spearman")


def _made_up() -> trend.Sightings:
    random = np.random.default_rng(corpus.SEED)
    first_seen_at = corpus.NOW.timestamp() - random.uniform(0, 32 * 86400, PAPERS_SCORED)
    paper = random.integers(0, PAPERS_SCORED, SIGHTINGS_SCORED)
    return trend.Sightings(
        paper=paper,
        source=random.integers(0, 4, SIGHTINGS_SCORED),
        seen_at=first_seen_at[paper] + random.uniform(0, 3 * 86400, SIGHTINGS_SCORED),
        upvotes=random.integers(0, 200, SIGHTINGS_SCORED).astype(np.float64),
        comments=random.integers(0, 20, SIGHTINGS_SCORED).astype(np.float64),
        stars=np.where(random.random(SIGHTINGS_SCORED) < 0.5, np.nan, 100.0),
        sources=("arxiv", "curator", "forum", "huggingface"),
        first_seen_at=first_seen_at,
        likes=np.zeros(PAPERS_SCORED),
    )


def _rows(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    # Not as the list has them: it is sorted by upvotes.
    return sorted(rows, key=lambda row: (row["day"], row["id"]))


def _foresight(rows: Sequence[Row]) -> dict[str, float]:
    """Return the mean over the later days of Spearman's correlation within each."""
    _, days = np.unique([row["day"] for row in rows], return_inverse=True)
    count = int(days.max()) + 1
    if count < LEAST_DAYS:
        return {}
    upvotes = np.array([row["upvotes"] for row in rows], np.float64)
    began = int(count * EARLIER)
    found = {_ALL: _foretold(rows, days, upvotes, began)}
    found |= {name: _column(rows, signal) for name, signal in SINGLE.items()}
    return {name: _agreement(signal, upvotes, days, began) for name, signal in found.items()}


def _agreement(signal: Numbers, upvotes: Numbers, days: Days, began: int) -> float:
    """Return the mean correlation, over the days on which the signal tells papers apart."""
    found = []
    for day in range(began, int(days.max()) + 1):
        listed = (days == day) & ~np.isnan(signal)
        if listed.sum() >= LEAST_PAPERS and np.ptp(signal[listed]) and np.ptp(upvotes[listed]):
            found.append(spearmanr(signal[listed], upvotes[listed]).statistic)
    return float(np.mean(found))


def _foretold(rows: Sequence[Row], days: Days, upvotes: Numbers, began: int) -> Numbers:
    """
    Return each paper's expected place within its day.

    The models are fitted on the days before *began*; records are those of all earlier days.
    """
    places = _within_days(upvotes, days)
    features = [_column(rows, signal) for signal in PLAIN.values()]
    features += [_within_days(np.nan_to_num(feature), days) for feature in features[: len(SINGLE)]]
    for names in KNOWN_BY.values():
        features += _records([names(row) for row in rows], days, places)
    features.append(_by_text(rows, days, places, began))
    table = np.column_stack(features)
    model = HistGradientBoostingRegressor(
        learning_rate=0.05, max_iter=150, max_leaf_nodes=12, l2_regularization=5.0, random_state=1
    )
    taught = (days >= int(FIRST * days.max())) & (days < began)
    # A field that no earlier day had yet teaches nothing, and scikit-learn stumbles over it.
    table = table[:, ~np.isnan(table[taught]).all(axis=0)]
    foretold: Numbers = model.fit(table[taught], places[taught]).predict(table)
    return foretold


def _records(
    names: Sequence[Sequence[str]], days: Days, places: Numbers
) -> tuple[Numbers, Numbers]:
    """Return the best record among each paper's *names* on earlier days, and their papers then."""
    won: dict[str, float] = defaultdict(float)
    had: dict[str, int] = defaultdict(int)
    best, papers = np.full(len(days), 0.5), np.zeros(len(days))
    for day in range(int(days.max()) + 1):
        listed: list[int] = np.flatnonzero(days == day).tolist()
        for n in listed:
            records = [(won[name] + SHRINKAGE / 2) / (had[name] + SHRINKAGE) for name in names[n]]
            best[n] = max(records, default=0.5)
            papers[n] = sum(had[name] for name in names[n])
        # Only now: on its own day nobody knows yet how a paper does.
        for n in listed:
            for name in names[n]:
                won[name] += places[n]
                had[name] += 1
    return best, papers


def _by_text(rows: Sequence[Row], days: Days, places: Numbers, began: int) -> Numbers:
    """Return what the words of each paper promise, by a model of the days before it."""
    texts = [f"{row['title']} {row['title']} {row['abstract']}" for row in rows]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, max_df=0.3, sublinear_tf=True)
    # The vocabulary, too, is that of the earlier days.
    words.fit([text for text, day in zip(texts, days, strict=True) if day < began])
    vectors = words.transform(texts)
    promise = np.full(len(rows), 0.5)
    for start in range(int(FIRST * days.max()), int(days.max()) + 1, TEXT_MODEL_FOR):
        known = days < min(start, began)
        asked = (days >= start) & (days < start + TEXT_MODEL_FOR)
        promise[asked] = Ridge(alpha=5.0).fit(vectors[known], places[known]).predict(vectors[asked])
    return promise


def _within_days(counts: Numbers, days: Days) -> Numbers:
    """Return each paper's place within its day, in (0, 1), the highest last."""
    places = np.empty(len(counts))
    for day in range(int(days.max()) + 1):
        listed = days == day
        places[listed] = (rankdata(counts[listed]) - 0.5) / listed.sum()
    return places


def _column(rows: Sequence[Row], signal: Callable[[Row], float]) -> Numbers:
    return np.array([signal(row) for row in rows], np.float64)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _hours(row: Row, name: str) -> float:
    """Return how many hours the moment is after the beginning of the paper's day."""
    if not row.get(name):
        return float("nan")
    day = datetime.combine(datetime.fromisoformat(row["day"]), time(), UTC)
    return (datetime.fromisoformat(row[name]) - day).total_seconds() / 3600

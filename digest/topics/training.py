"""Training: papers with categories and keywords in, a model out."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from digest.errors import BadInput
from digest.topics import categories, features, naming, taxonomy
from digest.topics.categories import Calibration
from digest.topics.descent import EPOCHS, Line, Tick
from digest.topics.evidence import Seeds
from digest.topics.examples import Example, at, days, texts
from digest.topics.features import Features
from digest.topics.figures import figures_of
from digest.topics.model import Model, Packed
from digest.topics.tokens import Rows, Tokens, tokenized

FEWEST = 1000
"""From fewer papers nothing is learnt that would hold for others."""
HELD = 10
"""One in so many papers is held back: the newest, among those of the newest year."""
YEAR = 365
NEWEST, OLDER = 60_000, 30_000
"""As many papers teach what topics are: a sample of the old ones is enough."""
MOST_COLUMNS = 70_000
"""What a model of 12 MB has room for; the others carry next to nothing."""

Places = npt.NDArray[np.int64]


def work(examples: Sequence[Example]) -> int:
    """Return how many times a training looks at a paper, for who shows how far it is."""
    labelled = sum(bool(each.categories) for each in examples)
    return EPOCHS * (labelled * (2 * HELD - 1) // HELD + 2 * min(len(examples), NEWEST + OLDER))


def train(examples: Sequence[Example], today: date, tick: Tick = lambda _: None) -> Model:
    """
    Return a model of *examples*, which are in the order of their days.

    Raises:
        BadInput: they are too few, or too few of them have arXiv categories.

    """
    named = learnable(examples)
    tokens = tokenized(texts(examples))
    wide = features.fitted(tokens)
    full = wide.full(tokens)
    held = newest(examples)
    rest = np.setdiff1d(np.arange(len(examples)), held)
    trial = categories.fit(full[rest], at(examples, rest), named, tick)
    topics = _Topics(wide, tokens, examples, tick)
    narrow, kept = wide.only(_carrying(full, trial, topics.line))
    narrow = narrow.measured(tokens)
    calibration, facts = _calibrated(
        narrow, Packed.of(_narrowed(trial, full, kept)), at(examples, held), named
    )
    line = calibration.of(categories.fit(full, examples, named, tick))
    return Model(
        features=narrow,
        categories=named,
        by_category=Packed.of(_narrowed(line, full, kept)),
        topics=tuple(topic.slug for topic in taxonomy.topics()),
        by_topic=Packed.of(_narrowed(topics.line, topics.rows, kept[: narrow.in_abstract])),
        seeds=topics.seeds,
        seed_rarity=topics.rarity,
        telling=topics.mixture.weights[2:].astype(np.float32),
        usually=topics.mixture.usually.astype(np.float32),
        seldom=topics.mixture.seldom.astype(np.float32),
        facts={"trained_on": today.isoformat(), "papers": len(examples), "figures": facts},
    )


def learnable(examples: Sequence[Example]) -> tuple[str, ...]:
    """
    Return the categories that can be learnt from *examples*.

    Raises:
        BadInput: they are too few, or too few of them have arXiv categories.

    """
    named = categories.names(examples)
    if len(examples) < FEWEST or len(named) < 2:  # noqa: PLR2004
        raise BadInput(
            f"{len(examples):,} papers in {len(named)} arXiv categories are too few to learn from:"
            f" it takes {FEWEST:,} papers, and two categories with {categories.FEWEST} each."
        )
    return named


def newest(examples: Sequence[Example]) -> Places:
    """Return the places of the papers to hold back: the newest tenth of the newest year."""
    day = days(examples)
    recent = np.flatnonzero(day > day.max() - YEAR)
    return recent[-max(len(recent) // HELD, 1) :]


def _calibrated(
    narrow: Features, trial: Packed, unseen: Sequence[Example], named: Sequence[str]
) -> tuple[Calibration, dict[str, float | None]]:
    """Return what makes *trial* honest on papers it has not seen, and its figures there."""
    scores = trial.scores(narrow.full(tokenized(texts(unseen))))
    primary = categories.places(unseen, named)
    likely = categories.crossed(scores, primary)
    known = np.array([bool(each.categories) for each in unseen], np.bool_)
    facts = figures_of(likely[known], primary[known])
    return categories.calibrate(scores, primary), facts.as_json()


class _Topics:
    """What is learnt about topics: one line over abstracts, and the mixture around it."""

    def __init__(
        self, learnt: Features, tokens: Tokens, examples: Sequence[Example], tick: Tick
    ) -> None:
        self.seeds = Seeds.of(taxonomy.topics())
        self.rarity = self.seeds.rarity(tokens)
        chosen = _sample(len(examples))
        self.rows = rows = learnt.abstracts(tokens)[chosen]
        titled = self.seeds.in_titles(tokens)[chosen]
        named = titled | naming.by_keywords(
            self.seeds, [each.keywords for each in at(examples, chosen)]
        )
        masked = naming.masks(learnt, self.seeds)
        plain, plain_scores = naming.fit(rows, named, None, tick)
        around, around_scores = naming.fit(rows, named, masked, tick)
        uses, distinct = self.seeds.told(tokens, self.rarity)
        told = np.stack([plain_scores, around_scores, uses[chosen], distinct[chosen]], axis=-1)
        self.mixture = naming.mixture(told, titled)
        share = self.mixture.weights[:2].astype(np.float32)
        self.line = Line(
            share[0] * plain.weights + share[1] * around.weights,
            share[0] * plain.bias + share[1] * around.bias + self.mixture.bias.astype(np.float32),
        )


def _sample(papers: int) -> Places:
    old = np.random.default_rng(0).permutation(max(papers - NEWEST, 0))[:OLDER]
    return np.concatenate([np.sort(old), np.arange(max(papers - NEWEST, 0), papers)])


def _carrying(full: Rows, *lines: Line) -> npt.NDArray[np.bool_]:
    """Return which columns carry most of what the scores are made of."""
    squares = np.bincount(full.indices, full.data**2, minlength=full.shape[1])
    carried = np.zeros(full.shape[1])
    for line in lines:
        columns = len(line.weights)
        amount = np.sqrt(squares[:columns]) * np.linalg.norm(line.weights, axis=1)
        carried[:columns] = np.maximum(carried[:columns], amount / amount.sum())
    kept = np.zeros(len(carried), np.bool_)
    kept[np.argsort(-carried, kind="stable")[:MOST_COLUMNS]] = True
    return kept


def _narrowed(line: Line, rows: Rows, kept: Places) -> Line:
    """Return *line* without the columns that are not *kept*; on average, scores stay the same."""
    dropped = np.ones(rows.shape[1], np.bool_)
    dropped[kept] = False
    usual = np.where(dropped, np.asarray(rows.mean(axis=0), np.float32).ravel(), np.float32(0))
    # What is kept of a row is shorter, and is scaled to length 1 when it stands alone.
    squares = np.where(dropped[rows.indices], 0, rows.data**2)
    papers = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    length = np.sqrt(np.bincount(papers, squares, minlength=rows.shape[0])).mean()
    bias = line.bias + np.asarray(usual @ line.weights, np.float32)
    return Line(line.weights[kept] * np.float32(length), bias)

"""The edition: building it and reading it back; and the classifier alone."""

import tempfile
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from benchmarks import corpus
from benchmarks.measure import MILLISECONDS, Figure, Goal, Sizes, Step, alone
from benchmarks.stores import fill
from digest import edition, library, trend
from digest.card import card
from digest.database import Sessions, connect
from digest.match.picking import costs
from digest.models import Paper
from digest.topics import classifier
from digest.topics.classifier import Classifier, shipped

CLASSIFIER_GOAL = Goal(2000, at_most=False)
EDITION_GOAL = Goal(2000)
"""Milliseconds."""

PAPERS_TO_FREEZE = 1000


def figures(sizes: Sizes) -> Iterator[Figure]:
    """Yield what an edition costs from stored rows to cards, and in which of its parts."""
    count = PAPERS_TO_FREEZE if sizes.rounds > 1 else sizes.papers
    what = f"edition of {count:,} papers"
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'digest.db'}"
        sessions = sessionmaker(connect(url))
        fill(url, sessions, papers=count, readers=0)
        yield _took(sizes, f"{what}: stored rows to cards", _building(sessions), EDITION_GOAL)
        with sessions() as session:
            for name, step in _steps(session).items():
                yield _took(sizes, f"{what}: {name}, part of it", step)
        sessions.kw["bind"].dispose()
    yield from _afterwards(sizes, what, corpus.edition(count))
    texts = [(entry.title, entry.abstract) for entry in corpus.entries(sizes.papers)]
    yield classifier_speed("classifier, made-up papers", texts, sizes)
    yield _took(sizes, "classifier: load, all else imported", _load)


def _building(sessions: Sessions) -> Step:
    def build() -> None:
        with sessions() as session:
            edition.build(session, corpus.NOW)

    return build


def _steps(session: Session) -> dict[str, Step]:
    papers = session.scalars(select(Paper)).all()
    seen = trend.gather(
        library.sightings(session), {each.id: each.first_seen_at for each in papers}
    )
    texts = [(paper.title, paper.abstract) for paper in papers]

    def read() -> None:
        session.expunge_all()
        found = session.scalars(select(Paper)).all()
        first_seen = {each.id: each.first_seen_at for each in found}
        trend.gather(library.sightings(session), first_seen)

    return {
        "rows": read,
        "trend": lambda: trend.scores(seen, corpus.NOW),
        "topics": lambda: shipped().topics(texts),
        "cards": lambda: [card(paper, upvotes=1, comments=0) for paper in papers],
    }


def _afterwards(sizes: Sizes, what: str, made: edition.Edition) -> Iterator[Figure]:
    """Yield what storing it costs, and what each worker does once with it."""
    body = edition.to_bytes(made)
    yield _took(sizes, f"{what}: pack into bytes, part of it", lambda: edition.to_bytes(made))
    yield _took(sizes, f"{what}: load from bytes", lambda: edition.from_bytes(1, body))
    # A new one each time: an edition keeps what was made of it.
    yield _took(
        sizes,
        f"{what}: vectors and what is alike, once a worker",
        lambda: costs(edition.from_bytes(1, body).pool),
    )


def _load() -> Classifier:
    return classifier.load(
        resources.files("digest.topics").joinpath(classifier.SHIPPED).read_bytes()
    )


def _took(sizes: Sizes, name: str, run: Step, goal: Goal | None = None) -> Figure:
    return Figure(name, alone(sizes.rounds, run) * MILLISECONDS, "ms", goal)


def classifier_speed(name: str, texts: Sequence[tuple[str, str]], sizes: Sizes) -> Figure:
    learnt = shipped()
    seconds = alone(sizes.rounds, lambda: learnt.topics(texts), len(texts))
    return Figure(name, 1 / seconds, "papers/s", CLASSIFIER_GOAL)

"""Found papers in order: the words in the title first, then what others made of the paper."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from digest import edition, library
from digest.card import Card
from digest.edition import Edition
from digest.models import Paper
from digest.search.index import Condition, Ids, index_of
from digest.search.query import Field, Query, Term, parse, plain_words
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT
from digest.topics.terms import phrase

RANKED = 1000
"""Where more papers are found, so many of the newest are put in order; paging ends there."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of the papers found; *total* of them are there, and paging leads to *reachable*."""

    cards: tuple[Card, ...] = ()
    total: int = 0
    reachable: int = 0


def search(session: Session, query: str | Query, limit: int, offset: int = 0) -> Found:
    """
    Return the papers that *query* finds, from the one at *offset* on, *limit* at most.

    First those with the most of its words in the title, then the most upvoted, then those that
    trend most in the newest edition, then the newest. Nothing that can be typed is an error.
    """
    query = parse(query) if isinstance(query, str) else query
    if not query or query.unknown_topics:
        return Found()
    finder = _Finder(session)
    newest, total = finder.newest(query)
    ranked = finder.ranked(newest, query)
    shown = library.cards_of(session, ranked[offset : offset + limit])
    return Found(tuple(shown), total, len(ranked))


class _Finder:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._index = index_of(session)
        self._edition = edition.newest(session, samples=True)
        self._first_real = session.scalar(select(func.min(Paper.id)).where(~Paper.sample))

    def newest(self, query: Query) -> tuple[list[int], int]:
        """Return the newest of the papers that *query* finds, and the number of all."""
        # Materialised, or PostgreSQL may read all papers, newest first, looking for these.
        found = self._matching(query).cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        [paper_id] = found.c
        rows = self._session.execute(
            select(paper_id, func.count().over()).order_by(paper_id.desc()).limit(RANKED)
        ).all()
        return [row[0] for row in rows], rows[0][1] if rows else 0

    def ranked(self, newest: Sequence[int], query: Query) -> list[int]:
        """Return *newest*, and those with all the words in their title, the best first."""
        words = [term for term in query.wanted if term.field is Field.ANYWHERE]
        in_title = set(self.newest(_in_title(query))[0]) if words else set()
        rows = self._session.execute(
            select(Paper.id, Paper.title, library.most_upvotes()).where(
                Paper.id.in_(in_title.union(newest))
            )
        )
        trend = _trend(self._edition)
        phrases = [phrase(" ".join(term.words)) for term in words]
        keys = []
        for paper_id, title, votes in rows:
            share = len(phrases) if paper_id in in_title else _in(title, phrases)
            keys.append((share, votes, trend.get(paper_id, 0.0), paper_id))
        return [paper_id for *_, paper_id in sorted(keys, reverse=True)]

    def _matching(self, query: Query) -> Ids:
        about = [self._about(slug) for slug in query.topics]
        not_about = [not_(self._about(slug)) for slug in query.unwanted_topics]
        found = self._index.matching(query.wanted, query.unwanted).where(*about, *not_about)
        if self._first_real is None:
            return found
        # Invented papers came before all others, or not at all.
        return found.where(self._index.paper_id >= self._first_real)

    def _about(self, slug: str) -> Condition:
        """
        Return what holds for papers on a topic.

        What the newest edition offers has been classified; of others their words must tell.
        """
        seeds = taxonomy.by_slug()[slug].seeds
        terms = [Term(Field.ANYWHERE, tuple(plain_words(seed))) for seed in seeds]
        by_words = self._index.any_of(terms)
        if self._edition is None:
            return by_words
        ids = np.array([card.paper_id for card in self._edition.cards])
        about = ids[on_topic(self._edition, slug)]
        paper_id = self._index.paper_id
        return or_(paper_id.in_(about.tolist()), and_(by_words, paper_id.not_in(ids.tolist())))


def on_topic(papers: Edition, slug: str) -> npt.NDArray[np.bool_]:
    """Return which papers of an edition are about the topic *slug*, shape (papers,)."""
    place = taxonomy.topics().index(taxonomy.by_slug()[slug])
    return papers.topics[:, place] >= ABOUT


def _trend(newest: Edition | None) -> dict[int, float]:
    if newest is None:
        return {}
    return {card.paper_id: score for card, score in zip(newest.cards, newest.trend, strict=True)}


def _in_title(query: Query) -> Query:
    """Return *query* with all that may be anywhere in the title."""
    wanted = tuple(
        replace(term, field=Field.TITLE) if term.field is Field.ANYWHERE else term
        for term in query.wanted
    )
    return replace(query, wanted=wanted)


def _in(title: str, phrases: Sequence[str]) -> int:
    """Return how many of *phrases* are in *title*."""
    words = phrase(title)
    return sum(each in words for each in phrases)

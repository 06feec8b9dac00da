"""How far each paper of a pool answers to an atom; once for all readers."""

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from digest.match.interests import Atom, Kind
from digest.match.keywords import Written, finder, written
from digest.match.names import Byline, byline, person, same
from digest.pool import Pool
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT

Array = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

IN_TITLE, IN_TEXT = 1.0, 0.7
NAMED = 1.0
"""What a followed author or organisation adds: as much as a sure topic."""

_KEPT_ATOMS = 20_000


class Answers:
    """The answers of one pool, each worked out when it is first asked for."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._column = {topic.slug: n for n, topic in enumerate(taxonomy.topics())}
        self.to: Callable[[Atom], Array] = lru_cache(_KEPT_ATOMS)(self._to)
        """How far each paper answers to an atom, shape (papers,), in [0, 1]; read only."""
        self.holding: Callable[[Atom], Array] = lru_cache(_KEPT_ATOMS)(self._holding)
        """The same for what is a reason: a topic counts from `ABOUT` on."""
        self._credits: Callable[[str], Flags] = lru_cache(_KEPT_ATOMS)(self._by)

    @cached_property
    def _written(self) -> list[tuple[Written, Written]]:
        return [
            (written(text.title), written(text.abstract, finding))
            for text, finding in zip(self._pool.texts, self._pool.findings, strict=True)
        ]

    @cached_property
    def _bylines(self) -> list[Byline]:
        return [byline(names) for names in self._pool.authors]

    @cached_property
    def _houses(self) -> list[str]:
        return [same(name or "") for name in self._pool.organizations]

    def mentions(self, word: str) -> Flags:
        """Return which papers hold *word*, a keyword, or are by who has that name."""
        return (self.to(Atom(Kind.KEYWORD, word)) > 0) | self._credits(word)

    def is_about(self, topic: str) -> Flags:
        """Return which papers are about *topic*, a slug, shape (papers,)."""
        if topic not in self._column:
            return np.zeros(len(self._pool), np.bool_)
        return self.to(Atom(Kind.TOPIC, topic)) >= ABOUT

    def _by(self, word: str) -> Flags:
        """Return which papers have an author of this name, or an organisation that holds it."""
        name, holds = person(word), finder(word)
        houses = {each for each in self._pool.organizations if each}
        hidden = {each for each in houses if holds(written(each))}
        return np.array(
            [
                house in hidden or byline.has(name)
                for house, byline in zip(self._pool.organizations, self._bylines, strict=True)
            ],
            np.bool_,
        )

    def _holding(self, atom: Atom) -> Array:
        answer = self.to(atom)
        return np.where(answer >= ABOUT, answer, 0) if atom.kind is Kind.TOPIC else answer

    def _to(self, atom: Atom) -> Array:
        match atom.kind:
            case Kind.TOPIC:
                return self._pool.topics[:, self._column[atom.name]]
            case Kind.KEYWORD:
                return self._keyword(atom.name)
            case Kind.AUTHOR:
                author = person(atom.name)
                return _array(NAMED * each.has(author) for each in self._bylines)
            case Kind.ORGANIZATION:
                wanted = same(atom.name)
                return _array(NAMED * (wanted == house != "") for house in self._houses)

    def _keyword(self, word: str) -> Array:
        holds = finder(word)
        return _array(
            IN_TITLE if holds(title) else IN_TEXT if holds(text) else 0.0
            for title, text in self._written
        )


@lru_cache(maxsize=2)
def answers(pool: Pool) -> Answers:
    """Return the answers of *pool*, kept while it is one of the last two asked for."""
    return Answers(pool)


def unmuted(pool: Pool, words: Iterable[str], topics: Iterable[str]) -> Flags:
    """Return which papers hold none of *words*, and are about none of *topics*."""
    known = answers(pool)
    free = np.ones(len(pool), np.bool_)
    for word in words:
        free &= ~known.mentions(word)
    for topic in topics:
        free &= ~known.is_about(topic)
    return free


def _array(values: Iterable[float]) -> Array:
    array = np.fromiter(values, np.float32)
    array.flags.writeable = False
    return array

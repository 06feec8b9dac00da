"""How far each paper of a pool answers to an atom; once for all readers."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from digest.match.interests import Atom, Kind
from digest.pool import Pool
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT
from digest.topics.terms import phrase

Array = npt.NDArray[np.float32]

IN_TITLE, IN_TEXT = 1.0, 0.7
NAMED = 1.0
"""What a followed author or organisation adds: as much as a sure topic."""

_KEPT_ATOMS = 20_000
_QUOTED = re.compile(r'\s*["“„«](.+)["”“»]\s*')


class Answers:
    """The answers of one pool, each worked out when it is first asked for."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._column = {topic.slug: n for n, topic in enumerate(taxonomy.topics())}
        self._names = [{_folded(name) for name in names} for names in pool.authors]
        self._houses = [_folded(name or "") for name in pool.organizations]
        self.to: Callable[[Atom], Array] = lru_cache(_KEPT_ATOMS)(self._to)
        """How far each paper answers to an atom, shape (papers,), in [0, 1]; read only."""

    def holding(self, atom: Atom) -> Array:
        """Return the answers that are reasons: a topic counts from `ABOUT` on."""
        answer = self.to(atom)
        return np.where(answer >= ABOUT, answer, 0) if atom.kind is Kind.TOPIC else answer

    def mentions(self, word: str) -> npt.NDArray[np.bool_]:
        """Return which papers hold *word*, a keyword, shape (papers,)."""
        return self.to(Atom(Kind.KEYWORD, word)) > 0

    def is_about(self, topic: str) -> npt.NDArray[np.bool_]:
        """Return which papers are about *topic*, a slug, shape (papers,)."""
        if topic not in self._column:
            return np.zeros(len(self._pool), np.bool_)
        return self.to(Atom(Kind.TOPIC, topic)) >= ABOUT

    def _to(self, atom: Atom) -> Array:
        match atom.kind:
            case Kind.TOPIC:
                return self._pool.topics[:, self._column[atom.name]]
            case Kind.KEYWORD:
                return self._keyword(atom.name)
            case Kind.AUTHOR:
                wanted = _folded(_turned(atom.name))
                return _array(NAMED * (wanted in names) for names in self._names)
            case Kind.ORGANIZATION:
                wanted = _folded(atom.name)
                return _array(NAMED * (wanted == house) for house in self._houses)

    def _keyword(self, word: str) -> Array:
        if quoted := _QUOTED.fullmatch(word):
            return self._exact(quoted.group(1))
        beginning = word.strip().endswith("*")
        wanted = phrase(word).rstrip() if beginning else phrase(word)
        if not wanted.strip():
            return np.zeros(len(self._pool), np.float32)
        return _array(
            IN_TITLE if wanted in title else IN_TEXT if wanted in text else 0.0
            for title, text in self._pool.phrases
        )

    def _exact(self, words: str) -> Array:
        spaced = r"\s+".join(map(re.escape, words.split()))
        wanted = re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)
        return _array(
            IN_TITLE
            if wanted.search(text.title)
            else IN_TEXT
            if wanted.search(text.abstract) or wanted.search(finding)
            else 0.0
            for text, finding in zip(self._pool.texts, self._pool.findings, strict=True)
        )


@lru_cache(maxsize=2)
def answers(pool: Pool) -> Answers:
    """Return the answers of *pool*, kept while it is one of the last two asked for."""
    return Answers(pool)


def _array(values: Iterable[float]) -> Array:
    array = np.fromiter(values, np.float32)
    array.flags.writeable = False
    return array


def _folded(name: str) -> str:
    """Return *name* as names are compared: without accents, dots and case."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c))))


def _turned(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given} {family}" if comma else name

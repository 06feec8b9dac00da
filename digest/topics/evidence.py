"""Evidence: which of a topic's seed terms a paper uses, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.topics.taxonomy import Topic
from digest.topics.terms import words
from digest.topics.tokens import Numbers, Rows, Tokens, counted

MOST_DISTINCT = 4
"""More seed terms of a topic than this say no more."""
USE = 5.0
"""Unit of the weighted uses of seed terms; it only keeps what is learnt of them near one."""

Term = tuple[str, ...]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Seeds:
    """The seed terms of all topics as runs of words, each once for each topic."""

    terms: tuple[Term, ...]
    topic: Numbers
    """The topic of each, by its place."""
    title_only: npt.NDArray[np.bool_]
    topics: int

    @classmethod
    def of(cls, topics: Sequence[Topic]) -> "Seeds":
        found: list[tuple[Term, int, bool]] = []
        for place, topic in enumerate(topics):
            anywhere = {tuple(words(seed)) for seed in topic.seeds}
            titles = {tuple(words(seed)) for seed in topic.title_seeds} - anywhere
            found += [(term, place, False) for term in sorted(anywhere)]
            found += [(term, place, True) for term in sorted(titles)]
        return cls(
            terms=tuple(term for term, _, _ in found),
            topic=np.array([place for _, place, _ in found], np.int64),
            title_only=np.array([title for _, _, title in found], np.bool_),
            topics=len(topics),
        )

    def in_titles(self, tokens: Tokens) -> npt.NDArray[np.bool_]:
        """Return which titles name which topics, shape (papers, topics)."""
        rows, terms, in_title = self._uses(tokens)
        named = np.zeros((tokens.papers, self.topics), np.bool_)
        named[rows[in_title], self.topic[terms[in_title]]] = True
        return named

    def in_abstracts(self, tokens: Tokens) -> Rows:
        """Return how often abstracts use each term, shape (papers, terms)."""
        rows, terms, in_title = self._uses(tokens)
        counts = ~in_title & ~self.title_only[terms]
        once = np.ones(int(counts.sum()), np.float32)
        return counted(rows[counts], terms[counts], once, (tokens.papers, len(self.terms)))

    def rarity(self, tokens: Tokens) -> Floats:
        """Return the inverse document frequency of each term in abstracts, shape (terms,)."""
        papers = np.bincount(self.in_abstracts(tokens).indices, minlength=len(self.terms))
        rarity: Floats = (np.log((1 + tokens.papers) / (1 + papers)) + 1).astype(np.float32)
        return rarity

    def told(self, tokens: Tokens, rarity: Floats) -> tuple[Floats, Floats]:
        """
        Return how much abstracts use each topic's terms, and how many of them they use.

        Both of shape (papers, topics); rare terms are more use, and more uses are little more.
        """
        terms = self.in_abstracts(tokens)
        weights, once = (1 + np.log(terms.data)) * rarity[terms.indices], np.ones_like(terms.data)
        uses, distinct = (
            self.by_topic(sparse.csr_array((each, terms.indices, terms.indptr), shape=terms.shape))
            for each in (weights / np.float32(USE), once)
        )
        return uses, np.minimum(distinct, np.float32(MOST_DISTINCT))

    def by_topic(self, terms: Rows) -> Floats:
        """Return the sums over each topic's terms, shape (papers, topics)."""
        sums: Floats = (terms @ self._owners).toarray()
        return sums

    @cached_property
    def _owners(self) -> Rows:
        once = np.ones(len(self.terms), np.float32)
        shape = (len(self.terms), self.topics)
        return sparse.csr_array((once, (np.arange(len(self.terms)), self.topic)), shape=shape)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        known = sorted({word for term in self.terms for word in term})
        return {word: number for number, word in enumerate(known)}

    @cached_property
    def _keys(self) -> list[tuple[int, Numbers, Numbers]]:
        """The terms of each length as one number each, ascending, and which they are."""
        keys = []
        for length in sorted({len(term) for term in self.terms}):
            which = np.array([n for n, term in enumerate(self.terms) if len(term) == length])
            key = np.array([self._key(self.terms[n]) for n in which], np.int64)
            order = np.argsort(key, kind="stable")
            keys.append((length, key[order], which[order]))
        return keys

    def _key(self, term: Term) -> int:
        key = 0
        for word in term:
            key = key * len(self._numbers) + self._numbers[word]
        return key

    def _uses(self, tokens: Tokens) -> tuple[Numbers, Numbers, npt.NDArray[np.bool_]]:
        """Return each use of a term: the paper, the term, and whether it is in the title."""
        base = len(self._numbers)
        numbers = np.array([self._numbers.get(word, -1) for word in tokens.vocabulary], np.int64)
        word = numbers[tokens.flat]
        uses = []
        for length, keys, terms in self._keys:
            starts = _runs(word, tokens.text, length)
            found = np.zeros(len(starts), np.int64)
            for step in range(length):
                found = found * base + word[starts + step]
            # Two topics may share a term: each has its own place among the equal keys.
            first, last = np.searchsorted(keys, found), np.searchsorted(keys, found, "right")
            times = last - first
            shift = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
            uses.append((np.repeat(starts, times), terms[np.repeat(first, times) + shift]))
        starts = np.concatenate([start for start, _ in uses])
        return tokens.paper[starts], np.concatenate([t for _, t in uses]), tokens.in_title[starts]


def _runs(word: Numbers, text: Numbers, length: int) -> Numbers:
    """Return where runs of *length* known words of one text begin."""
    if len(word) < length:
        return np.zeros(0, np.int64)
    known = word >= 0
    last = len(word) - length + 1
    run = text[:last] == text[length - 1 :]
    for step in range(length):
        run &= known[step : last + step]
    return np.flatnonzero(run)

"""Fitting: what one reader's interests make of the papers of a pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.card import Reason
from digest.match import reasons
from digest.match.answers import answers
from digest.match.closeness import (
    SAID_BESIDE_LIKED,
    Closeness,
    standing_out,
    together,
    weighed,
)
from digest.match.interests import Atom, Kind, Rated, Reader
from digest.match.tastes import tastes
from digest.pool import Pool

Array = npt.NDArray[np.float32]

CLOSE = 1.5
"""A paper is close to what a reader wrote or liked if it stands out by so many standard
deviations; of a day's papers about one in ten does."""

AS_SURE_AS_A_TOPIC = 5.0
"""Standard deviations that add as much as a topic that a paper is surely about."""

NEAR = 2.0
"""A liked paper is counted in a reason if the picked one stands out among all by so many standard
deviations in being like it."""

DISLIKED_WEIGHT = 0.5
_NO_PAPER = Rated("", "")


@dataclass(frozen=True)
class Followed:
    """What a block of readers follows, and how far each paper answers to it."""

    atoms: Sequence[Atom]
    whose: sparse.csr_array
    """Shape (readers, atoms), 1 or absent."""
    answers: Array
    """Shape (atoms, papers), in [0, 1]; 0 for what is no reason."""

    @cached_property
    def fit(self) -> Array:
        """How well each paper answers to each reader's atoms together, shape (readers, papers)."""
        return np.asarray(self.whose @ self.answers, np.float32)

    def of(self, reader: int) -> npt.NDArray[np.int32]:
        """Return the rows of the atoms that the reader in this row follows."""
        whose = self.whose
        return whose.indices[whose.indptr[reader] : whose.indptr[reader + 1]]


def followed(pool: Pool, readers: Sequence[Reader]) -> Followed:
    atoms = list(dict.fromkeys(atom for reader in readers for atom in reader.atoms))
    place = {atom: n for n, atom in enumerate(atoms)}
    own = [[place[atom] for atom in reader.atoms] for reader in readers]
    ends = np.cumsum([0, *map(len, own)])
    columns = np.array([n for places in own for n in places], np.int32)
    known = answers(pool)
    held = [known.holding(atom) for atom in atoms]
    return Followed(
        atoms,
        sparse.csr_array(
            (np.ones(len(columns), np.float32), columns, ends), shape=(len(readers), len(atoms))
        ),
        np.array(held, np.float32).reshape(len(atoms), len(pool)),
    )


class Fit:
    """One reader before one pool; *row* is the reader's among *follows*."""

    def __init__(
        self,
        pool: Pool,
        reader: Reader,
        rated: Mapping[int, Rated],
        *,
        follows: Followed,
        row: int,
    ) -> None:
        self._pool, self._reader, self._rated = pool, reader, rated
        self._follows, self._own = follows, follows.of(row)
        taste = tastes(pool)
        self._said, self._liked = taste.said(reader), taste.rated(reader.liked, rated)
        if self._said and self._liked:
            self._said = weighed(self._said, SAID_BESIDE_LIKED)
        parts = [part for part in (self._said, self._liked) if part]
        self._likes = together(parts) if parts else None
        self._dislikes = taste.rated(reader.disliked, rated)
        self.close = _worth(self._likes, self.likes_stand_out)
        """What being close to what was written and liked adds, shape (papers,)."""
        self.pushed = DISLIKED_WEIGHT * _worth(self._dislikes, self.dislikes_stand_out)
        """What being close to what was disliked takes, shape (papers,)."""
        self.scores: Array = follows.fit[row] + self.close
        """How well each paper fits, shape (papers,): above 0 there is a reason for it."""

    @cached_property
    def by_interest(self) -> Array:
        """
        How well each paper fits, by interest alone, shape (papers,).

        Unlike *scores* it tells apart those papers, too, that no reader would be told of.
        """
        known = answers(self._pool)
        total = np.zeros(len(self._pool), np.float32)
        for atom in self._reader.atoms:
            total += known.to(atom)
        return total + self.likes_stand_out - DISLIKED_WEIGHT * self.dislikes_stand_out

    @cached_property
    def likes_stand_out(self) -> Array:
        return self._standing(self._likes)

    @cached_property
    def dislikes_stand_out(self) -> Array:
        return self._standing(self._dislikes)

    def _standing(self, taste: Closeness | None) -> Array:
        """Return how much each paper stands out, as parts of what a sure topic adds."""
        if taste is None:
            return np.zeros(len(self._pool), np.float32)
        return standing_out(taste.scores, self._unrated) / np.float32(AS_SURE_AS_A_TOPIC)

    @cached_property
    def _unrated(self) -> npt.NDArray[np.bool_]:
        """Which papers the reader did not rate: beside those that they did, nothing stands out."""
        unrated = np.ones(len(self._pool), np.bool_)
        known = self._pool.places
        for paper_id in (*self._reader.liked, *self._reader.disliked):
            if (place := known.get(self._rated.get(paper_id, _NO_PAPER))) is not None:
                unrated[place] = False
        return unrated

    def allowed(self) -> npt.NDArray[np.bool_]:
        """Return which papers hold nothing that the reader muted, shape (papers,)."""
        known = answers(self._pool)
        free = np.ones(len(self._pool), np.bool_)
        for word in self._reader.muted:
            free &= ~known.mentions(word)
        for topic in self._reader.muted_topics:
            free &= ~known.is_about(topic)
        return free

    def main_topic(self) -> npt.NDArray[np.int32]:
        """Return the atom of the followed topic that each paper is most about; -1 for none."""
        topics = [n for n in self._own if self._follows.atoms[n].kind is Kind.TOPIC]
        if not topics:
            return np.full(len(self._pool), -1, np.int32)
        answer = self._follows.answers[topics]
        main = np.array(topics, np.int32)[answer.argmax(axis=0)]
        return np.where(answer.max(axis=0) > 0, main, -1).astype(np.int32)

    def reasons(self, place: int) -> tuple[Reason, ...]:
        """Return why the paper in this place fits: at most three reasons, the strongest first."""
        answer = self._follows.answers[self._own, place]
        strongest = [
            self._follows.atoms[self._own[n]]
            for n in np.argsort(-answer, kind="stable")[: reasons.MOST_REASONS]
            if answer[n] > 0
        ]
        told = reasons.of_atoms(strongest)[: reasons.MOST_REASONS - bool(self.close[place] > 0)]
        if self.close[place] > 0:
            told.append(self._closeness(place))
        return tuple(told)

    def _closeness(self, place: int) -> Reason:
        """Return the reason of what added more: what was written, or what was liked."""
        said, liked = self._above(self._said, place), self._above(self._liked, place)
        if self._said and said > liked:
            return reasons.of_text(reasons.carried(self._pool, place, self._said.direction))
        assert self._liked is not None  # noqa: S101  one of both made it close
        words = reasons.carried(self._pool, place, self._liked.direction)
        return reasons.of_likes(int((self._near[:, place] >= NEAR).sum()), words)

    def _above(self, part: Closeness | None, place: int) -> float:
        if part is None or part.meant[place] < 1:
            return -np.inf
        return float(part.scores[place] - part.scores[self._unrated].mean())

    @cached_property
    def _near(self) -> Array:
        """How much each paper stands out in being like each liked one, shape (liked, papers)."""
        taste = tastes(self._pool)
        liked = taste.rows(self._reader.liked, self._rated)
        if liked is None:
            return np.zeros((0, len(self._pool)), np.float32)
        each = taste.to_each(liked).T
        return np.array([standing_out(scores, self._unrated) for scores in each], np.float32)


def _worth(taste: Closeness | None, standing: Array) -> Array:
    if taste is None:
        return standing
    close = (standing >= CLOSE / AS_SURE_AS_A_TOPIC) & (taste.meant >= 1)
    return np.asarray(np.where(close, np.minimum(standing, 1), 0), np.float32)

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
from digest.match.interests import Atom, Kind, Rated, Reader
from digest.match.tastes import DISLIKED_WEIGHT, tastes
from digest.pool import Pool

Array = npt.NDArray[np.float32]


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
    whose = [reader.atoms for reader in readers]
    atoms = list(dict.fromkeys(atom for own in whose for atom in own))
    place = {atom: n for n, atom in enumerate(atoms)}
    own = [[place[atom] for atom in theirs] for theirs in whose]
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
        self._pool, self._reader = pool, reader
        self._follows, self._own = follows, follows.of(row).tolist()
        self._atoms = [follows.atoms[n] for n in self._own]
        self.taste = tastes(pool).of(reader, rated)
        self.scores: Array = follows.fit[row] + self.taste.close
        """How well each paper fits, shape (papers,): above 0 there is a reason for it."""

    @cached_property
    def by_interest(self) -> Array:
        """
        How well each paper fits, by interest alone, shape (papers,).

        Unlike *scores* it tells apart those papers, too, that no reader would be told of.
        """
        known, taste = answers(self._pool), self.taste
        total = taste.likes_stand_out - DISLIKED_WEIGHT * taste.dislikes_stand_out
        for atom in self._atoms:
            total += known.to(atom)
        return total

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
        topics = [
            n for n, atom in zip(self._own, self._atoms, strict=True) if atom.kind is Kind.TOPIC
        ]
        if not topics:
            return np.full(len(self._pool), -1, np.int32)
        answer = self._follows.answers[topics]
        main = np.array(topics, np.int32)[answer.argmax(axis=0)]
        return np.where(answer.max(axis=0) > 0, main, -1).astype(np.int32)

    def reasons(self, place: int) -> tuple[Reason, ...]:
        """Return why the paper in this place fits: at most three reasons, the strongest first."""
        answer = self._answers[:, place].tolist()
        strongest = sorted((n for n, far in enumerate(answer) if far), key=lambda n: -answer[n])
        told = reasons.of_atoms(tuple(self._atoms[n] for n in strongest[: reasons.MOST_REASONS]))
        if not self.taste.close[place]:
            return told
        return (*told[: reasons.MOST_REASONS - 1], self.taste.reason(place))

    @cached_property
    def _answers(self) -> Array:
        """How far each paper answers to what the reader follows, shape (followed, papers)."""
        return np.asarray(self._follows.answers[self._own])

"""Fitting: what one reader's interests make of the papers of a pool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.card import Reason
from digest.match import reasons
from digest.match.answers import Flags, answers, unmuted
from digest.match.interests import Atom, Kind, Rated, Reader
from digest.match.picking import NONE, Places
from digest.match.tastes import DISLIKED_WEIGHT, Taste, tastes
from digest.pool import Pool

Array = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]


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

    @cached_property
    def main_topics(self) -> Rows:
        """
        The atom of the followed topic that each paper is most about, shape (readers, papers).

        It is -1 where there is none, and for readers who follow no more than one topic.
        """
        main, most = np.full(self.fit.shape, NONE, np.int32), np.zeros(self.fit.shape, np.float32)
        topics = self._side_by_side([atom.kind is Kind.TOPIC for atom in self.atoms])
        several = topics[:, 1] != NONE if topics.shape[1] > 1 else np.zeros(len(topics), np.bool_)
        for column in topics.T:
            readers = np.flatnonzero(several & (column != NONE))
            answer = self.answers[column[readers]]
            better = answer > most[readers]
            main[readers] = np.where(better, column[readers, None], main[readers])
            most[readers] = np.where(better, answer, most[readers])
        return main

    def told(self, places: Places) -> list[list[tuple[Reason, ...]]]:
        """Return for each reader what the papers in *places* answer to, the strongest first."""
        own = self._side_by_side([True] * len(self.atoms))
        if not own.size:
            return [[()] * places.shape[1]] * len(places)
        answer = self.answers[own[:, :, None], places[:, None, :]]
        answer[own == NONE] = 0
        ranks = []
        for _ in range(min(reasons.MOST_REASONS, own.shape[1])):
            first = answer.argmax(axis=1)[:, None]
            found = np.take_along_axis(answer, first, axis=1)[:, 0] > 0
            ranks.append(np.where(found, np.take_along_axis(own, first[:, 0], axis=1), NONE))
            np.put_along_axis(answer, first, 0, axis=1)
        lists = zip(*(rank.tolist() for rank in ranks), strict=True)
        return [list(map(self._reasons, *ranked)) for ranked in lists]

    @cached_property
    def _reasons(self) -> Callable[..., tuple[Reason, ...]]:
        return cache(
            lambda *rows: reasons.of_atoms(tuple(self.atoms[row] for row in rows if row != NONE))
        )

    def _side_by_side(self, wanted: Sequence[bool]) -> Rows:
        """Return the rows of the *wanted* atoms of each reader, -1 after the last."""
        pairs = np.flatnonzero(np.array(wanted, np.bool_)[self.whose.indices])
        whose = np.repeat(np.arange(self.whose.shape[0]), np.diff(self.whose.indptr))[pairs]
        counts = np.bincount(whose, minlength=self.whose.shape[0])
        column = np.arange(len(pairs)) - (np.cumsum(counts) - counts)[whose]
        rows = np.full((len(counts), counts.max(initial=0)), NONE, np.int32)
        rows[whose, column] = self.whose.indices[pairs]
        return rows


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
        self.taste = tastes(pool).of([reader], rated)
        """In its only row."""
        self.scores: Array = follows.fit[row] + self.taste.close[0]
        """How well each paper fits, shape (papers,): above 0 there is a reason for it."""

    @cached_property
    def by_interest(self) -> Array:
        """
        How well each paper fits, by interest alone, shape (papers,).

        Unlike *scores* it tells apart those papers, too, that no reader would be told of.
        """
        known, taste = answers(self._pool), self.taste
        total: Array = taste.likes_stand_out[0] - DISLIKED_WEIGHT * taste.dislikes_stand_out[0]
        for atom in self._atoms:
            total += known.to(atom)
        return total

    def allowed(self) -> Flags:
        """Return which papers hold nothing that the reader muted, shape (papers,)."""
        return unmuted(self._pool, self._reader.muted, self._reader.muted_topics)

    def reasons(self, place: int) -> tuple[Reason, ...]:
        """Return why the paper in this place fits: at most three reasons, the strongest first."""
        answer = self._answers[:, place].tolist()
        strongest = sorted((n for n, far in enumerate(answer) if far), key=lambda n: -answer[n])
        told = reasons.of_atoms(tuple(self._atoms[n] for n in strongest[: reasons.MOST_REASONS]))
        return with_taste(told, self.taste, 0, place)

    @cached_property
    def _answers(self) -> Array:
        """How far each paper answers to what the reader follows, shape (followed, papers)."""
        return np.asarray(self._follows.answers[self._own])


def with_taste(told: tuple[Reason, ...], taste: Taste, row: int, place: int) -> tuple[Reason, ...]:
    """Return *told*, and after it why the paper is close to what this row's reader likes."""
    if not taste.close[row, place]:
        return told
    return (*told[: reasons.MOST_REASONS - 1], taste.reason(row, place))

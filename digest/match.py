"""Match: the papers of an edition that fit each reader, and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.card import Reason
from digest.clock import Cadence
from digest.edition import Edition
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT
from digest.topics.terms import phrase

LOOKS_BACK = {
    Cadence.DAILY: timedelta(days=4),
    Cadence.WEEKDAYS: timedelta(days=4),
    Cadence.DAYS: timedelta(days=8),
    Cadence.WEEKLY: timedelta(days=8),
    Cadence.MONTHLY: timedelta(days=32),
}
"""How old a paper may be for a reader: a weekend and a holiday behind a daily digest."""

TREND_WEIGHT = 0.5
"""What the strongest trend adds to a paper that fits, where a sure topic adds 1."""

TRENDING_SHARE = 0.2
"""The part of a digest kept for what everybody reads."""

MOST_REASONS = 3
IN_TITLE, IN_TEXT = 1.0, 0.7

Atom = tuple[str, str]
"""One thing that a reader may follow: its kind (topic, keyword) and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What the matcher knows of a reader."""

    id: int
    cadence: Cadence
    topics: Sequence[str] = ()
    keywords: Sequence[str] = ()
    muted: Sequence[str] = ()
    sent: Collection[int] = field(default=frozenset())
    """Ids of papers that they were sent before."""

    @property
    def atoms(self) -> list[Atom]:
        topics = [("topic", slug) for slug in self.topics if slug in taxonomy.by_slug()]
        return topics + [("keyword", word) for word in self.keywords if phrase(word).strip()]


@dataclass(frozen=True, slots=True)
class Picked:
    """One paper for one reader."""

    place: int
    """Its row in the edition."""
    score: float
    reasons: tuple[Reason, ...]
    """The interests that it answers to; none for one that is there as it trends."""


def match(edition: Edition, readers: Sequence[Reader], k: int) -> list[list[Picked]]:
    """
    Return at most *k* picks for each reader, first those that fit, then what trends.

    A paper fits by the sum of the reader's atoms it answers to, each in [0, 1], and its trend
    orders those that fit alike. Nothing sent before, muted or older than the reader's cadence
    looks back is picked.
    """
    if not readers:
        return []
    atoms = list(dict.fromkeys(atom for reader in readers for atom in reader.atoms))
    answers = _answers(edition, atoms)
    fit = (_follows(readers, atoms) @ answers).astype(np.float32)
    open_to = np.array([_open_to(edition, reader) for reader in readers])
    return [
        _choose(edition, fit[n], open_to[n], _Followed(reader, atoms, answers), k)
        for n, reader in enumerate(readers)
    ]


def _follows(readers: Sequence[Reader], atoms: Sequence[Atom]) -> sparse.csr_array:
    """Return who follows what: shape (readers, atoms), 1 or absent."""
    place = {atom: n for n, atom in enumerate(atoms)}
    pairs = [(n, place[atom]) for n, reader in enumerate(readers) for atom in set(reader.atoms)]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    return sparse.csr_array(
        (np.ones(len(pairs), np.float32), (rows, columns)), shape=(len(readers), len(atoms))
    )


def _answers(edition: Edition, atoms: Sequence[Atom]) -> npt.NDArray[np.float32]:
    """Return how far each paper answers to each atom: shape (atoms, papers), in [0, 1]."""
    column = {topic.slug: n for n, topic in enumerate(taxonomy.topics())}
    answers = np.zeros((len(atoms), len(edition.cards)), np.float32)
    for n, (kind, name) in enumerate(atoms):
        if kind == "topic":
            likely = edition.topics[:, column[name]]
            answers[n] = np.where(likely >= ABOUT, likely, 0)
        else:
            answers[n] = _keyword(edition, name)
    return answers


def _keyword(edition: Edition, word: str) -> npt.NDArray[np.float32]:
    """Return how far each paper uses *word*: in its title, in its text only, or not at all."""
    wanted = phrase(word)
    return np.array(
        [
            IN_TITLE if wanted in title else IN_TEXT if wanted in text else 0.0
            for title, text in edition.phrases
        ],
        np.float32,
    )


def _open_to(edition: Edition, reader: Reader) -> npt.NDArray[np.bool_]:
    """Return which papers the reader may be sent, shape (papers,)."""
    oldest = (edition.built_at - LOOKS_BACK[reader.cadence]).timestamp()
    fresh = edition.listed_at >= oldest
    unsent = np.array([card.paper_id not in reader.sent for card in edition.cards], np.bool_)
    allowed = fresh & unsent
    for word in reader.muted:
        if phrase(word).strip():
            allowed &= _keyword(edition, word) == 0
    return allowed


def _choose(
    edition: Edition,
    fit: npt.NDArray[np.float32],
    open_to: npt.NDArray[np.bool_],
    followed: "_Followed",
    k: int,
) -> list[Picked]:
    scores = fit + TREND_WEIGHT * edition.trend
    # A stable sort: papers of the same score stay in the edition's order, by trend.
    best_first = np.argsort(-scores, kind="stable")
    fitting = [int(n) for n in best_first if open_to[n] and fit[n] > 0]
    trending = [n for n in range(len(fit)) if open_to[n] and fit[n] == 0]
    kept_for_trends = min(len(trending), round(k * TRENDING_SHARE))
    chosen = fitting[: k - kept_for_trends]
    chosen += trending[: k - len(chosen)]
    return [Picked(n, float(scores[n]), followed.reasons(n)) for n in chosen]


class _Followed:
    """What one reader follows, and how far each paper answers to it."""

    def __init__(
        self, reader: Reader, atoms: Sequence[Atom], answers: npt.NDArray[np.float32]
    ) -> None:
        own = set(reader.atoms)
        self._atoms = atoms
        self._places = [n for n, atom in enumerate(atoms) if atom in own]
        self._answers = answers

    def reasons(self, paper: int) -> tuple[Reason, ...]:
        """Return why *paper* (its row) fits: the atoms that it answers to, strongest first."""
        answers = self._answers[:, paper]
        holding = sorted((n for n in self._places if answers[n] > 0), key=lambda n: -answers[n])
        strongest = [self._atoms[n] for n in holding[:MOST_REASONS]]
        topics = tuple(taxonomy.by_slug()[name].name for kind, name in strongest if kind == "topic")
        keywords = tuple(name for kind, name in strongest if kind == "keyword")
        reasons = (
            Reason("You follow", topics),
            Reason(f"Matches your keyword{'s' * (len(keywords) > 1)}", keywords),
        )
        return tuple(reason for reason in reasons if reason.chips)

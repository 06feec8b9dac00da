"""What an edition is made of."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from digest.card import Card
from digest.pool import Pool
from digest.space import Text


@dataclass(frozen=True)
class Edition:
    """
    The papers on offer, strongest trend first; every array has one row a paper.

    It never changes once it is built, so it may be shared by threads and kept by its id.
    """

    id: int
    built_at: datetime
    fetched_at: datetime | None
    """When a source was last read with success; None if never."""
    missing: tuple[str, ...]
    """What people call the sources that could not be read last; a digest says so."""
    cards: tuple[Card, ...]
    listed_at: npt.NDArray[np.float64]
    """When it last was news, in seconds since the epoch, shape (papers,)."""
    trend: npt.NDArray[np.float32]
    """Shape (papers,), in (0, 1)."""
    topics: npt.NDArray[np.float32]
    """Probabilities, shape (papers, topics), in [0, 1]; the taxonomy's order."""

    @cached_property
    def paper_ids(self) -> npt.NDArray[np.int64]:
        return np.array([card.paper_id for card in self.cards], np.int64)

    @cached_property
    def rows(self) -> dict[int, int]:
        """The row of each paper, by its id."""
        return {card.paper_id: row for row, card in enumerate(self.cards)}

    @cached_property
    def pool(self) -> Pool:
        """The papers as the matcher reads them."""
        return Pool(
            texts=[Text(card.title, card.abstract) for card in self.cards],
            # It may be a machine's words, which the abstract does not hold; a mail shows it.
            findings=[card.finding for card in self.cards],
            authors=[card.authors for card in self.cards],
            organizations=[card.organization for card in self.cards],
            topics=self.topics,
        )

    @property
    def sample(self) -> bool:
        return any(card.sample for card in self.cards)

"""A pool: what the matcher reads of some papers, the newest edition's or any others."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from digest.space import Space, Text


@dataclass(frozen=True, eq=False)
class Pool:
    """Papers to choose from, one row each; it never changes once it is made."""

    texts: Sequence[Text]
    findings: Sequence[str]
    """Words about each paper that its abstract may not hold, such as a machine's summary."""
    authors: Sequence[Sequence[str]]
    organizations: Sequence[str | None]
    topics: npt.NDArray[np.float32]
    """Probabilities, shape (papers, topics), in [0, 1]; the taxonomy's order."""

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def places(self) -> dict[Text, int]:
        """The row of each paper, by what it says."""
        return {text: row for row, text in enumerate(self.texts)}

    @cached_property
    def space(self) -> Space:
        return Space(self.texts)

"""Papers that tell most of a reader's taste when they rate them: varied, not the top ones."""

from collections.abc import Collection

import numpy as np

from digest.edition import Edition

CONSIDERED = 400
"""Of a large edition the papers with the strongest trend."""


def varied(edition: Edition, count: int, leave_out: Collection[int] = ()) -> list[int]:
    """
    Return the rows of at most *count* papers that stand for the whole edition, none twice.

    Each is chosen so that every paper on offer is like one of the chosen (facility location,
    greedily: Nemhauser et al. 1978). *leave_out* holds ids of papers.
    """
    likeness = edition.pool.space.likeness[:CONSIDERED, :CONSIDERED]
    free = ~np.isin(edition.paper_ids[:CONSIDERED], list(leave_out))
    covered = np.zeros(len(likeness), np.float32)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        gain = np.maximum(likeness - covered[:, None], 0).sum(axis=0)
        best = int(np.argmax(np.where(free, gain, -1)))
        chosen.append(best)
        free[best] = False
        covered = np.maximum(covered, likeness[:, best])
    return chosen

"""Picking: what a batch's readers get, matched all at once."""

from collections.abc import Mapping, Sequence

from digest.compose.batch import Batch
from digest.match import Picked, match

SIZE = 10
"""Papers in a digest."""

Picks = Mapping[int, Sequence[Picked]]
"""What was picked for each digest, by its delivery's id."""


def matched(batch: Batch) -> Picks:
    if batch.edition is None:
        return {}
    picks = match(batch.edition, list(batch.digests.values()), SIZE, batch.rated)
    return dict(zip(batch.digests, picks, strict=True))

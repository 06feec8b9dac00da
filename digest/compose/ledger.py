"""The ledger: which papers a digest showed, and why, as it is written down when the digest goes."""

import json
from collections.abc import Sequence
from itertools import count, repeat

from digest.card import Card, chips
from digest.delivery import Claimed, Entry
from digest.match import Picked


def ledger(claimed: Claimed, paper_ids: Sequence[int], reasons: Sequence[str]) -> tuple[Entry, ...]:
    """Return the entries of a digest's papers, the best first; the *reasons* of each are JSON."""
    reader_id, delivery_id = repeat(claimed.subscriber_id), repeat(claimed.id)
    return tuple(zip(reader_id, paper_ids, delivery_id, count(), reasons, strict=False))


def entries(claimed: Claimed, cards: Sequence[Card], picks: Sequence[Picked]) -> tuple[Entry, ...]:
    """Return the same of *picks* of the papers on *cards*."""
    paper_ids = [cards[pick.place].paper_id for pick in picks]
    return ledger(claimed, paper_ids, [json.dumps(chips(pick.reasons)) for pick in picks])

"""The ledger: which papers a digest showed, and why, as rows that are written when it goes."""

from collections.abc import Sequence

from digest.delivery import Claimed

Row = dict[str, object]
"""A row of `models.Pick`."""

Reasons = list[dict[str, object]]


def ledger(
    claimed: Claimed, paper_ids: Sequence[int], reasons: Sequence[Reasons]
) -> tuple[Row, ...]:
    """Return the rows of a digest with these papers, the best first, and the *reasons* of each."""
    reader_id, delivery_id = claimed.subscriber_id, claimed.id
    rows: list[Row] = [
        {
            "subscriber_id": reader_id,
            "paper_id": paper_id,
            "delivery_id": delivery_id,
            "place": place,
            "reasons": why,
        }
        for place, (paper_id, why) in enumerate(zip(paper_ids, reasons, strict=True))
    ]
    return tuple(rows)

"""A trend in words: how a paper's upvotes grow."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from digest.library import Seen

LOOKS_BACK = timedelta(hours=6)


def in_words(seen: Iterable[Seen], now: datetime) -> str:
    """
    Return the upvotes of one paper and how many are new: "▲ 184, 40 in the last 6 hours".

    They are those of the source that counted most; without any the words are empty. The time is
    6 hours, or longer where nobody looked 6 hours ago: only what was seen to grow is told.
    """
    counts = sorted(
        (each.seen_at, each.source, each.upvotes)
        for each in seen
        if each.upvotes is not None and each.seen_at <= now
    )
    most, source = max(((upvotes, source) for _, source, upvotes in counts), default=(0, ""))
    if not most:
        return ""
    earlier = [
        (at, upvotes) for at, name, upvotes in counts if name == source and at <= now - LOOKS_BACK
    ]
    known = max((upvotes for _, upvotes in earlier), default=most)
    if known == most:
        return f"▲ {most:,}"
    return f"▲ {most:,}, {most - known:,} in the last {_span(now - earlier[-1][0])}"


def _span(length: timedelta) -> str:
    hours = round(length / timedelta(hours=1))
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"  # noqa: PLR2004

"""A trend in words: how a paper's upvotes grow."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from digest.language import gettext as _
from digest.language import number
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
        return f"▲ {number(most)}"
    return _grown(number(most), number(most - known), now - earlier[-1][0])


def _grown(upvotes: str, new: str, length: timedelta) -> str:
    counts = {"upvotes": upvotes, "new": new}
    hours = round(length / timedelta(hours=1))
    if hours < 48:  # noqa: PLR2004
        return _("▲ %(upvotes)s, %(new)s in the last %(hours)s hours", hours=hours, **counts)
    days = round(hours / 24)
    return _("▲ %(upvotes)s, %(new)s in the last %(days)s days", days=days, **counts)

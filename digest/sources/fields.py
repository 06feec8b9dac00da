"""Values as JSON and XML give them, made into what they mean; None where they mean nothing."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MOST = 10_000_000
"""More of anything was not counted but made up, and would not fit into a column."""


def count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST else None


def moment(value: object) -> datetime | None:
    """Return the moment that *value* names by ISO 8601 or RFC 5322; without a zone it is in UTC."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            named = read(str(value).strip())
            return (named if named.tzinfo else named.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None

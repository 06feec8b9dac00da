"""Speech: the language of the mails to a reader."""

from collections.abc import Mapping, Sequence

from digest.compose.addressee import Addressee
from digest.delivery import Claimed
from digest.models import Standing


def by_language(
    claimed: Sequence[Claimed], readers: Mapping[int, Addressee]
) -> dict[str | None, list[Claimed]]:
    """Return *claimed* by the language of their mails; None where the reader is no more."""
    found: dict[str | None, list[Claimed]] = {}
    for each in claimed:
        found.setdefault(_language(readers.get(each.subscriber_id)), []).append(each)
    return found


def _language(reader: Addressee | None) -> str | None:
    """Return the language of a mail to *reader*: who is asked to confirm has asked in one."""
    if reader is None:
        return None
    asked = reader.requested.get("language") if reader.standing is Standing.PENDING else None
    return asked or reader.language

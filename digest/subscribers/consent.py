"""Consent: that somebody wanted our mails, kept for as long as they are a reader."""

from datetime import datetime

from sqlalchemy.orm import Session

from digest.language import later
from digest.models import Consent, ConsentKind

TEXT_VERSION = "2026-11-22"
"""The words that are shown now, beside the button that is pressed."""

TEXTS = {
    "2026-11-22": later(
        "Send digests of research papers to this address, as often as I choose, until I"
        " unsubscribe. What is kept for that is said on the privacy page."
    ),
}
"""
All words that anybody ever agreed to, by version; none is ever changed or removed.

They are shown in the reader's language, whose catalogue has them.
"""

ELSEWHERE = "elsewhere"
"""The version of words that the operator has, and not we."""


def note(
    session: Session,
    reader_id: int,
    what: ConsentKind,
    *,
    now: datetime,
    ip_hash: str | None = None,
) -> None:
    """Keep that a reader consented; *ip_hash* is a keyed hash of where they did so from."""
    version = ELSEWHERE if what is ConsentKind.OPERATOR else TEXT_VERSION
    session.add(
        Consent(subscriber_id=reader_id, at=now, what=what, text_version=version, ip_hash=ip_hash)
    )
    session.flush()

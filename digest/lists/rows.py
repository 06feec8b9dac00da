"""Rows: what a newcomer is in the tables of readers and of consents."""

from datetime import datetime
from typing import Any

from digest.lists.checking import Newcomer
from digest.models import ConsentKind
from digest.subscribers.consent import ELSEWHERE

WHAT, TEXT_VERSION = ConsentKind.OPERATOR, ELSEWHERE
"""How somebody consented who did so elsewhere, and to which words."""


def of_reader(newcomer: Newcomer, now: datetime) -> dict[str, Any]:
    """Return the columns of the table of readers; all others have defaults."""
    return {
        "email": newcomer.email,
        "address_hash": newcomer.address_hash,
        "standing": newcomer.standing,
        **newcomer.settled.columns,
        "next_due_at": newcomer.next_due_at,
        "paused_until": newcomer.paused_until,
        # An unsubscribe mail ends what was consented to before it: that moment, not this one.
        "confirmed_at": newcomer.consented and newcomer.consented.at,
        "requested": {},
        "created_at": now,
    }


def of_consent(newcomer: Newcomer) -> dict[str, Any] | None:
    """Return the columns of the consent, but for the reader's id; None where there is none."""
    if newcomer.consented is None:
        return None
    return {
        "at": newcomer.consented.at,
        "what": WHAT,
        "text_version": TEXT_VERSION,
        "source": newcomer.consented.source,
    }

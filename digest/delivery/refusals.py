"""Refusals: where several domains refuse in a row, it is us and not the addresses."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from digest.database import Sessions, in_transaction
from digest.delivery import budget

DOMAINS = 3
WITHIN = timedelta(minutes=10)
MOST = 50
"""Refusals that are remembered; more are not needed to tell."""


def note(sessions: Sessions, refused: Sequence[tuple[int, str]], now: datetime) -> list[int]:
    """
    Remember *refused*, (delivery, domain) each, that came after the last acceptance.

    Returns the deliveries that should not have failed: all that are remembered, once `DOMAINS`
    refused `WITHIN` that time. Fewer could be one visitor's typing. Domains that stopped sending
    once do not so again while nothing is accepted: the operator has looked, and let it go on.
    """
    if not refused:
        return []

    def step(session: Session) -> list[int]:
        row = budget.locked(session)
        oldest = (now - WITHIN).timestamp()
        weighed = [each for each in row.refusals if each.get("weighed")]
        remembered = [
            each for each in row.refusals if each["at"] >= oldest and not each.get("weighed")
        ]
        remembered += [
            {"id": delivery_id, "domain": domain, "at": now.timestamp()}
            for delivery_id, domain in refused
        ]
        known = {each["domain"] for each in weighed}
        suspect = len({each["domain"] for each in remembered} - known) >= DOMAINS
        if suspect:
            row.refusals = (weighed + [{**each, "weighed": True} for each in remembered])[-MOST:]
            return [each["id"] for each in remembered]
        row.refusals = weighed + remembered[-MOST:]
        return []

    return in_transaction(sessions, step)

"""Lately: the digests that a reader was sent last."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from digest.card import Card
from digest.links import Purpose
from digest.models import Subscriber
from digest.web.digests import papers_of, sent
from digest.web.pages import services


@dataclass(frozen=True, slots=True)
class Lately:
    """The newest digest with its papers, and those before it."""

    digests: list[tuple[date, str]]
    """The day of each, the newest first, and the address where it can be read."""
    papers: list[Card]


def lately(session: Session, reader: Subscriber) -> Lately:
    newest = sent(session, reader.id)
    return Lately(
        digests=[
            (each.day, services().links.make(Purpose.VIEW, each.id, reader.link_version))
            for each in newest
        ],
        papers=[card for card, _ in papers_of(session, newest[0])] if newest else [],
    )

"""Lately: the digests that a reader was sent last."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import library
from digest.card import Card
from digest.links import Purpose
from digest.models import Delivery, DeliveryKind, Subscriber
from digest.planning import CAME_THROUGH
from digest.web.pages import services

LISTED = 7


@dataclass(frozen=True, slots=True)
class Lately:
    """The newest digest with its papers, and those before it."""

    digests: list[tuple[date, str]]
    """The day of each, the newest first, and the address where it can be read."""
    papers: list[Card]


def lately(session: Session, reader: Subscriber) -> Lately:
    sent = session.execute(
        select(Delivery.id, Delivery.dedupe_key)
        .where(
            Delivery.subscriber_id == reader.id,
            Delivery.kind == DeliveryKind.DIGEST,
            Delivery.state.in_(CAME_THROUGH),
        )
        .order_by(Delivery.dedupe_key.desc(), Delivery.id.desc())
        .limit(LISTED)
    ).all()
    found = library.sent_cards(session, sent[0].id) if sent else None
    return Lately(
        digests=[
            (
                date.fromisoformat(each.dedupe_key),
                services().links.make(Purpose.VIEW, each.id, reader.link_version),
            )
            for each in sent
        ],
        papers=[card for card, _ in found[1]] if found else [],
    )

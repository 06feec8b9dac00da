"""A reader's own digests as a private feed: whoever has its address can read it, and no more."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import library
from digest.card import Card, Reason
from digest.clock import EPOCH
from digest.errors import BadLink
from digest.links import Purpose
from digest.models import Delivery, DeliveryKind, Subscriber
from digest.planning import CAME_THROUGH
from digest.render import said
from digest.web import shelf
from digest.web.feed import KIND, written
from digest.web.pages import services
from digest.web.speech import speak_to

blueprint = Blueprint("digests", __name__)

LISTED = 7
"""Digests in the feed, and on the preferences page."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A digest that came to its reader."""

    id: int
    day: date
    at: datetime


@blueprint.get("/feed/<token>")
def feed(token: str) -> Response:
    with services().sessions.begin() as session:
        reader = reader_of_feed(session, token)
        digests = sent(session, reader.id)
        if shelf.has_visitor(digests):
            return Response(status=304, mimetype=KIND)
        reader_id, address = reader.id, address_of_feed(reader)
        entries = [
            (card, [said(reason) for reason in reasons], digest.at)
            for digest in digests
            for card, reasons in papers_of(session, digest)
        ]
    body = render_template(
        "private_feed.xml",
        reader_id=reader_id,
        address=address,
        entries=entries,
        updated=digests[0].at if digests else EPOCH,
        base_url=services().settings.base_url,
    )
    return written(body)


def address_of_feed(reader: Subscriber) -> str:
    return services().links.make(Purpose.FEED, reader.id, reader.feed_version)


def reader_of_feed(session: Session, token: str) -> Subscriber:
    """
    Return the reader whose private feed has the address with this *token*.

    Raises:
        BadLink: it is no such address, or no longer one, or its reader is gone.

    """
    reader_id, version = services().links.read(Purpose.FEED, token)
    reader = session.get(Subscriber, reader_id)
    if reader is None or version < reader.feed_version:
        raise BadLink("revoked, replaced, or its reader is gone")
    speak_to(reader)
    return reader


def sent(session: Session, reader_id: int) -> list[Sent]:
    """Return the newest digests of a reader, the newest first."""
    rows = session.execute(
        select(Delivery.id, Delivery.dedupe_key, Delivery.sending_at, Delivery.created_at)
        .where(
            Delivery.subscriber_id == reader_id,
            Delivery.kind == DeliveryKind.DIGEST,
            Delivery.state.in_(CAME_THROUGH),
        )
        .order_by(Delivery.dedupe_key.desc(), Delivery.id.desc())
        .limit(LISTED)
    )
    return [
        Sent(each.id, date.fromisoformat(each.dedupe_key), each.sending_at or each.created_at)
        for each in rows
    ]


def papers_of(session: Session, digest: Sent) -> list[tuple[Card, list[Reason]]]:
    """Return the papers of a digest, in the mail's order, with why each was picked."""
    found = library.sent_cards(session, digest.id)
    return found[1] if found else []

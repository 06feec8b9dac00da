"""The feed: the newest papers for feed readers, as Atom (RFC 4287)."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import library
from digest.card import Card
from digest.clock import EPOCH
from digest.models import Paper
from digest.search import on_topic
from digest.topics import taxonomy
from digest.topics.taxonomy import Topic
from digest.web.pages import services
from digest.web.papers import newest_edition
from digest.web.periods import parse_day
from digest.web.shelf import public

blueprint = Blueprint("feed", __name__)

KIND = "application/atom+xml"
MOST = 100

# XML 1.0 has no way to write these, and one of them makes a whole feed unreadable.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@blueprint.get("/feed.xml")
@public(kind=KIND)
def feed() -> Response:
    day, topic = _day(), _topic()
    with services().sessions.begin() as session:
        cards = _cards(session, day, topic)
        seen = _first_seen(session, cards)
    if day and not cards:
        abort(404)
    body = render_template(
        "feed.xml",
        address=_address(day, topic),
        day=day,
        topic=topic,
        cards=cards,
        seen=seen,
        updated=max(seen.values(), default=EPOCH),
        base_url=services().settings.base_url,
    )
    return written(body)


def written(body: str) -> Response:
    """Return a feed as it goes out."""
    return Response(_UNWRITABLE.sub("", body), content_type=f"{KIND}; charset=utf-8")


def _day() -> date | None:
    if "day" not in request.args:
        return None
    try:
        return parse_day(request.args["day"]).first
    except ValueError:
        abort(404)


def _topic() -> Topic | None:
    if "topic" not in request.args:
        return None
    return taxonomy.by_slug().get(request.args["topic"]) or abort(404)


def _address(day: date | None, topic: Topic | None) -> str:
    """Return the one address of this feed, which is its id too."""
    fields = [f"day={day}"] if day else []
    fields += [f"topic={topic.slug}"] if topic else []
    return f"{services().settings.base_url}/feed.xml" + ("?" if fields else "") + "&".join(fields)


def _cards(session: Session, day: date | None, topic: Topic | None) -> list[Card]:
    """Return the papers of a day, the newest without one; or the newest on a topic."""
    if topic is None:
        day = day or library.newest_day(session)
        return library.best_cards(session, day, day, MOST)[0] if day else []
    newest = newest_edition(session)
    if newest is None:
        return []
    about = on_topic(newest, topic.slug)
    order = sorted(about.nonzero()[0], key=lambda n: (-newest.listed_at[n], n))
    cards = [newest.cards[n] for n in order]
    if day:
        of_day = {card.paper_id for card in library.day_cards(session, day)}
        cards = [card for card in cards if card.paper_id in of_day]
    return cards[:MOST]


def _first_seen(session: Session, cards: Sequence[Card]) -> dict[int, datetime]:
    ids = [card.paper_id for card in cards]
    found = session.execute(select(Paper.id, Paper.first_seen_at).where(Paper.id.in_(ids)))
    return {row.id: row.first_seen_at for row in found}

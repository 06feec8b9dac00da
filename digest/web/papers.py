"""The papers: by day, one by one, and as a digest had them."""

from collections.abc import Sequence
from datetime import date, datetime

from flask import Blueprint, abort, render_template

from digest import library
from digest.card import Card, Reason
from digest.errors import BadLink
from digest.links import Purpose
from digest.models import Delivery, Subscriber
from digest.web.pages import services

blueprint = Blueprint("papers", __name__)

LISTED_DAYS = 90
FULL_CARDS = 60
"""Papers of a day that are shown in full; arXiv brings hundreds, of which the rest is a list."""

Shown = tuple[Card, Sequence[Reason]]


@blueprint.get("/papers")
def days() -> str:
    with services().sessions.begin() as session:
        found = library.days(session, LISTED_DAYS)
    return render_template("days.html", days=found)


@blueprint.get("/papers/<day>")
def one_day(day: str) -> str:
    wanted = _date(day)
    with services().sessions.begin() as session:
        cards = library.day_cards(session, wanted)
        before, after = library.neighbours(session, wanted)
    if not cards:
        abort(404)
    return render_template(
        "day.html",
        day=wanted,
        cards=cards[:FULL_CARDS],
        others=cards[FULL_CARDS:],
        count=len(cards),
        before=before,
        after=after,
    )


@blueprint.get("/paper/<slug>")
def paper(slug: str) -> str:
    with services().sessions.begin() as session:
        card = library.paper_card(session, slug)
    if card is None:
        abort(404)
    return render_template("paper.html", card=card)


@blueprint.get("/view/<token>")
def sent(token: str) -> str:
    delivery_id, version = services().links.read(Purpose.VIEW, token)
    with services().sessions.begin() as session:
        found = library.sent_cards(session, delivery_id)
        reader = found and session.get(Subscriber, found[0].subscriber_id)
        if not found or not reader or version < reader.link_version:
            raise BadLink("revoked, or its reader is gone")
        delivery, papers = found
        day = reader.timetable.local_day(_moment(delivery))
    cards = [card for card, _ in papers]
    return render_template("view.html", day=day, groups=_groups(papers), cards=cards)


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        abort(404)
    if found.isoformat() != text:  # 20261120 and 2026-W47-5 would be second addresses of one page
        abort(404)
    return found


def _moment(delivery: Delivery) -> datetime:
    return delivery.sending_at or delivery.created_at


def _groups(papers: Sequence[Shown]) -> dict[str, list[Shown]]:
    """Return the papers below the mail's two headings; what has no reason is trending."""
    groups = {
        "From your topics": [each for each in papers if each[1]],
        "Trending everywhere": [each for each in papers if not each[1]],
    }
    return {title: shown for title, shown in groups.items() if shown}

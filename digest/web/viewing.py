"""A digest in the browser, as it was sent."""

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, render_template

from digest import library
from digest.card import Card, Reason, fits
from digest.errors import BadLink
from digest.links import Purpose
from digest.models import Subscriber
from digest.web.pages import services

blueprint = Blueprint("viewing", __name__)

Shown = tuple[Card, Sequence[Reason]]


@blueprint.get("/view/<token>")
def sent(token: str) -> str:
    delivery_id, version = services().links.read(Purpose.VIEW, token)
    with services().sessions.begin() as session:
        found = library.sent_cards(session, delivery_id)
        reader = found and session.get(Subscriber, found[0].subscriber_id)
        if not found or not reader or version < reader.link_version:
            raise BadLink("revoked, or its reader is gone")
        delivery, papers = found
        day = date.fromisoformat(delivery.dedupe_key)
    cards = [card for card, _ in papers]
    return render_template("view.html", day=day, groups=_groups(papers), cards=cards)


def _groups(papers: Sequence[Shown]) -> dict[str, list[Shown]]:
    """Return the papers below the mail's two headings."""
    groups = {
        "From your topics": [each for each in papers if fits(each[1])],
        "Trending everywhere": [each for each in papers if not fits(each[1])],
    }
    return {title: shown for title, shown in groups.items() if shown}

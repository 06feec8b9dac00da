"""A digest in the browser, as it was sent."""

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, render_template

from digest import library
from digest.card import Card, Reason, fits
from digest.errors import BadLink
from digest.language import gettext as _
from digest.links import Purpose
from digest.models import DeliveryState, Subscriber
from digest.render import said
from digest.web.pages import services
from digest.web.speech import speak_to

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
        if not papers and delivery.state is DeliveryState.SKIPPED:
            # It went out after the backup that this database was restored from.
            raise BadLink("what was in it is not known here")
        speak_to(reader)
        day = date.fromisoformat(delivery.dedupe_key)
    cards = [card for card, _ in papers]
    return render_template("view.html", day=day, groups=_groups(papers), cards=cards)


def _groups(papers: Sequence[Shown]) -> dict[str, list[Shown]]:
    """Return the papers below the mail's two headings."""
    groups = {
        _("From your topics"): [_said(each) for each in papers if fits(each[1])],
        _("Trending everywhere"): [_said(each) for each in papers if not fits(each[1])],
    }
    return {title: shown for title, shown in groups.items() if shown}


def _said(shown: Shown) -> Shown:
    card, reasons = shown
    return card, [said(reason) for reason in reasons]

"""More like this, or less: the pages behind the links of a mail, with one button each."""

import re

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import library, subscribers
from digest.errors import BadLink
from digest.links import Purpose
from digest.models import Paper, Pick, Subscriber
from digest.web.pages import Answer, reader_behind, services

blueprint = Blueprint("rating", __name__)

WAYS = {"more": True, "less": False}

_PLACE = re.compile("[0-9]{1,3}")


@blueprint.get("/rate/<token>/<place>/<way>")
def show(token: str, place: str, way: str) -> str:
    with services().sessions.begin() as session:
        reader, paper = _found(session, token, place, way)
        return _page(session, reader, paper, way)


@blueprint.post("/rate/<token>/<place>/<way>")
def rate(token: str, place: str, way: str) -> str:
    with services().sessions.begin() as session:
        reader, paper = _found(session, token, place, way)
        undo = request.form.get("do") == "undo"
        if reader.is_reading:
            liked = None if undo else WAYS[way]
            subscribers.rate(session, reader, paper.id, liked, now=services().clock())
        return _page(session, reader, paper, way, undone=undo)


@blueprint.route("/rate/<token>", methods=["GET", "POST"])
@blueprint.route("/rate/<token>/<place>", methods=["GET", "POST"])
def cut(token: str, place: str = "") -> Answer:
    """Answer as to any other broken link: a mail program has cut this one."""
    raise BadLink(f"cut after {len(token)} characters of its token and {len(place)} of its place")


def _found(session: Session, token: str, place: str, way: str) -> tuple[Subscriber, Paper]:
    """Return whose digest it was, their row locked, and the paper that stood at this place."""
    delivery_id, version = services().links.read(Purpose.RATE, token)
    if way not in WAYS or not _PLACE.fullmatch(place):
        raise BadLink("neither more nor less, or no place")
    # Two papers that turned out to be one may stand at one place.
    at = select(Pick).where(Pick.delivery_id == delivery_id, Pick.place == int(place)).limit(1)
    pick = session.scalar(at)
    if pick is None:
        raise BadLink("no paper at this place")
    reader = reader_behind(session, pick.subscriber_id, version)
    return reader, library.whole(session, session.get_one(Paper, pick.paper_id))


def _page(
    session: Session, reader: Subscriber, paper: Paper, way: str, *, undone: bool = False
) -> str:
    if not reader.is_reading:
        return render_template("no_reader.html", standing=reader.standing)
    said = {each.paper_id: each.liked for each in subscribers.said(session, reader)}
    return render_template(
        "rate.html",
        card=library.paper_cards(session, [paper])[0],
        way=way,
        said=said.get(paper.id),
        liked=WAYS[way],
        undone=undone,
        preferences_url=services().links.make(Purpose.MANAGE, reader.id, reader.link_version),
    )

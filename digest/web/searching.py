"""The page that finds papers."""

from flask import Blueprint, render_template, request

from digest.search import parse, search
from digest.web import asking
from digest.web.pages import services
from digest.web.paging import Paging, asked_for
from digest.web.shelf import public

blueprint = Blueprint("searching", __name__)

ON_A_PAGE = 20


@blueprint.get("/search")
@public(kept=False)
def find() -> str:
    text = request.args.get("q", "").strip()
    query = parse(text)
    if text:
        asking.count_read()
    offset = (asked_for() - 1) * ON_A_PAGE
    with services().sessions.begin() as session:
        found = search(session, query, ON_A_PAGE, offset)
    return render_template(
        "search.html",
        text=text,
        query=query,
        found=found,
        paging=Paging.of(ON_A_PAGE, found.reachable),
    )

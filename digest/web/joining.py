"""The first page, and the form on it."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from digest import library
from digest.errors import BadAddress, BadInput
from digest.language import ngettext
from digest.topics import taxonomy
from digest.web import asking, subjects
from digest.web.forms import Filled, choices
from digest.web.pages import Answer, services
from digest.web.papers import newest_edition
from digest.web.shelf import public

blueprint = Blueprint("joining", __name__)

SHOWN = 12
"""Papers on the first page; it must stay below 50 KB."""

SUBJECTS = 8

NEAR_ZONES = (
    "UTC",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Helsinki",
    "Africa/Cairo",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Dhaka",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Sydney",
    "Pacific/Auckland",
)
"""Zones that the first page suggests; the confirmation page suggests them all."""


@blueprint.get("/")
@public()
def home() -> str:
    return _home(Filled())


@blueprint.get("/count")
def count() -> dict[str, str]:
    """Return in words how many papers of last week the ticked topics would have brought."""
    with services().sessions.begin() as session:
        newest = newest_edition(session)
    found = subjects.together(newest, request.args.getlist("topic")) if newest else 0
    return {"text": ngettext("%(num)s paper last week", "%(num)s papers last week", found)}


@blueprint.get("/subscribe")
def subscribe_form() -> Response:
    return redirect(url_for(".home"), 303)


@blueprint.post("/subscribe")
def subscribe() -> Answer:
    asking.count_post()
    if request.form.get("website"):
        return _check_inbox()  # a robot filled in the field that nobody sees
    try:
        email = asking.address(request.form.get("email", ""))
        chosen = choices(request.form)
    except BadInput as exc:
        return _home(Filled().typed_over(request.form), wrong=exc), 400
    asking.subscribe(email, chosen)
    return _check_inbox()


def _check_inbox() -> str:
    # Without the address: the answer is the same for everybody, to the byte.
    return render_template("check_inbox.html")


def _home(filled: Filled, *, wrong: BadInput | None = None) -> str:
    with services().sessions.begin() as session:
        day = library.newest_day(session)
        listed = library.listed(session, day, day) if day else []
        cards = library.cards_of(session, listed[:SHOWN])
        newest = newest_edition(session)
    return render_template(
        "home.html",
        filled=filled,
        wrong=wrong and str(wrong),
        wrong_address=isinstance(wrong, BadAddress),
        groups=taxonomy.grouped(),
        near_zones=NEAR_ZONES,
        day=day,
        cards=cards,
        count=len(listed),
        about=subjects.subjects(newest, listed, most=SUBJECTS),
    )

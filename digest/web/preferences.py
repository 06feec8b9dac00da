"""The page on which a reader says what they want, when, and when not."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from digest import edition as editions
from digest import subscribers
from digest.edition import Edition
from digest.errors import BadInput, NoEdition
from digest.links import Purpose
from digest.match import varied
from digest.models import Balance, Standing, Subscriber
from digest.topics import taxonomy
from digest.web.forms import Filled, choices
from digest.web.pages import Answer, reader_of, services
from digest.web.wording import what_comes

blueprint = Blueprint("preferences", __name__)

BALANCES = {
    Balance.FIELD: "Closer to my field",
    Balance.EVEN: "Even",
    Balance.EVERYBODY: "More of what everybody reads",
}
OFFERED = 12
"""Papers to rate, as unlike each other as can be."""

SHOWN = 50
"""Papers that were rated, the newest; older ones still count."""

_PAPER = re.compile("[0-9]{1,18}")
_SAID = {
    "more": (True, "Noted: more like this."),
    "less": (False, "Noted: less like this."),
    "undo": (None, "Taken back."),
}


@blueprint.get("/preferences/<token>")
def show(token: str) -> str:
    with services().sessions.begin() as session:
        shown = _shown(session, reader_of(session, Purpose.MANAGE, token))
    return _page(shown)


@blueprint.post("/preferences/<token>")
def change(token: str) -> Answer:
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.MANAGE, token)
        done = wrong = None
        try:
            with session.begin_nested():
                done = _deed()(session, reader) if reader.is_reading else None
        except BadInput as exc:
            wrong = str(exc)
        shown = _shown(session, reader, done=done, wrong=wrong)
    return _page(shown), 400 if wrong else 200


def _deed() -> Callable[[Session, Subscriber], str]:
    deeds = {"save": _save, "pause": _pause, "resume": _resume, "rate": _rate}
    try:
        return deeds[request.form.get("do", "save")]
    except KeyError as exc:
        raise BadInput(f"do: one of {', '.join(deeds)}.") from exc


def _save(session: Session, reader: Subscriber) -> str:
    # A pill that is off is not sent: no topic at all means that none is wanted.
    chosen = choices(request.form, kept_days=reader.days)
    chosen = replace(chosen, topics=chosen.topics or ())
    subscribers.prefer(session, reader, chosen, now=services().clock())
    return "Saved."


def _pause(_session: Session, reader: Subscriber) -> str:
    subscribers.pause(reader, _chosen_date(reader))
    return "No more digests for now."


def _resume(_session: Session, reader: Subscriber) -> str:
    subscribers.resume(reader, now=services().clock())
    return "Welcome back."


def _rate(session: Session, reader: Subscriber) -> str:
    paper = request.form.get("paper", "")
    liked, noted = _SAID.get(request.form.get("liked", ""), (None, ""))
    if not noted:
        raise BadInput(f"liked: one of {', '.join(_SAID)}.")
    if not _PAPER.fullmatch(paper):
        raise BadInput("There is no such paper.")
    subscribers.rate(session, reader, int(paper), liked, now=services().clock())
    return noted


def _chosen_date(reader: Subscriber) -> date | None:
    text = request.form.get("until", "")
    if not text:
        return None
    try:
        until = date.fromisoformat(text)
    except ValueError as exc:
        raise BadInput("Until when? Write a date such as 2026-12-01, or leave it empty.") from exc
    if until <= _today(reader):
        raise BadInput("Until when? Choose a day after today, or leave it empty.")
    return until


def _shown(
    session: Session, reader: Subscriber, *, done: str | None = None, wrong: str | None = None
) -> dict[str, Any]:
    """Return what the page shows of *reader*, and the edition with papers for them to rate."""
    if not reader.is_reading:
        return {"standing": reader.standing, "token": (request.view_args or {})["token"]}
    kept = Filled.kept(session, reader)
    is_saving = request.form.get("do", "save") == "save"
    rated = subscribers.said(session, reader)
    return {
        "filled": kept.typed_over(request.form) if wrong and is_saving else kept,
        "email": reader.email,
        "paused": reader.standing is Standing.PAUSED,
        "done": done,
        "wrong": wrong,
        "is_rating": request.form.get("do") == "rate",
        "rated": rated,
        "most_shown": SHOWN,
        "edition": _edition(session),
        "what_comes": what_comes(reader, services().clock()),
        "first_pause": _today(reader) + timedelta(days=1),
        "leave_url": services().links.make(Purpose.LEAVE, reader.id),
        "token": (request.view_args or {})["token"],
    }


def _edition(session: Session) -> Edition | None:
    try:
        return editions.newest(session, samples=services().settings.embedded)
    except NoEdition:
        return None


def _page(shown: dict[str, Any]) -> str:
    # After the transaction: the first look at a new edition takes a second or two.
    if "standing" in shown:
        return render_template("no_reader.html", **shown)
    edition: Edition | None = shown["edition"]
    rated = [each.paper_id for each in shown["rated"]]
    places = varied(edition, OFFERED, rated) if edition else []
    return render_template(
        "preferences.html",
        **shown,
        to_rate=[edition.cards[place] for place in places] if edition else [],
        groups=taxonomy.grouped(),
        balances=BALANCES,
    )


def _today(reader: Subscriber) -> date:
    return reader.timetable.local_day(services().clock())

"""The page on which a reader says what they want, when, and when not."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from digest import subscribers
from digest.edition import Edition
from digest.errors import BadInput
from digest.language import gettext as _
from digest.language import languages, later
from digest.links import Purpose
from digest.match import varied
from digest.models import Balance, Standing, Subscriber
from digest.subscribers.choices import MOST_PAPERS
from digest.topics import taxonomy
from digest.web import subjects
from digest.web.digests import address_of_feed
from digest.web.forms import Filled, choices
from digest.web.lately import lately
from digest.web.pages import Answer, reader_of, services
from digest.web.papers import newest_edition
from digest.web.previewing import Offer, offer
from digest.web.speech import speak_to
from digest.web.wording import what_comes

blueprint = Blueprint("preferences", __name__)

BALANCES = {
    Balance.FIELD: later("Closer to my field"),
    Balance.EVEN: later("Even"),
    Balance.EVERYBODY: later("More of what everybody reads"),
}
OFFERED = 12
"""Papers to rate, as unlike each other as can be."""

SHOWN = 50
"""Papers that were rated, the newest; older ones still count."""

_PAPER = re.compile("[0-9]{1,18}")
_SAID = {
    "more": (True, later("Noted: more like this.")),
    "less": (False, later("Noted: less like this.")),
    "undo": (None, later("Taken back.")),
}


@dataclass(slots=True)
class _Done:
    """What came of a button."""

    words: str = ""
    wrong: str = ""
    deed: str = "save"
    preview: Offer | None = field(default=None)


@blueprint.get("/preferences/<token>")
def show(token: str) -> str:
    with services().sessions.begin() as session:
        shown = _shown(session, reader_of(session, Purpose.MANAGE, token), _Done())
    return _page(shown)


@blueprint.post("/preferences/<token>")
def change(token: str) -> Answer:
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.MANAGE, token)
        done = _Done(deed=request.form.get("do", "save"))
        try:
            with session.begin_nested():
                if reader.is_reading:
                    _deed(done.deed)(session, reader, done)
        except BadInput as exc:
            done.wrong = str(exc)
        speak_to(reader)
        shown = _shown(session, reader, done)
    return _page(shown), 400 if done.wrong else 200


def _deed(name: str) -> Callable[[Session, Subscriber, _Done], None]:
    deeds = {
        "save": _save,
        "preview": _preview,
        "pause": _pause,
        "resume": _resume,
        "rate": _rate,
        "replace-feed": _replace_feed,
    }
    try:
        return deeds[name]
    except KeyError as exc:
        raise BadInput(f"do: one of {', '.join(deeds)}.") from exc


def _save(session: Session, reader: Subscriber, done: _Done) -> None:
    subscribers.prefer(session, reader, _chosen(reader), now=services().clock())
    speak_to(reader)
    done.words = _("Saved.")


def _preview(session: Session, reader: Subscriber, done: _Done) -> None:
    done.preview = offer(session, reader, _chosen(reader))


def _chosen(reader: Subscriber) -> subscribers.Choices:
    # A pill that is off is not sent: no topic at all means that none is wanted.
    chosen = choices(request.form, kept_days=reader.days)
    return replace(chosen, topics=chosen.topics or ())


def _pause(_session: Session, reader: Subscriber, done: _Done) -> None:
    subscribers.pause(reader, _chosen_date(reader))
    done.words = _("No more digests for now.")


def _resume(_session: Session, reader: Subscriber, done: _Done) -> None:
    subscribers.resume(reader, now=services().clock())
    done.words = _("Welcome back.")


def _rate(session: Session, reader: Subscriber, done: _Done) -> None:
    paper = request.form.get("paper", "")
    liked, noted = _SAID.get(request.form.get("liked", ""), (None, ""))
    if not noted:
        raise BadInput(f"liked: one of {', '.join(_SAID)}.")
    if not _PAPER.fullmatch(paper):
        raise BadInput(_("There is no such paper."))
    subscribers.rate(session, reader, int(paper), liked, now=services().clock())
    done.words = _(noted)


def _replace_feed(session: Session, reader: Subscriber, done: _Done) -> None:
    subscribers.replace_feed(session, reader, now=services().clock())
    done.words = _("Your feed has a new address; the old one does not work any more.")


def _chosen_date(reader: Subscriber) -> date | None:
    text = request.form.get("until", "")
    if not text:
        return None
    try:
        until = date.fromisoformat(text)
    except ValueError as exc:
        raise BadInput(
            _("Until when? Write a date such as 2026-12-01, or leave it empty.")
        ) from exc
    if until <= _today(reader):
        raise BadInput(_("Until when? Choose a day after today, or leave it empty."))
    return until


def _shown(session: Session, reader: Subscriber, done: _Done) -> dict[str, Any]:
    """Return what the page shows of *reader*, and the edition with papers for them to rate."""
    token = (request.view_args or {})["token"]
    if not reader.is_reading:
        return {"standing": reader.standing, "token": token}
    kept = Filled.kept(session, reader)
    unsaved = done.preview or (done.wrong and done.deed in ("save", "preview"))
    return {
        "filled": kept.typed_over(request.form) if unsaved else kept,
        "email": reader.email,
        "paused": reader.standing is Standing.PAUSED,
        "done": done,
        "rated_at": request.form.get("at", "rate") if done.deed == "rate" else "",
        "rated": subscribers.said(session, reader),
        "lately": lately(session, reader),
        "edition": newest_edition(session),
        "what_comes": what_comes(reader, services().clock()),
        "first_pause": _today(reader) + timedelta(days=1),
        "feed_url": address_of_feed(reader),
        "leave_url": services().links.make(Purpose.LEAVE, reader.id),
        "token": token,
    }


def _page(shown: dict[str, Any]) -> str:
    # After the transaction: a preview of a new edition takes a second.
    if "standing" in shown:
        return render_template("no_reader.html", **shown)
    edition: Edition | None = shown["edition"]
    said = {each.paper_id: each.liked for each in shown["rated"]}
    places = varied(edition, OFFERED, said) if edition else []
    return render_template(
        "preferences.html",
        **shown,
        said=said,
        most_shown=SHOWN,
        most_papers=MOST_PAPERS,
        preview=shown["done"].preview and shown["done"].preview.papers(),
        to_rate=[edition.cards[place] for place in places] if edition else [],
        counts=subjects.counts(edition) if edition else {},
        groups=taxonomy.grouped(),
        balances=BALANCES,
        languages=languages().values(),
    )


def _today(reader: Subscriber) -> date:
    return reader.timetable.local_day(services().clock())

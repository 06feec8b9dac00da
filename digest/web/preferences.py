"""The page on which a reader says what they want, when, and when not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from digest import subscribers
from digest.errors import BadInput
from digest.links import Purpose
from digest.models import Standing, Subscriber
from digest.topics import taxonomy
from digest.web.forms import Filled, choices
from digest.web.pages import Answer, reader_of, services
from digest.web.wording import what_comes

blueprint = Blueprint("preferences", __name__)


@blueprint.get("/preferences/<token>")
def show(token: str) -> str:
    with services().sessions.begin() as session:
        return _page(session, reader_of(session, Purpose.MANAGE, token))


@blueprint.post("/preferences/<token>")
def change(token: str) -> Answer:
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.MANAGE, token)
        if not _is_reading(reader):
            return _page(session, reader)
        try:
            with session.begin_nested():
                done = _deed()(session, reader)
        except BadInput as exc:
            return _page(session, reader, wrong=str(exc)), 400
        return _page(session, reader, done=done)


def _deed() -> Callable[[Session, Subscriber], str]:
    deeds = {"save": _save, "pause": _pause, "resume": _resume}
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


def _page(
    session: Session, reader: Subscriber, *, done: str | None = None, wrong: str | None = None
) -> str:
    if not _is_reading(reader):
        return render_template("no_reader.html", standing=reader.standing)
    kept = Filled.kept(session, reader)
    is_saving = request.form.get("do", "save") == "save"
    return render_template(
        "preferences.html",
        filled=kept.typed_over(request.form) if wrong and is_saving else kept,
        email=reader.email,
        paused=reader.standing is Standing.PAUSED,
        done=done,
        wrong=wrong,
        groups=taxonomy.grouped(),
        what_comes=what_comes(reader, services().clock()),
        first_pause=_today(reader) + timedelta(days=1),
        leave_url=services().links.make(Purpose.LEAVE, reader.id),
    )


def _is_reading(reader: Subscriber) -> bool:
    return reader.standing in (Standing.ACTIVE, Standing.PAUSED)


def _today(reader: Subscriber) -> date:
    return reader.timetable.local_day(services().clock())

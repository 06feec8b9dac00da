"""Leaving: for good or for a week, by a page or by one click of a mail program (RFC 8058)."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from digest import subscribers
from digest.links import Purpose
from digest.models import Standing, Subscriber
from digest.web import asking
from digest.web.pages import Answer, reader_of, services
from digest.web.speech import speak_to
from digest.web.wording import what_comes

blueprint = Blueprint("leaving", __name__)

ONE_MAY_COME = "One mail was being sent at this very moment and may still arrive. It is the last.\n"

PAUSE = timedelta(days=7)


@blueprint.get("/unsubscribe/<token>")
def show(token: str) -> str:
    reader_id, _ = services().links.read(Purpose.LEAVE, token)
    with services().sessions.begin() as session:
        speak_to(session.get(Subscriber, reader_id))
    return render_template("unsubscribe.html")


@blueprint.post("/unsubscribe/<token>")
def leave(token: str) -> Answer | Response:
    # Whoever holds the link may leave: it survives revocation, and its reader's erasure.
    reader_id, _ = services().links.read(Purpose.LEAVE, token)
    form = _form()
    one_click = form.get("List-Unsubscribe") == "One-Click"
    if form.get("do") == "undo" and not one_click:
        return _undo(reader_id)
    now = services().clock()
    silent = subscribers.unsubscribe(services().sessions, reader_id, now=now)
    if one_click:
        told = "You will get no more mails.\n" if silent else ONE_MAY_COME
        return Response(told, content_type="text/plain; charset=utf-8")
    with services().sessions.begin() as session:
        reader = session.get(Subscriber, reader_id)
        speak_to(reader)
        may_undo = subscribers.may_undo(reader, now)
    return make_response(render_template("unsubscribed.html", silent=silent, may_undo=may_undo))


def _form() -> Mapping[str, str]:
    try:
        return request.form
    except RequestEntityTooLarge:
        # Whatever else they send: the wish is in the link.
        return {}


def _undo(reader_id: int) -> Answer:
    with services().sessions.begin() as session:
        now, ip_hash = services().clock(), asking.visitor_hash()
        speak_to(session.get(Subscriber, reader_id))
        done = subscribers.undo(session, reader_id, now=now, ip_hash=ip_hash)
        reader = session.get(Subscriber, reader_id)
        reading = reader is not None and reader.is_reading
    return render_template("undone.html", done=done, reading=reading), 200 if done else 409


@blueprint.get("/pause/<token>")
def show_pause(token: str) -> str:
    with services().sessions.begin() as session:
        return _pause_page(reader_of(session, Purpose.PAUSE, token))


@blueprint.post("/pause/<token>")
def pause(token: str) -> str:
    with services().sessions.begin() as session:
        reader, now = reader_of(session, Purpose.PAUSE, token), services().clock()
        if request.form.get("do") == "resume":
            subscribers.resume(reader, now=now)
        elif reader.standing is Standing.ACTIVE:
            # A second press, days later, must not make a longer pause of it.
            subscribers.pause(reader, reader.timetable.local_day(now) + PAUSE)
        return _pause_page(reader)


def _pause_page(reader: Subscriber) -> str:
    if not reader.is_reading:
        return render_template("no_reader.html", standing=reader.standing)
    return render_template(
        "pause.html",
        paused=reader.standing is Standing.PAUSED,
        what_comes=what_comes(reader, services().clock()),
        asked=request.method == "POST",
    )

"""Leaving: the page for people, and the one click of their mail programs (RFC 8058)."""

from flask import Blueprint, Response, make_response, render_template, request

from digest import subscribers
from digest.links import Purpose
from digest.models import Subscriber
from digest.web import asking
from digest.web.pages import Answer, services

blueprint = Blueprint("leaving", __name__)


@blueprint.get("/unsubscribe/<token>")
def show(token: str) -> str:
    services().links.read(Purpose.LEAVE, token)
    return render_template("unsubscribe.html")


@blueprint.post("/unsubscribe/<token>")
def leave(token: str) -> Answer | Response:
    # Whoever holds the link may leave: it survives revocation, and its reader's erasure.
    reader_id, _ = services().links.read(Purpose.LEAVE, token)
    one_click = request.form.get("List-Unsubscribe") == "One-Click"
    if request.form.get("do") == "undo" and not one_click:
        return _undo(reader_id)
    now = services().clock()
    silent = subscribers.unsubscribe(services().sessions, reader_id, now=now)
    if one_click:
        return Response("You will get no more mails.\n", content_type="text/plain; charset=utf-8")
    with services().sessions.begin() as session:
        may_undo = subscribers.may_undo(session.get(Subscriber, reader_id), now)
    return make_response(render_template("unsubscribed.html", silent=silent, may_undo=may_undo))


def _undo(reader_id: int) -> Answer:
    with services().sessions.begin() as session:
        now, ip_hash = services().clock(), asking.visitor_hash()
        done = subscribers.undo(session, reader_id, now=now, ip_hash=ip_hash)
    return render_template("undone.html", done=done), 200 if done else 409

"""Leaving: the page for people, and the one click of their mail programs (RFC 8058)."""

from flask import Blueprint, Response, make_response, render_template, request

from digest import subscribers
from digest.links import Purpose
from digest.web.pages import services

blueprint = Blueprint("leaving", __name__)


@blueprint.get("/unsubscribe/<token>")
def show(token: str) -> str:
    services().links.read(Purpose.LEAVE, token)
    return render_template("unsubscribe.html")


@blueprint.post("/unsubscribe/<token>")
def leave(token: str) -> Response:
    # Whoever holds the link may leave: it survives revocation, and its reader's erasure.
    reader_id, _ = services().links.read(Purpose.LEAVE, token)
    silent = subscribers.unsubscribe(services().sessions, reader_id)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response("You will get no more mails.\n", content_type="text/plain; charset=utf-8")
    return make_response(render_template("unsubscribed.html", silent=silent))

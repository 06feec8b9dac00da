"""Owning: what a reader may do with all that is kept of them, and with their links."""

import json

from flask import Blueprint, Response, render_template

from digest import subscribers
from digest.links import Purpose
from digest.web.pages import reader_of, services

blueprint = Blueprint("owning", __name__)


@blueprint.get("/export/<token>")
def export(token: str) -> Response:
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.MANAGE, token)
        kept = subscribers.export(session, reader, now=services().clock())
    name = f"daybreak-{services().clock():%Y-%m-%d}.json"
    return Response(
        json.dumps(kept, ensure_ascii=False, indent=1) + "\n",
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@blueprint.get("/erase/<token>")
def show_erasure(token: str) -> str:
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.MANAGE, token)
        return render_template("erase.html", email=reader.email, token=token)


@blueprint.post("/erase/<token>")
def erase(token: str) -> str:
    with services().sessions.begin() as session:
        reader_id = reader_of(session, Purpose.MANAGE, token).id
    # Outside that transaction, which holds the row that a sender may wait for.
    silent = subscribers.erase(services().sessions, reader_id, now=services().clock())
    return render_template("erased.html", silent=silent)


@blueprint.get("/revoke/<token>")
def show_revocation(token: str) -> str:
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.MANAGE, token)
        return render_template("revoke.html", email=reader.email, reading=reader.is_reading)


@blueprint.post("/revoke/<token>")
def revoke(token: str) -> str:
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.MANAGE, token)
        subscribers.revoke(session, reader, now=services().clock())
        reader_id, reading = reader.id, reader.is_reading
    silent = subscribers.silent(services().sessions, reader_id)
    return render_template("revoked.html", reading=reading, silent=silent)

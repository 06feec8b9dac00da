"""What the service says about itself, to people, to robots and to load balancers."""

import logging

from flask import Blueprint, Response, render_template
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from digest.models.base import Base
from digest.web.pages import services

log = logging.getLogger("digest.web")

blueprint = Blueprint("house", __name__)


@blueprint.get("/about")
def about() -> str:
    return render_template("about.html")


@blueprint.get("/privacy")
def privacy() -> str:
    settings = services().settings
    return render_template(
        "privacy.html", postal_address=settings.postal_address, contact=settings.reply_to
    )


@blueprint.get("/healthz")
def health() -> tuple[dict[str, str], int]:
    try:
        with services().sessions.begin() as session:
            there = inspect(session.connection()).get_table_names()
    except SQLAlchemyError as exc:
        log.warning("the database does not answer: %s", type(exc).__name__)
        return {"status": "the database does not answer"}, 503
    if not Base.metadata.tables.keys() <= set(there):
        return {"status": "the database is not up to date"}, 503
    return {"status": "ok"}, 200


@blueprint.get("/robots.txt")
def robots() -> Response:
    # Nothing is forbidden: a crawler must be let in to read the `noindex` of a leaked link.
    return Response("User-agent: *\nDisallow:\n", content_type="text/plain; charset=utf-8")

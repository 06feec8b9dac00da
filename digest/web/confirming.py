"""The page behind the link of a confirmation mail."""

from flask import Blueprint, render_template, request

from digest import subscribers
from digest.errors import BadInput
from digest.links import Purpose
from digest.models import Standing, Subscriber
from digest.render import schedule
from digest.web import asking
from digest.web.forms import Filled
from digest.web.pages import Answer, reader_of, services
from digest.web.wording import what_comes

blueprint = Blueprint("confirming", __name__)


@blueprint.get("/confirm/<token>")
def show(token: str) -> str:
    with services().sessions.begin() as session:
        return _page(reader_of(session, Purpose.CONFIRM, token))


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> Answer:
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.CONFIRM, token)
        if reader.standing is not Standing.PENDING:
            return _page(reader)
        try:
            chosen = subscribers.choices(
                hour=request.form.get("hour") or None, zone=request.form.get("zone") or None
            )
        except BadInput as exc:
            return _page(reader, wrong=str(exc)), 400
        now = services().clock()
        confirmed = subscribers.confirm(
            session, reader, chosen, now=now, ip_hash=asking.visitor_hash()
        )
        return render_template(
            "confirmed.html",
            first_now=confirmed.first_now,
            schedule=schedule(reader.timetable),
            what_comes=what_comes(reader, now),
            preferences_url=_preferences_url(reader),
        )


def _page(reader: Subscriber, *, wrong: str | None = None) -> str:
    if reader.standing in (Standing.ACTIVE, Standing.PAUSED):
        return render_template(
            "already_confirmed.html",
            what_comes=what_comes(reader, services().clock()),
            preferences_url=_preferences_url(reader),
        )
    if reader.standing is not Standing.PENDING:
        return render_template("no_reader.html", standing=reader.standing)
    asked = subscribers.requested(reader)
    filled = Filled(
        email=reader.email,
        hour=str(reader.hour if asked.hour is None else asked.hour),
        zone=asked.zone or reader.zone,
    )
    return render_template("confirm.html", filled=filled.typed_over(request.form), wrong=wrong)


def _preferences_url(reader: Subscriber) -> str:
    return services().links.make(Purpose.MANAGE, reader.id, reader.link_version)

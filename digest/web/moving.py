"""Moving: the pages on which a reader asks for another address, confirms it, takes it back."""

from flask import Blueprint, render_template, request

from digest import subscribers
from digest.errors import BadAddress
from digest.language import gettext as _
from digest.links import Purpose
from digest.models import Subscriber
from digest.subscribers import Moved
from digest.web import asking
from digest.web.pages import Answer, reader_of, services
from digest.web.speech import speak_to

blueprint = Blueprint("moving", __name__)

_REFUSED = (Moved.TAKEN, Moved.STOPPED)


@blueprint.get("/address/<token>")
def show_form(token: str) -> str:
    with services().sessions.begin() as session:
        return _form(reader_of(session, Purpose.MANAGE, token))


@blueprint.post("/address/<token>")
def ask(token: str) -> Answer:
    asking.count_post()
    typed = request.form.get("email", "")
    with services().sessions.begin() as session:
        reader = reader_of(session, Purpose.MANAGE, token)
        try:
            email = _other_address(reader, typed)
        except BadAddress as exc:
            return _form(reader, typed=typed, wrong=str(exc)), 400
        asking.count_request(email)
        subscribers.ask_to_move(
            session,
            reader,
            email,
            address_hash=services().keys.address_hash(email),
            now=services().clock(),
        )
        return _form(reader, asked=reader.is_reading)


def _other_address(reader: Subscriber, typed: str) -> str:
    email = asking.address(typed)
    if email == reader.email:
        raise BadAddress(_("That is your address already."))
    return email


def _form(reader: Subscriber, *, typed: str = "", wrong: str = "", asked: bool = False) -> str:
    if not reader.is_reading:
        return render_template("no_reader.html", standing=reader.standing)
    # Without the new address, and the same whether anybody is known there.
    return render_template(
        "address.html", email=reader.email, typed=typed, wrong=wrong, asked=asked
    )


@blueprint.get("/change/<token>")
def show_change(token: str) -> str:
    change_id, version = services().links.read(Purpose.CHANGE, token)
    with services().sessions.begin() as session:
        change, reader = subscribers.change_behind(session, change_id, version)
        speak_to(reader)
        state = subscribers.state_of_move(change, reader, services().clock())
        return render_template("change.html", email=change.email, state=state, silent=True)


@blueprint.post("/change/<token>")
def confirm_change(token: str) -> Answer:
    change_id, version = services().links.read(Purpose.CHANGE, token)
    _speak_of(change_id, version)
    state, silent = subscribers.move(
        services().sessions,
        change_id,
        version,
        now=services().clock(),
        ip_hash=asking.visitor_hash(),
    )
    page = render_template("change.html", email=None, state=state, silent=silent)
    return page, 409 if state in _REFUSED else 200


@blueprint.get("/undo/<token>")
def show_undo(token: str) -> str:
    # It outlives revocation: whoever moved a reader against their will might revoke its links.
    change_id, _version = services().links.read(Purpose.UNDO, token)
    with services().sessions.begin() as session:
        change, reader = subscribers.change_behind(session, change_id, None)
        speak_to(reader)
        state = subscribers.state_of_undo(change, reader, services().clock())
        return render_template("undo.html", email=change.former_email, state=state, silent=True)


@blueprint.post("/undo/<token>")
def undo_change(token: str) -> Answer:
    change_id, _version = services().links.read(Purpose.UNDO, token)
    _speak_of(change_id, None)
    state, silent = subscribers.undo_move(
        services().sessions, change_id, now=services().clock(), ip_hash=asking.visitor_hash()
    )
    page = render_template("undo.html", email=None, state=state, silent=silent)
    return page, 409 if state in _REFUSED else 200


def _speak_of(change_id: int, version: int | None) -> None:
    """Speak the language of whose change it is."""
    with services().sessions.begin() as session:
        speak_to(subscribers.change_behind(session, change_id, version)[1])

"""Subscriptions, for programs: the same request as the form's, and the same answer to everybody."""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import abort, request

from digest import subscribers
from digest.clock import WEEKDAYS, Cadence
from digest.errors import BadAddress, BadInput
from digest.language import languages
from digest.models import Balance, NothingNew
from digest.subscribers import Choices
from digest.subscribers.choices import LONGEST_ABOUT, LONGEST_LINE, MOST_LINES, MOST_PAPERS
from digest.topics import taxonomy
from digest.web import asking
from digest.web.api import shapes
from digest.web.api.operations import operation
from digest.web.api.shapes import Schema
from digest.web.problems import BadField

ANSWER = "A mail is on its way, if one may be sent. Nothing else comes until its link is confirmed."

_TOPICS: Schema = {
    "type": "array",
    "items": {"type": "string", "enum": [topic.slug for topic in taxonomy.topics()]},
}
_LINES: Schema = {
    "type": "array",
    "items": {"type": "string", "maxLength": LONGEST_LINE},
    "maxItems": MOST_LINES,
}


def _one_of(values: Any, says: str) -> Schema:  # noqa: ANN401  an enum, or a list of words
    return {"type": "string", "enum": [str(each) for each in values], "description": says}


FIELDS: dict[str, Schema] = {
    "topics": {**_TOPICS, "description": "Ids from `/topics` to follow."},
    "muted_topics": {**_TOPICS, "description": "Ids from `/topics` to hide."},
    "keywords": {**_LINES, "description": "Words and phrases to follow."},
    "muted": {**_LINES, "description": "Words and phrases that hide a paper."},
    "authors": {**_LINES, "description": "Authors to follow, with their first names."},
    "organizations": {**_LINES, "description": "Laboratories, companies, universities."},
    "about": {
        "type": "string",
        "maxLength": LONGEST_ABOUT,
        "description": "What they work on, in a few sentences.",
    },
    "balance": _one_of(Balance, "What to have more of: their field, or what everybody reads."),
    "cadence": _one_of(Cadence, "How often; `days` says which, where it is on chosen days."),
    "days": {"type": "array", "items": _one_of(WEEKDAYS, "A day of the week.")},
    "hour": {"type": "integer", "minimum": 0, "maximum": 23, "description": "In their zone."},
    "zone": {"type": "string", "description": "A time zone such as Europe/Berlin."},
    "language": _one_of(languages(), "The language of the mails."),
    "papers": {"type": "integer", "minimum": 1, "maximum": MOST_PAPERS},
    "nothing_new": _one_of(NothingNew, "What comes on a day without news."),
}
"""What the form takes; `subscribers.choices` checks it."""

BODY: Schema = {
    "type": "object",
    "properties": {
        "email": {"type": "string", "format": "email", "maxLength": 254},
        **FIELDS,
    },
    "required": ["email"],
    "additionalProperties": False,
    "example": {"email": "you@example.org", "topics": ["long-context"], "cadence": "weekdays"},
}


@operation(
    "post",
    "/subscriptions",
    body=BODY,
    gives=shapes.Asked,
    status=202,
    refuses=(400, 413, 415, 429),
    private=True,
)
def subscribe() -> shapes.Asked:
    """
    Ask for the digest.

    A mail comes to the address, and no digest before its link is confirmed. The answer is the
    same for everybody: it never tells whether an address is known. The limits are the form's.
    """
    asking.count_post()
    sent = _sent()
    asking.subscribe(_address(sent), _choices(sent))
    return shapes.Asked(detail=ANSWER)


def _sent() -> dict[str, Any]:
    """Return the object that was sent, each field of its type."""
    if request.mimetype != "application/json":
        abort(415, "Send JSON, with `Content-Type: application/json`.")
    try:
        sent = json.loads(request.get_data())
    except (ValueError, RecursionError) as exc:
        raise BadInput("What was sent is no JSON.") from exc
    if not isinstance(sent, dict):
        raise BadInput('Send an object, such as {"email": "you@example.org"}.')
    for name, value in sent.items():
        _check(name, value)
    return cast("dict[str, Any]", sent)


def _check(name: str, value: object) -> None:
    known: Mapping[str, Schema] = BODY["properties"]
    if name not in known:
        raise BadField(name[:80], f"There is no such field; there are: {', '.join(known)}.")
    kind = known[name]["type"]
    if not _IS[kind](value):
        raise BadField(name, f"This has to be {_CALLED[kind]}.")


_IS: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    # In Python true is a number.
    "integer": lambda value: type(value) is int,
    "array": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
}
_CALLED = {"string": "a text", "integer": "a whole number", "array": "a list of texts"}


def _address(sent: Mapping[str, Any]) -> str:
    try:
        return asking.address(sent.get("email", ""))
    except BadAddress as exc:
        raise BadField("email", str(exc)) from exc


def _choices(sent: Mapping[str, Any]) -> Choices:
    """Return what was chosen; a field that is wrong by itself is named."""
    chosen = {name: value for name, value in sent.items() if name != "email"}
    for name, value in chosen.items():
        # The days that this cadence takes are looked at below.
        with_it = {"days": WEEKDAYS} if name == "cadence" else {}
        _checked(name, {name: value, **with_it})
    together = "days" if "cadence" in chosen and not chosen.get("days") else "muted_topics"
    return _checked(together, chosen)


def _checked(name: str, chosen: Mapping[str, Any]) -> Choices:
    try:
        return subscribers.choices(**chosen)
    except BadInput as exc:
        raise BadField(name, str(exc)) from exc

"""Operations: each says what it takes and gives once, for its route and for its description."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import wraps
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as Answer

from digest.web import asking, shelf
from digest.web.api.shapes import Schema
from digest.web.problems import BadField

BASE = "/api/v1"

blueprint = Blueprint("api", __name__, url_prefix=BASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something that an address says; *read* raises ValueError with what to write instead."""

    name: str
    description: str
    schema: Schema
    read: Callable[[str], Any] = str
    required: bool = False
    example: str | None = None
    in_path: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What can be asked of the API in one way."""

    method: str
    path: str
    name: str
    says: str
    """Its docstring: the first line is the summary."""
    takes: tuple[Parameter, ...]
    gives: type
    status: int
    refuses: tuple[int, ...]
    private: bool
    body: Schema | None

    @property
    def in_query(self) -> dict[str, Parameter]:
        return {each.name: each for each in self.takes if not each.in_path}


OPERATIONS: dict[str, Operation] = {}
"""By the name of the endpoint."""


def operation(
    method: str,
    path: str,
    *,
    gives: type,
    takes: tuple[Parameter, ...] = (),
    status: int = 200,
    refuses: tuple[int, ...] = (),
    kept: bool | None = None,
    private: bool = False,
    body: Schema | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Answer]]:
    """
    Make a route of a function that returns what is *given*; parameters come to it as arguments.

    *kept* as `shelf.public` has it; None: it has no tag of its own. What is *private* counts by
    itself what it has to work out.
    """

    def make(handler: Callable[..., Any]) -> Callable[..., Answer]:
        does = Operation(
            method=method,
            path=path,
            name=handler.__name__,
            says=(handler.__doc__ or "").strip(),
            takes=takes,
            gives=gives,
            status=status,
            refuses=(*refuses, 429) if method == "get" else refuses,
            private=private,
            body=body,
        )

        view = _view(does, handler)
        if kept is not None:
            shelf.public(kept=kept, kind="application/json")(view)
        rule = re.sub(r"{(\w+)}", r"<\1>", path)
        blueprint.add_url_rule(rule, does.name, view, methods=[method])
        OPERATIONS[f"{blueprint.name}.{does.name}"] = does
        return view

    return make


def _view(does: Operation, handler: Callable[..., Any]) -> Callable[..., Answer]:
    @wraps(handler)
    def view(**in_path: str) -> Answer:
        if does.method == "get" and not does.private:
            asking.count_read()
        given = handler(**in_path, **_asked(does))
        return given if isinstance(given, Answer) else _written(given, does.status)

    return view


def _asked(does: Operation) -> dict[str, Any]:
    """Return what the query says, read; None for what it does not say."""
    known = does.in_query
    for name, values in request.args.lists():
        if name not in known:
            names = ", ".join(known) or "no parameters"
            raise BadField(name[:80], f"There is no such parameter here; there are: {names}.")
        if len(values) > 1:
            raise BadField(name, "It is there twice; one value is taken.")
    return {name: _read(each) for name, each in known.items()}


def _read(parameter: Parameter) -> object:
    text = request.args.get(parameter.name)
    if text is None:
        if parameter.required:
            raise BadField(parameter.name, f"It is missing: {parameter.description}")
        return parameter.schema.get("default")
    try:
        return parameter.read(text)
    except (ValueError, KeyError) as exc:
        raise BadField(
            parameter.name, f"{text[:40]!r} does not fit. {parameter.description}"
        ) from exc


def _written(given: object, status: int) -> Response:
    told = given if isinstance(given, Mapping) else asdict(given)  # type: ignore[call-overload]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return Response(text + "\n", status, content_type="application/json")


def _plain(value: date) -> str:
    return value.isoformat()

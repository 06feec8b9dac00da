"""The description of the API as OpenAPI 3.1, made of what the operations say of themselves."""

from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from importlib import metadata
from typing import Any

from digest.web import problems
from digest.web.api.operations import BASE, OPERATIONS, Operation, Parameter
from digest.web.api.shapes import Schema, parts_of, reference, schema_of
from digest.web.problems import Problem

_ABOUT = (
    "The papers of the day, search and topics of this installation, a request for the digest, and"
    " a reader's own digests. Answers are JSON in English; HEAD is answered as GET, and a GET of"
    " papers or topics has an ETag: with If-None-Match it is answered by 304 until something has"
    " changed. Errors are problem details (RFC 9457). Pages may read the public answers from"
    " other sites."
)
_HEADERS: dict[int, dict[str, Schema]] = {
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
}
_REDIRECTS = {"one_paper": 301}


@cache
def document(name: str, base_url: str) -> dict[str, Any]:
    """Return the description of the API of the installation *name* at *base_url*."""
    paths: dict[str, dict[str, Any]] = {}
    shapes: set[type] = {Problem}
    for does in OPERATIONS.values():
        paths.setdefault(does.path, {})[does.method] = _operation(does)
        shapes |= parts_of(does.gives) if does.gives is not dict else set()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": name,
            "version": metadata.version("daybreak-digest"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"{base_url}{BASE}"}],
        "paths": paths,
        "components": {
            "schemas": {
                shape.__name__: schema_of(shape)
                for shape in sorted(shapes, key=lambda shape: shape.__name__)
            }
        },
    }


def _operation(does: Operation) -> dict[str, Any]:
    summary, _, more = does.says.partition("\n\n")
    described: dict[str, Any] = {
        "operationId": does.name,
        "summary": summary.rstrip("."),
        "description": " ".join(more.split()) or summary,
        "responses": dict(_answers(does)),
    }
    if does.takes:
        described["parameters"] = [_parameter(each) for each in does.takes]
    if does.body:
        content = {"application/json": {"schema": does.body}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameter(takes: Parameter) -> dict[str, Any]:
    described = {
        "name": takes.name,
        "in": "path" if takes.in_path else "query",
        "description": takes.description,
        "required": takes.required,
        "schema": takes.schema,
    }
    return described | ({"example": takes.example} if takes.example else {})


def _answers(does: Operation) -> Iterable[tuple[str, dict[str, Any]]]:
    shape = {"type": "object"} if does.gives is dict else reference(does.gives)
    yield str(does.status), _answer(does.status, "application/json", shape)
    if does.method == "get":
        yield "304", {"description": "Nothing has changed since the `If-None-Match` that was sent."}
    if does.name in _REDIRECTS:
        yield str(_REDIRECTS[does.name]), {"description": "It has another address now."}
    for status in does.refuses:
        yield str(status), _answer(status, problems.KIND, reference(Problem))


def _answer(status: int, kind: str, schema: Schema) -> dict[str, Any]:
    told = {"description": HTTPStatus(status).phrase, "content": {kind: {"schema": schema}}}
    return told | ({"headers": _HEADERS[status]} if status in _HEADERS else {})

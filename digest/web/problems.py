"""Problems: what went wrong, for programs (RFC 9457)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated

from flask import Response, request
from werkzeug.exceptions import HTTPException

from digest.errors import BadInput

KIND = "application/problem+json"

_WORDS = {
    404: "There is nothing at this address; /api/v1/openapi.json says what there is.",
    405: "It cannot be asked for in this way; `Allow` says in which it can.",
    413: "That is too long: nothing here takes so much.",
    500: "Something broke on our side. It has been logged; please try again in a few minutes.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as RFC 9457 has it."""

    title: Annotated[str, "The status in words."]
    status: Annotated[int, "The status of the answer."]
    detail: Annotated[str, "What is wrong with this very request, and what to do instead."]
    field: Annotated[str | None, "The parameter or field that is wrong, where it is one."] = None
    type: Annotated[str, "Always `about:blank`: the status says what kind of problem it is."] = (
        "about:blank"
    )


class BadField(BadInput):
    """A parameter, or a field of what was sent, that cannot be had."""

    def __init__(self, field: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.field, self.status = field, status


def are_wanted() -> bool:
    """Tell whether whoever asks is a program, that can do nothing with a page."""
    return request.path.startswith("/api/")


def of_input(error: BadInput) -> Response:
    if isinstance(error, BadField):
        return answer(error.status, str(error), field=error.field)
    return answer(400, str(error))


def of_error(error: HTTPException, headers: Mapping[str, str]) -> Response:
    status = error.code or 500
    detail = error.description or error.name
    if detail == type(error).description:
        # Not ours, so it may do without the sentences about browsers.
        detail = _WORDS.get(status, detail)
    if "Retry-After" in headers:
        detail = f"That was too often. Try again in {headers['Retry-After']} seconds."
    return answer(status, detail, headers=headers)


def answer(
    status: int, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    problem = Problem(HTTPStatus(status).phrase, status, detail, field)
    told = {name: value for name, value in asdict(problem).items() if value is not None}
    # A field may be called anything: what cannot be written in UTF-8 is escaped, as JSON does.
    return Response(json.dumps(told) + "\n", status, headers=headers, content_type=KIND)

"""The API for programs: JSON below /api/v1, described by /api/v1/openapi.json."""

from flask import Response, request

from digest.web.api import describing, digests, papers, subscriptions  # noqa: F401  their routes
from digest.web.api.operations import OPERATIONS, blueprint

__all__ = ["blueprint"]


@blueprint.after_request
def _let_pages_read(response: Response) -> Response:
    does = OPERATIONS.get(request.endpoint or "")
    if does and not does.private:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response

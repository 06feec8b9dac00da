"""The access log: one line a request, without an address or a token."""

import logging
import re
import time

from flask import Flask, Response, g, request

log = logging.getLogger("digest.web.access")

_PLAIN_SEGMENT = re.compile(r"/[A-Za-z0-9._-]{1,24}(?=/|$)")
_FIRST_ERROR = 400


def keep(app: Flask) -> None:
    @app.before_request
    def _() -> None:
        g.began_at = time.perf_counter()

    @app.after_request
    def _(response: Response) -> Response:
        log.info(
            "method=%s path=%s status=%d ms=%.1f",
            request.method,
            _masked_path(response.status_code),
            response.status_code,
            (time.perf_counter() - g.began_at) * 1000,
        )
        return response


def _masked_path(status: int) -> str:
    rule = request.url_rule
    if rule is None:
        # A mistyped link may hold a token or an address anywhere but at its beginning.
        beginning = _PLAIN_SEGMENT.match(request.path)
        if beginning is None:
            return "/..."
        return beginning[0] + ("" if beginning[0] == request.path else "/...")
    if "token" in rule.arguments or status >= _FIRST_ERROR:
        return rule.rule
    return request.path

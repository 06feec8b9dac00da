"""What every request must satisfy, and what every answer carries."""

from contextlib import suppress
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from digest.settings import Settings

LARGEST_REQUEST = 64 * 1024
"""Bytes; the longest preferences are below 40 KB, in Latin letters."""

LARGEST_PASSED_ON = 512 * 1024
"""Bytes; a proxy refuses more by itself (deploy/)."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of all pages but a mail that is shown inside one."""

_ALWAYS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-cache",
}
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_ANY_HOST = ("/healthz", "/metrics")
_PRIVATE_PAGES = ("outbox.", "admin.", "metrics.", "joining.subscribe", "api.subscribe")
_PRIVATE_FEEDS = frozenset({"digests.feed", "api.digests"})
"""Their readers ask every hour, and keep what has not changed; nobody between may."""


def protect(app: Flask, settings: Settings) -> None:
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    hosts = _own_hosts(settings)
    everywhere = _ALWAYS | (_HSTS if settings.base_url.startswith("https://") else {})

    @app.before_request
    def _() -> None:
        # A name of somebody else's that points here (DNS rebinding) must not read the outbox.
        # Health checks and monitoring know no name; one page says nothing worth hiding, the other
        # asks for a token.
        if _host() not in hosts and (settings.embedded or request.path not in _ANY_HOST):
            raise BadRequest(f"Wrong host. This service answers at {settings.base_url}.")

    @app.before_request
    def _() -> None:
        # PostgreSQL has no such character, and no page has it in its address.
        if "\0" in request.path:
            raise NotFound

    @app.after_request
    def _(response: Response) -> Response:
        _let_go_of_the_body()
        return response

    @app.after_request
    def _(response: Response) -> Response:
        if _is_private():
            response.headers.update(_PRIVATE)
        if request.endpoint in _PRIVATE_FEEDS and response.status_code in (200, 304):
            response.headers["Cache-Control"] = "private, no-cache"
        for name, value in everywhere.items():
            response.headers.setdefault(name, value)
        return response


def _let_go_of_the_body() -> None:
    """Read what was too large to be read: a proxy that cannot hand it over hears no answer."""
    length, most = request.content_length or 0, request.max_content_length or 0
    if most < length <= LARGEST_PASSED_ON:
        # Whoever is gone meanwhile wants no answer, and is no error of ours.
        with suppress(OSError):
            request.environ["wsgi.input"].read(length)


def _own_hosts(settings: Settings) -> set[str | None]:
    if settings.embedded:
        return {"127.0.0.1", "localhost", "::1"}
    return {urlsplit(settings.base_url).hostname}


def _host() -> str | None:
    try:
        return urlsplit(f"//{request.host}").hostname
    except ValueError:  # an opening bracket without its closing one
        return None


def _is_private() -> bool:
    return "token" in (request.view_args or {}) or (request.endpoint or "").startswith(
        _PRIVATE_PAGES
    )

"""Guarding: the operator's pages open to whoever has DIGEST_ADMIN_TOKEN, and to nobody else."""

import hmac

from flask import Blueprint, Response, current_app, make_response, render_template, request
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from pydantic import SecretStr

from digest.web import limiting
from digest.web.pages import services

WRONG = (RateLimitItemPerMinute(5), RateLimitItemPerHour(20))
"""Of wrong tokens, by one visitor; after so many the right one is refused as well."""


def guard(blueprint: Blueprint) -> None:
    """Let nobody into the pages of *blueprint* without the token."""
    blueprint.before_request(_check)


def _check() -> Response | None:
    limits: limiting.Limits = current_app.extensions["limits"]
    visitor = services().keys.address_hash(limiting.visitor(request.remote_addr))
    # Before the token is looked at: else the one guess that is right would pass all the same.
    limits.check("admin", visitor, WRONG)
    given, wanted = _given(), services().settings.admin_token
    if given is None:
        return _refusal()
    if wanted is None or not _same(given, wanted):
        limits.count("admin", visitor, WRONG)
        return _refusal()
    return None


def _given() -> str | None:
    """Return the token that came with the request: a password, or what a bearer bears."""
    sent = request.authorization
    if sent is None:
        return None
    return sent.token if sent.type == "bearer" else sent.password


def _same(given: str, wanted: SecretStr) -> bool:
    # Bytes: for text with other letters than ASCII it raises an error. Lone surrogates included.
    return hmac.compare_digest(
        given.encode(errors="replace"), wanted.get_secret_value().encode(errors="replace")
    )


def _refusal() -> Response:
    text = (
        "This page is for whoever runs the service. Give any user name, and as the password what"
        " DIGEST_ADMIN_TOKEN is set to."
    )
    page = render_template("refusal.html", title="Who are you?", text=text)
    response = make_response(page, 401)
    response.headers["WWW-Authenticate"] = 'Basic realm="Daybreak", charset="UTF-8"'
    return response

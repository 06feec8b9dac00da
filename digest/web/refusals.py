"""Pages for what cannot be done: they say what is wrong, and what to do instead."""

import math

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from digest.errors import BadInput, BadLink
from digest.language import gettext as _
from digest.language import later, ngettext
from digest.web import problems

_WORDS = {
    404: (
        later("There is no such page."),
        later(
            "The address may be mistyped, or the page gone. The newest papers are on the first"
            " page."
        ),
    ),
    405: (
        later("That is not how this page works."),
        later("It cannot be asked for in this way. Begin again from the first page."),
    ),
    413: (
        later("That is too much at once."),
        later("What was sent is longer than any form here needs. Shorten it and send it again."),
    ),
    500: (
        later("Something broke on our side."),
        later(
            "It has been logged. Nothing that you sent was kept; please try again in a few minutes."
        ),
    ),
}
_KEPT_HEADERS = ("Allow", "Retry-After")


def answer(app: Flask) -> None:
    app.register_error_handler(HTTPException, _refusal)
    app.register_error_handler(BadInput, _bad_input)
    app.register_error_handler(BadLink, _bad_link)


def _refusal(error: HTTPException) -> Response:
    code = error.code or 500
    headers = dict(error.get_headers(request.environ))
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    if problems.are_wanted():
        return problems.of_error(error, kept)
    if code in _WORDS:
        title, text = map(_, _WORDS[code])
    else:
        title, text = f"{error.name}.", error.description or ""
    if code == 429:  # noqa: PLR2004
        title = _("That was a little too often.")
        text = _in_words(int(headers.get("Retry-After", 60)))
    response = _page(code, title, text)
    response.headers.update(kept)
    return response


def _bad_input(error: BadInput) -> Response:
    if problems.are_wanted():
        return problems.of_input(error)
    return _page(400, _("That did not work."), str(error))


def _bad_link(_error: BadLink) -> Response:
    # The same bytes whatever is wrong with it: which links exist is nobody's business.
    if problems.are_wanted():
        return problems.answer(404, "This address is no link, or no longer one.")
    return make_response(render_template("bad_link.html"), 404)


def _page(code: int, title: str, text: str) -> Response:
    return make_response(render_template("refusal.html", title=title, text=text), code)


def _in_words(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return ngettext(
        "Please try again in a minute.", "Please try again in %(num)s minutes.", minutes
    )

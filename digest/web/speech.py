"""Speech: which language a page speaks, and links that keep to it."""

from contextlib import ExitStack
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, g, request

from digest.language import ENGLISH, Language, languages, speaking, spoken
from digest.models import Standing, Subscriber
from digest.web import problems


def teach(app: Flask) -> None:
    """Let each page of *app* speak: as its address says, as its reader does, or as the browser."""
    app.jinja_env.globals.update(to=to, tongues=tongues)

    @app.before_request
    def _() -> None:
        g.speech = ExitStack()
        # A program's answer must not change with the browser that it runs in.
        language = ENGLISH if problems.are_wanted() else _asked_for() or _of_the_browser()
        g.speech.enter_context(speaking(language))

    @app.after_request
    def _(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Language"] = spoken().tag
            response.vary.add("Accept-Language")
        return response

    @app.teardown_request
    def _(_exc: BaseException | None) -> None:
        # Threads are used again: the next visitor speaks for themselves.
        if speech := g.pop("speech", None):
            speech.close()


def speak_to(reader: Subscriber | None) -> None:
    """Speak *reader*'s language from here on, unless the address asks for another."""
    if reader is None or _asked_for():
        return
    # Who is yet to confirm has asked in one.
    asked = reader.requested.get("language") if reader.standing is Standing.PENDING else None
    g.speech.enter_context(speaking(asked or reader.language))


def _of_the_browser() -> Language | None:
    """Return the language that it likes best of those we speak, or of which it likes a variety."""
    by_tag = {each.tag.lower(): each for each in languages().values()}
    for tag, quality in request.accept_languages:
        name = tag.lower()
        while name and name not in by_tag:
            name = name.rpartition("-")[0]
        if name and quality:
            return by_tag[name]
    return None


def _asked_for() -> Language | None:
    return languages().get(request.args.get("lang", ""))


def to(path: str) -> str:
    """Return *path*, a page of ours, in the language that was asked for: there are no cookies."""
    if not _asked_for():
        return path
    return f"{path}{'&' if urlsplit(path).query else '?'}lang={spoken().code}"


def tongues() -> list[tuple[Language, str]]:
    """Return every language, with the address of this page in it, as seen from this page."""
    # Without the path: all broken links look the same, to the byte.
    asked = request.args.to_dict()
    return [(each, f"?{urlencode({**asked, 'lang': each.code})}") for each in languages().values()]

"""What every page is made with: the application, its working parts, the reader behind a link."""

import logging
import traceback
from types import TracebackType
from typing import Any, ClassVar, cast

from flask import Flask, current_app, request
from jinja2 import StrictUndefined
from sqlalchemy.orm import Session

from digest.errors import BadLink
from digest.links import Purpose
from digest.models import Subscriber
from digest.services import Services
from digest.web.speech import speak_to

log = logging.getLogger("digest.web")

Answer = str | tuple[str, int]


class Pages(Flask):
    """Flask with strict templates, and without addresses and tokens in its log."""

    jinja_options: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }

    def log_exception(
        self,
        exc_info: (
            tuple[type, BaseException, TracebackType] | tuple[None, None, None]  # Flask's own
        ),
    ) -> None:
        """Log where it went wrong, but no message: a database's names the row, address and all."""
        kind, _, trace = exc_info
        rule = request.url_rule.rule if request.url_rule else "an unknown page"
        log.error(
            "%s in %s %s\n%s",
            kind.__qualname__ if kind else None,
            request.method,
            rule,
            "".join(traceback.format_tb(trace)),
        )


def services() -> Services:
    return cast("Services", current_app.extensions["services"])


def reader_of(session: Session, purpose: Purpose, token: str) -> Subscriber:
    """
    Return the reader whose link *token* is, their row locked.

    Raises:
        BadLink: it is no link, no longer one, or its reader is gone; which of these is not said.

    """
    return reader_behind(session, *services().links.read(purpose, token))


def reader_behind(session: Session, reader_id: int, version: int) -> Subscriber:
    """
    Return the reader to whom a link of this *version* was given, their row locked.

    Raises:
        BadLink: it is revoked, or its reader is gone.

    """
    reader = session.get(Subscriber, reader_id, with_for_update=request.method == "POST")
    if reader is None or version < reader.link_version:
        raise BadLink("revoked")
    speak_to(reader)
    return reader

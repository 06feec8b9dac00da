"""The pages as a WSGI application, for servers that want one: `digest.up.wsgi:application()`."""

import logging
import sys
from contextlib import ExitStack
from wsgiref.types import WSGIApplication

from sqlalchemy.exc import OperationalError

from digest import logs, space
from digest.errors import DigestError
from digest.services import build, prepare
from digest.settings import read_settings
from digest.up.pages import watched
from digest.web import create_app

log = logging.getLogger(__name__)

CANNOT_LOAD = 4
"""gunicorn starts no further worker after this exit code: the next would fail alike."""


def application() -> WSGIApplication:
    """Return the pages of the installation that the environment describes."""
    logs.configure()
    try:
        settings = read_settings()
        logs.configure(form=settings.log_format)
        prepare(settings)
        services = build(settings)
        app = create_app(services)
    except DigestError as exc:
        log.error("no page is served: %s", exc)  # noqa: TRY400  the sentence says it all
        sys.exit(CANNOT_LOAD)
    except OperationalError as exc:
        why = str(exc.orig).strip().partition("\n")[0]
        log.error("no page is served: the database does not answer: %s", why)  # noqa: TRY400
        sys.exit(CANNOT_LOAD)
    # No reader should wait for it at the first preview.
    space.warm_up()
    # Alarms are looked for as long as this process lives.
    ExitStack().enter_context(watched(services))
    return app

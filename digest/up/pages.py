"""Serving the pages, on a port that is bound before anything else is done."""

import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from digest import alarms
from digest.errors import BadInput
from digest.services import Services, build
from digest.settings import Settings
from digest.web import create_app

log = logging.getLogger(__name__)


def serve_pages(settings: Settings, host: str, threads: int) -> None:
    """
    Serve the pages alone, until SIGTERM or Ctrl-C.

    Raises:
        BadInput: the port is taken.

    """
    signal.signal(signal.SIGTERM, interrupt)
    with listening(host, settings.port) as listener:
        services = build(settings)
        try:
            with watched(services):
                server(services, listener, threads).run()
        except KeyboardInterrupt:
            log.info("stopped")
        finally:
            services.close()


@contextmanager
def watched(services: Services) -> Iterator[None]:
    """Raise alarms from here too: when the workers have died, they cannot."""
    ended = threading.Event()
    watch = threading.Thread(
        target=alarms.watch, args=(services, ended), name="alarms", daemon=True
    )
    watch.start()
    try:
        yield
    finally:
        ended.set()
        # What it is at now, another process will tell.
        watch.join(1.0)


def server(
    services: Services, listener: socket.socket, threads: int
) -> BaseWSGIServer | MultiSocketServer:
    return create_server(
        create_app(services),
        sockets=[listener],
        threads=threads,
        ident=None,
        # Behind proxies the application itself reads what they say, as DIGEST_PROXIES allows.
        clear_untrusted_proxy_headers=not services.settings.proxies,
    )


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as exc:
        raise BadInput(_why_not(exc, host, port)) from exc
    with listener:
        yield listener


def _why_not(exc: OSError, host: str, port: int) -> str:
    if isinstance(exc, socket.gaierror):
        return f"--host {host} is no address of this machine ({exc.strerror}); try 127.0.0.1."
    other = port + 1 if port < 65535 else 8000  # noqa: PLR2004
    return (
        f"Port {port} on {host} is not to be had ({exc.strerror}); choose another, such as"
        f" PORT={other} make run."
    )

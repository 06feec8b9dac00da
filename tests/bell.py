"""A loopback server that is told of alarms, and can be told to misbehave."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from tests.loopback import Listener


class Bell(Listener):
    """
    Listens while it is entered; *rung* holds every JSON document, *asked* each request's headers.

    It answers with *status*, after *pause* seconds.
    """

    def __init__(self) -> None:
        self.rung: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.status = 204
        self.pause = 0.0
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.bell = self  # type: ignore[attr-defined]
        super().__init__(server)
        self.url += "/ring?token=hunter2"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        bell = cast("Bell", self.server.bell)  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        bell.asked.append((self.path, dict(self.headers)))
        bell.rung.append(json.loads(body))
        time.sleep(bell.pause)
        self.send_response(bell.status)
        if bell.status in (301, 302, 307, 308):
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass

"""A loopback server that is told of alarms, and can be told to misbehave."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self, cast


class Bell:
    """
    Listens while it is entered; *rung* holds every JSON document, *asked* each request's headers.

    It answers with *status*, after *pause* seconds.
    """

    def __init__(self) -> None:
        self.rung: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.status = 204
        self.pause = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.bell = self  # type: ignore[attr-defined]
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/ring?token=hunter2"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


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

"""Loopback: what the stand-ins for other people's servers are made of."""

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread
from typing import Any, Self


class Listener:
    """Has *server* answer while it is entered."""

    def __init__(self, server: TCPServer) -> None:
        self._server = server
        self._thread = Thread(target=server.serve_forever, args=(0.02,))
        self.port = server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Server(ThreadingHTTPServer):
    """One that ends the threads of kept connections when it ends."""

    stub: Any
    daemon_threads = True
    # Those who call at the same time are not to be cut off.
    request_queue_size = 64

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """End the threads that wait for the next request of a kept connection, too."""
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: callers that give up early are what some tests are about."""


def answer(
    handler: BaseHTTPRequestHandler, status: int, body: Mapping[str, Any], code: str = ""
) -> None:
    """Have *handler* answer as SES does; an error has a *code*."""
    text = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(text)))
    if code:
        handler.send_header("x-amzn-ErrorType", code)
    handler.end_headers()
    handler.wfile.write(text)

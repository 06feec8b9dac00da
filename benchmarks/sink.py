"""A sink that answers as SES does and checks nothing: a process that ends when its input does."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ACCEPTED = json.dumps({"MessageId": "0102019a-" + "0" * 50}).encode()
ALLOWANCE = json.dumps(
    {"SendQuota": {"Max24HourSend": -1, "MaxSendRate": 1e6, "SentLast24Hours": 0}}
).encode()

_SETTINGS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}
_FOREIGN = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CA_BUNDLE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


@contextmanager
def running() -> Iterator[None]:
    """Run a sink that every SES client made meanwhile speaks to, and no other."""
    with subprocess.Popen(  # noqa: S603  this very module
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin  # noqa: S101  a pipe was asked for
        assert process.stdout  # noqa: S101
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        before = dict(os.environ)
        for name in _FOREIGN:
            os.environ.pop(name, None)
        os.environ.update(_SETTINGS, AWS_ENDPOINT_URL_SESV2=url)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            process.stdin.close()


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._held = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  it is a stream's
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (length := self._length()) is not None:
            asks = self._held.startswith(b"GET")
            del self._held[:length]
            self._answer(ALLOWANCE if asks else ACCEPTED)

    def _length(self) -> int | None:
        """Return how long the first request is; None while some of it is still to come."""
        head, ends, _ = self._held.partition(b"\r\n\r\n")
        if not ends:
            return None
        _, found, rest = head.lower().partition(b"content-length:")
        length = len(head) + len(ends) + (int(rest.split(b"\r\n", 1)[0]) if found else 0)
        return length if len(self._held) >= length else None

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started this may be killed; its end of the pipe closes all the same.
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())

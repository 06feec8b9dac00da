"""
A sink that answers as SES does and checks nothing: a process that ends when its input does.

It is a small program in C, compiled when it is first asked for. Where there is no compiler, this
module does the same by asyncio, ten times as slowly: `in_c` tells which one answers.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_suffix(".c")

MESSAGE_ID = f"0102019a-{'0' * 50}"
ACCEPTED = json.dumps({"MessageId": MESSAGE_ID})
MOST_ENTRIES = 50

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


@dataclass(frozen=True, slots=True)
class Sink:
    """A sink that runs."""

    url: str
    pid: int
    in_c: bool


@contextmanager
def running(*, delay: float = 0.0, rate: float = 1e6, in_c: bool = True) -> Iterator[Sink]:
    """
    Run a sink that every SES client made meanwhile speaks to, and no other.

    It answers each call after *delay* seconds, and says that it allows *rate* mails a second.
    It is the one *in_c* where that can be compiled.
    """
    program = compiled() if in_c else None
    with subprocess.Popen(  # noqa: S603  a program of ours
        [*_words(program), ACCEPTED, allowance(rate), f"{delay * 1e3:g}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin  # noqa: S101  a pipe was asked for
        assert process.stdout  # noqa: S101
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        with _environment(url):
            try:
                yield Sink(url, process.pid, in_c=program is not None)
            finally:
                process.stdin.close()


def allowance(rate: float) -> str:
    """Return what an account says that has no quota and sends nothing else."""
    quota = {"Max24HourSend": -1, "MaxSendRate": rate, "SentLast24Hours": 0}
    return json.dumps({"SendQuota": quota})


@cache
def compiled() -> Path | None:
    """Return the program in C, which goes away with this process; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        return None
    program = Path(_folder().name, "sink")
    words = [compiler, "-O2", "-o", str(program), str(SOURCE)]
    built = subprocess.run(words, check=False, capture_output=True)  # noqa: S603
    # Headers may be missing where a compiler is not.
    return program if built.returncode == 0 else None


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="sink-")


def _words(program: Path | None) -> Sequence[str]:
    return [str(program)] if program else [sys.executable, "-m", __name__]


@contextmanager
def _environment(url: str) -> Iterator[None]:
    before = dict(os.environ)
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(_SETTINGS, AWS_ENDPOINT_URL_SESV2=url)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Connection(asyncio.Protocol):
    def __init__(self, accepted: str, allowed: str, delay: float) -> None:
        self._held = bytearray()
        self._accepted, self._allowed, self._delay = accepted, allowed, delay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  it is a stream's
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (length := self._length()) is not None:
            text = self._answer_to(bytes(self._held[:length]))
            del self._held[:length]
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._answer, text)
            else:
                self._answer(text)

    def _length(self) -> int | None:
        """Return how long the first request is; None while some of it is still to come."""
        head, ends, _ = self._held.partition(b"\r\n\r\n")
        if not ends:
            return None
        _, found, rest = head.lower().partition(b"content-length:")
        length = len(head) + len(ends) + (int(rest.split(b"\r\n", 1)[0]) if found else 0)
        return length if len(self._held) >= length else None

    def _answer_to(self, request: bytes) -> str:
        if request.startswith(b"GET"):
            return self._allowed
        if b"outbound-bulk-emails" not in request.partition(b"\r\n")[0]:
            return self._accepted
        entry: dict[str, Any] = {"Status": "SUCCESS", "MessageId": MESSAGE_ID}
        entries = min(MOST_ENTRIES, request.count(b'"Destination"'))
        return json.dumps({"BulkEmailEntryResults": [entry] * entries})

    def _answer(self, text: str) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        body = text.encode()
        self._transport.write(head % len(body) + body)


async def _serve(accepted: str, allowed: str, delay: str) -> None:
    loop = asyncio.get_running_loop()
    seconds = float(delay) / 1e3
    server = await loop.create_server(
        lambda: _Connection(accepted, allowed, seconds), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started this may be killed; its end of the pipe closes all the same.
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))

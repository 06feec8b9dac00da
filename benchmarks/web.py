"""The pages: how many a second the server gives that production runs, to a client of our own."""

import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import numpy as np

from benchmarks.measure import MILLISECONDS, Figure, Sizes
from benchmarks.stores import Store
from digest.keys import keys
from digest.links import Links, Purpose
from digest.settings import Settings, read_settings
from tests.servers import free_port

SERVER = ("gunicorn", "--config", "python:digest.up.serving", "--workers", "2")
"""As in docker-compose.yml, with a worker for each of two cores."""

CLIENTS = 8
"""Connections that ask at the same time, as fast as they are answered."""
SECONDS = 1.5
PATIENCE = 60.0

_visitors = count(int(IPv4Address("10.0.0.0")))

Answer = tuple[int, float]
"""A status, and how long it took to come."""


def figures(sizes: Sizes, store: Store) -> Iterator[Figure]:
    """Yield requests a second, and the 99th percentile of their times, of four pages."""
    full = sizes.rounds > 1
    with _served(store) as settings:
        for name, (path, headers) in _pages(settings).items():
            # The first one warms up and does not count.
            rounds = [
                _asked(settings.base_url, path, headers, SECONDS if full else 0.1)
                for _ in range(sizes.rounds + 1)
            ][1:]
            speeds = [each[0] for each in rounds]
            slowest = [each[1] for each in rounds]
            yield Figure(f"web, {name}", median(speeds), "requests/s")
            what = f"web, {name}: 99th percentile, {CLIENTS} at a time"
            yield Figure(what, median(slowest) * MILLISECONDS, "ms")


@contextmanager
def _served(store: Store) -> Iterator[Settings]:
    """Serve the pages of *store* as a process of its own, and yield its settings."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(
            port=port,
            state_dir=folder,
            proxies=1,
            database_url=store.sessions.kw["bind"].url.render_as_string(hide_password=False),
        )
        words = [sys.executable, "-m", *SERVER, "--bind", f"127.0.0.1:{port}"]
        # A file, not a pipe: who writes to a full one waits.
        told = Path(folder, "log")
        with (
            told.open("w") as log,
            subprocess.Popen(  # noqa: S603  a server of ours
                words, env={**os.environ, **settings.environment()}, stdout=log, stderr=log
            ) as process,
        ):
            try:
                _wait_for(settings.base_url, process, told)
                yield settings
            finally:
                process.terminate()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", told: Path) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            if _Visitor(url, "/healthz", {}).ask()[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
        if process.poll() is not None or time.monotonic() > give_up_at:
            process.kill()
            raise RuntimeError(f"the pages were not served: {told.read_text()}")


def _pages(settings: Settings) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the paths of the pages, and what is asked with them."""
    secrets = keys(settings)
    links = Links(settings.base_url, secrets.signing, secrets.leave)
    preferences = urlsplit(links.make(Purpose.MANAGE, 1)).path
    pages: dict[str, tuple[str, dict[str, str]]] = {"home": ("/", {})}
    if tag := _Visitor(settings.base_url, "/", {}).tag():
        pages["home, unchanged"] = ("/", {"If-None-Match": tag})
    return {
        **pages,
        "search": ("/search?q=large+language+model", {}),
        "preferences": (preferences, {}),
    }


class _Visitor:
    """One connection that asks for one page, again and again."""

    def __init__(self, url: str, path: str, headers: dict[str, str]) -> None:
        host = urlsplit(url)
        self._connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=30)
        self._path, self._headers = path, headers

    def ask(self) -> Answer:
        # As behind a proxy, each time for somebody else: one visitor may not ask so often.
        headers = {**self._headers, "X-Forwarded-For": str(IPv4Address(next(_visitors)))}
        begun = time.perf_counter()
        try:
            self._connection.request("GET", self._path, headers=headers)
            answer = self._connection.getresponse()
            answer.read()
        except http.client.HTTPException as exc:
            raise OSError(str(exc)) from exc
        return answer.status, time.perf_counter() - begun

    def tag(self) -> str | None:
        self._connection.request("GET", self._path)
        return self._connection.getresponse().headers.get("ETag")


def _asked(url: str, path: str, headers: dict[str, str], seconds: float) -> tuple[float, float]:
    """Return how many answers came a second, and the 99th percentile of their times."""
    answers: list[Answer] = []
    ends_at = time.monotonic() + seconds

    def visit() -> None:
        visitor = _Visitor(url, path, headers)
        while time.monotonic() < ends_at:
            answers.append(visitor.ask())

    begun = time.perf_counter()
    visitors = [threading.Thread(target=visit) for _ in range(CLIENTS)]
    for each in visitors:
        each.start()
    for each in visitors:
        each.join()
    took = time.perf_counter() - begun
    _expect(path, [status for status, _ in answers], 304 if headers else 200)
    return len(answers) / took, float(np.percentile([each for _, each in answers], 99))


def _expect(path: str, statuses: Sequence[int], wanted: int) -> None:
    # An error page is soon made: it must not look like speed.
    if not statuses or set(statuses) != {wanted}:
        raise RuntimeError(f"{path.partition('?')[0]} answered {set(statuses)}")

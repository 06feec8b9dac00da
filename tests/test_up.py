"""`digest up` as a newcomer starts it: real processes on a folder of their own."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import psutil
import pytest

from tests.servers import free_port

PROMISED = 30.0
"""Seconds within which a reader has the mail they wait for."""

PATIENCE = 120.0
"""Seconds within which everything has ended, on a machine that does much else."""

DIGEST = Path(sys.executable).with_name("digest")

# A session's leader takes the terminal on its standard input, as a shell's job has one.
TAKES_THE_TERMINAL = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
TAKES_THE_TERMINAL += "os.execv(sys.argv[1], sys.argv[1:])"

# Python runs it first in every process, the worker's too.
OFFLINE = """
import socket

ask = socket.getaddrinfo


def getaddrinfo(host, *rest, **named):
    if str(host).endswith((".co", ".org")):
        raise socket.gaierror(socket.EAI_AGAIN, "no network in this test")
    return ask(host, *rest, **named)


socket.getaddrinfo = getaddrinfo
"""

_T = TypeVar("_T")
_open = build_opener(ProxyHandler({})).open


class Running:
    """A `digest up`, and what a newcomer sees of it."""

    command: Sequence[str | Path] = (DIGEST, "up")
    stdin = subprocess.DEVNULL

    def __init__(self, state: Path, **environment: str) -> None:
        self.state = state
        self.port = int(environment.get("PORT", free_port()))
        self.log = state.with_name(f"{state.name}.log")
        self.environment = surroundings(state, **{"PORT": str(self.port), **environment})
        self.cwd = state.parent

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.cwd,
                stdin=self.stdin,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_exc: object) -> None:
        family = self.family()
        self.process.kill()
        self.process.wait()
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(family)

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.output
        return "Ctrl-C stops everything" in self.output

    def family(self) -> list[psutil.Process]:
        """Return every process that it started and that still runs."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def worker(self) -> psutil.Process | None:
        """Return the worker once its pool has come up too."""
        assert self.process.poll() is None, self.output
        workers = psutil.Process(self.process.pid).children()
        return workers[0] if workers and len(workers[0].children()) > 1 else None

    def mails(self, page: str) -> list[EmailMessage]:
        """Return the mails with a link to *page*, oldest first."""
        written = [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted((self.state / "outbox").glob("*.eml"))
        ]
        return [mail for mail in written if f"/{page}/" in text_of(mail)]


def surroundings(state: Path, **environment: str) -> dict[str, str]:
    """Return the environment of a command on *state* that contacts nobody."""
    given = {"DIGEST_STATE_DIR": str(state), "DIGEST_SOURCES": "sample", "DIGEST_LIMITS": "off"}
    return {**os.environ, **given, **environment}


def eventually(wanted: Callable[[], _T | None], within: float = 2 * PROMISED) -> _T:
    """Return the first truthy outcome of *wanted*."""
    deadline = time.monotonic() + within
    while not (found := wanted()):
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.1)
    return found


def answer(url: str, form: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Return status and text of the page at *url*; with *form*, of posting it."""
    body = None if form is None else urlencode(form).encode()
    try:
        with _open(Request(url, body), timeout=PROMISED) as response:  # noqa: S310  our own
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link(mail: EmailMessage, page: str) -> str:
    """Return the link to *page* in the text of *mail*."""
    found = re.search(rf"https?://\S+/{page}/\S+", text_of(mail))
    assert found, f"no link to {page}"
    return found[0]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("up") / "var") as running:
        eventually(running.is_ready)
        yield running


def test_it_says_where_to_look_and_is_there(started: Running) -> None:
    status, health = answer(f"{started.url}/healthz")

    assert (status, json.loads(health)["status"]) == (200, "ok")
    assert f"{started.url}/" in started.output
    assert f"{started.url}/outbox" in started.output
    assert str(started.state) in started.output


def test_a_newcomer_has_the_first_digest_within_half_a_minute(started: Running) -> None:
    form = {"email": "ann@example.org", "topic": "long-context", "cadence": "daily"}

    status, page = answer(f"{started.url}/subscribe", form)
    [confirmation] = eventually(lambda: started.mails("confirm"), PROMISED)
    status_of_confirming, _ = answer(link(confirmation, "confirm"), {"hour": "6", "zone": "UTC"})
    [first] = eventually(lambda: started.mails("view"), PROMISED)

    assert (status, status_of_confirming) == (200, 200)
    assert "inbox" in page
    assert first["To"] == "ann@example.org"
    for each in ("preferences", "unsubscribe", "view"):
        assert answer(link(first, each))[0] == 200


def test_a_second_start_on_the_same_state_says_so(started: Running) -> None:
    second = subprocess.run(
        [DIGEST, "up", "--port", str(free_port())],
        env=started.environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert second.returncode == 2
    assert f"running on {started.state} already" in second.stderr
    assert "DIGEST_STATE_DIR" in second.stderr


def test_a_killed_worker_is_started_again(started: Running) -> None:
    killed = eventually(started.worker)
    pool = killed.children(recursive=True)

    killed.kill()

    assert eventually(lambda: started.worker() not in (None, killed))
    assert not psutil.wait_procs(pool, timeout=PATIENCE)[1]
    assert "started again" in started.output


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])

        second = subprocess.run(
            [DIGEST, "up"],
            env=surroundings(tmp_path / "var", PORT=port),
            capture_output=True,
            text=True,
            check=False,
        )

    assert second.returncode == 2
    assert f"Port {port} on 127.0.0.1" in second.stderr
    assert "PORT=" in second.stderr


def test_where_no_source_answers_the_sample_day_is_shown(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(OFFLINE)
    here = {"DIGEST_SOURCES": "huggingface,arxiv:cs.AI", "PYTHONPATH": str(tmp_path)}

    with Running(tmp_path / "var", **here) as running:
        eventually(running.is_ready)

        _, page = answer(f"{running.url}/")

        assert "No source could be reached" in running.output
        assert "arxiv" in running.output
        assert "invented paper" in page


def test_the_terminals_ctrl_c_ends_every_process(tmp_path: Path) -> None:
    terminal, stdin = os.openpty()
    up = Running(tmp_path / "var")
    up.stdin = stdin
    up.command = [sys.executable, "-c", TAKES_THE_TERMINAL, DIGEST, "up"]

    with up as running:
        eventually(running.worker)
        family = running.family()

        os.write(terminal, b"\x03")

        assert running.process.wait(PATIENCE) == 0
        assert not psutil.wait_procs(family, timeout=PATIENCE)[1]
    os.close(terminal)
    os.close(stdin)


def test_sigterm_ends_every_process(tmp_path: Path) -> None:
    """Row 23."""
    with Running(tmp_path / "var") as running:
        eventually(running.is_ready)
        eventually(running.worker)
        family = running.family()

        running.process.send_signal(signal.SIGTERM)

        assert running.process.wait(PATIENCE) == 0
        assert not psutil.wait_procs(family, timeout=PATIENCE)[1]
        assert "Stopped." in running.output


def test_no_worker_outlives_a_kill(tmp_path: Path) -> None:
    with Running(tmp_path / "var") as running:
        eventually(running.worker)
        family = running.family()

        running.process.kill()

        assert not psutil.wait_procs(family, timeout=PATIENCE)[1]

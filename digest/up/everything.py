"""Pages, worker and beat together: one process that looks after the others."""

import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy.exc import SQLAlchemyError

from digest import migrations, pipeline
from digest.errors import AlreadyRunning, DigestError
from digest.parent import die_with_parent
from digest.services import Services, build
from digest.settings import Settings
from digest.up.pages import interrupt, listening, server, watched

log = logging.getLogger(__name__)

FIRST_FETCH = 10.0
"""Seconds that a first start waits for the sources."""

THREADS = 8
RESTARTS = 5
FORGIVEN_AFTER = 600.0
"""Seconds after which a worker that ended does not count with the ones before it."""

LOOK_EVERY = 15.0
SILENT_AFTER = 180.0
"""Seconds without a sweep; a fetch and a full batch of mail take less."""

WORKER_STOPS_WITHIN = 20.0

# -P and a working directory of its own keep a foreign package named `workers` from shadowing ours.
WORKER = [
    *(sys.executable, "-P", "-W", "ignore:You're running the worker with superuser"),
    *("-m", "celery", "--quiet", "-A", "workers.app", "worker", "--beat"),
    *("--concurrency=2", "--without-gossip", "--without-mingle", "--without-heartbeat"),
    *("--loglevel=WARNING", "--pool=prefork"),
]


def up(settings: Settings, host: str) -> None:
    """
    Run everything until Ctrl-C or SIGTERM, then end every process that was started.

    Raises:
        AlreadyRunning: another `digest up` works on this state folder.
        BadInput: the port is taken.

    """
    signal.signal(signal.SIGTERM, interrupt)
    with _only_one(settings.state_dir) as lock, listening(host, settings.port) as listener:
        migrations.migrate(settings.database_url.get_secret_value())
        services = build(settings)
        try:
            _have_papers(services)
            _serve(services, listener)
            _say_where(settings, host)
            with watched(services):
                _keep_working(services, lock)
        except KeyboardInterrupt:
            _say("Stopped.")
        finally:
            services.close()


@contextmanager
def _only_one(state_dir: Path) -> Iterator[IO[str]]:
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise AlreadyRunning(
                f"Daybreak is running on {state_dir} already; stop it first, or choose another"
                " folder by DIGEST_STATE_DIR."
            ) from exc
        yield lock


def _have_papers(services: Services) -> None:
    """Fetch on a first start; embedded, the built-in sample day stands in for silent sources."""
    if pipeline.has_papers(services):
        return
    wanted = services.settings.sources
    _say(f"Fetching papers from {', '.join(wanted)} ...")
    report = pipeline.fetch(services, seconds=FIRST_FETCH)
    if pipeline.has_papers(services):
        _say(f"{report.new} papers.")
    elif services.settings.embedded:
        _say("No source could be reached: here is a sample day, with invented papers.")
        pipeline.fetch(services, ["sample"])
    else:
        _say("No papers yet; the worker tries again every ten minutes.")


def _serve(services: Services, listener: socket.socket) -> None:
    pages = server(services, listener, THREADS)
    threading.Thread(target=pages.run, name="pages", daemon=True).start()


def _say_where(settings: Settings, host: str) -> None:
    shown = f"[{host}]" if ":" in host else host
    _say(f"\n  Pages    http://{shown}:{settings.port}/")
    if settings.embedded:
        _say(f"  Mailbox  http://{shown}:{settings.port}/outbox   ({settings.outbox})")
    _say(f"  State    {settings.state_dir}\n\nCtrl-C stops everything.\n")


def _keep_working(services: Services, lock: IO[str]) -> None:
    """Run the worker, with beat inside it; start it again when it dies, or falls silent."""
    failures = 0
    while failures < RESTARTS:
        with _worker(services.settings, lock) as worker:
            began = time.monotonic()
            why = _watch(worker, services)
        long_lived = time.monotonic() - began > FORGIVEN_AFTER
        failures = 1 if long_lived else failures + 1
        log.error("the worker %s and is started again", why)
    raise DigestError(f"The worker ended {RESTARTS} times in a row; the log above says why.")


def _watch(worker: subprocess.Popen[bytes], services: Services) -> str:
    """Return why the worker has to be started again, once it has."""
    silent_since = time.monotonic()
    last = _last_sweep(services)
    while True:
        try:
            return f"ended with code {worker.wait(LOOK_EVERY)}"
        except subprocess.TimeoutExpired:
            sweep = _last_sweep(services) or last
        if sweep != last:
            silent_since, last = time.monotonic(), sweep
        # Beat is a child of the worker, which does not notice its death.
        if time.monotonic() - silent_since > SILENT_AFTER:
            return "fell silent"


def _last_sweep(services: Services) -> datetime | None:
    """Return when the last sweep was; None while the database does not say."""
    try:
        return pipeline.last_sweep(services)
    except SQLAlchemyError as exc:
        log.warning("the database does not answer: %s", type(exc).__name__)
        return None


@contextmanager
def _worker(settings: Settings, lock: IO[str]) -> Iterator[subprocess.Popen[bytes]]:
    scratch = settings.state_dir / "tmp"
    scratch.mkdir(exist_ok=True)
    # kombu moves each message through the temporary folder: keep that on the same disk.
    environment = {**os.environ, **settings.environment(), "TMPDIR": str(scratch)}
    worker = subprocess.Popen(  # noqa: S603  our own command line
        WORKER,
        cwd=settings.state_dir,
        env=environment,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  nothing but one system call
        # The worker holds the lock too: a start right after a kill -9 must not get two of them.
        pass_fds=[lock.fileno()],
    )
    try:
        yield worker
    finally:
        _end(worker)


def _end(worker: subprocess.Popen[bytes]) -> None:
    """Let the worker finish its mail, then end its whole group; at once on a second Ctrl-C."""
    with suppress(ProcessLookupError):
        worker.terminate()
    try:
        worker.wait(WORKER_STOPS_WITHIN)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        log.warning("the worker did not end by itself")
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  the command's own words

"""The machinery: the broker, who is alive, the clocks, the disks."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import kombu
from kombu.exceptions import KombuError, OperationalError
from sqlalchemy import select
from sqlalchemy.engine import make_url

from digest import heartbeats
from digest.clock import utc_now
from digest.database import DatabaseNow
from digest.departures import Book
from digest.doctor.finding import Finding, Status
from digest.services import Services
from digest.settings import Settings

PATIENCE = 2
"""Seconds for each answer of the broker."""

QUEUE = "celery"
MANY = 100
"""Hints that wait; workers take each within seconds, or throw it away."""

SILENT_AFTER = {
    "sweep": timedelta(minutes=1),
    "beat": timedelta(minutes=1),
    "worker": timedelta(minutes=5),
    "mailbox": timedelta(minutes=30),
}

APART = timedelta(seconds=5)
FAR_APART = timedelta(minutes=1)

LITTLE = 2**30
"""Bytes of free space below which it is time to look; a tenth of them is too little."""


def broker(services: Services) -> Finding:
    settings = services.settings
    url = settings.broker_url.get_secret_value()
    if url.startswith("filesystem:"):
        return _folder(settings.queue)
    try:
        waiting = _asked(url)
    except (OSError, KombuError, OperationalError) as exc:
        # Of the address only what the error says: it holds a password.
        why = " ".join(str(exc).split()) or type(exc).__name__
        remedy = "check DIGEST_BROKER_URL; nothing is lost, and nothing is sent meanwhile"
        return Finding("broker", Status.ERROR, f"it does not answer: {why}", remedy)
    except (ValueError, TypeError, LookupError):
        # Not in its words, which may quote the address.
        remedy = "write rediss://host:6379/0?ssl_cert_reqs=required, or leave the options out"
        detail = "DIGEST_BROKER_URL has options that its client does not know"
        return Finding("broker", Status.ERROR, detail, remedy)
    return _queued(waiting)


def _asked(url: str) -> int:
    """Return how many hints wait in the queue of the broker at *url*."""
    options = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
    with kombu.Connection(url, connect_timeout=PATIENCE, transport_options=options) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
        channel: Any = connection.default_channel
        try:
            found = channel.queue_declare(QUEUE, passive=True)
        except connection.channel_errors:
            # Nobody has put anything into it yet.
            return 0
        except connection.connection_errors as exc:
            raise OperationalError(str(exc)) from exc
        return int(found.message_count)


def _folder(folder: Path) -> Finding:
    if not folder.exists():
        return Finding("broker", Status.OK, "a folder, which the first worker makes")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        remedy = f"let this user read and write {folder}, or name another DIGEST_STATE_DIR"
        return Finding("broker", Status.ERROR, f"the folder {folder} cannot be used", remedy)
    return _queued(sum(1 for _ in folder.glob("*.msg")))


def _queued(waiting: int) -> Finding:
    detail = f"it answers; hints waiting: {waiting}"
    if waiting > MANY:
        return Finding("broker", Status.WARNING, f"{detail}: nobody takes them", "start a worker")
    return Finding("broker", Status.OK, detail)


def heartbeat(name: str, what: str, remedy: str) -> Callable[[Services], Finding]:
    """Return the check of the sign of life called *name*, which is left by each *what*."""

    def check(services: Services) -> Finding:
        at = _beats(services).get(name)
        if at is None:
            return Finding(name, Status.WARNING, f"no {what} yet", remedy)
        age = services.clock() - at
        if age > SILENT_AFTER[name]:
            return Finding(name, Status.ERROR, f"the last {what} was {at:%F %R} UTC", remedy)
        # Another machine's clock may be a little ahead.
        seconds = max(0, int(age.total_seconds()))
        return Finding(name, Status.OK, f"the last {what} was {seconds} s ago")

    return check


def part(name: str, what: str, remedy: str) -> Callable[[Services], Finding]:
    """Return the check of a part that may be missing where commands do its work."""
    alive = heartbeat(name, what, remedy)

    def check(services: Services) -> Finding:
        beats = _beats(services)
        swept_at = beats.get("sweep")
        by_hand = swept_at and services.clock() - swept_at <= SILENT_AFTER["sweep"]
        if name not in beats and by_hand:
            return Finding(name, Status.OK, f"no {what} yet; sweeps come from commands")
        return alive(services)

    return check


def _beats(services: Services) -> dict[str, datetime]:
    with services.sessions.begin() as session:
        return heartbeats.last(session)


def clocks(services: Services, machine: Callable[[], datetime] = utc_now) -> Finding:
    """Tell how far the database's clock is from this machine's."""
    with services.sessions.begin() as session:
        before = machine()
        theirs = session.scalars(select(DatabaseNow())).one()
        after = machine()
    # Somewhere between the two it answered.
    apart = max(before - theirs, theirs - after, timedelta())
    seconds = apart.total_seconds()
    detail = f"the database's and this machine's are {seconds:.1f} s apart"
    if apart > APART:
        status = Status.ERROR if apart > FAR_APART else Status.WARNING
        remedy = "let NTP set both: leases and due moments are read off them"
        return Finding("clock", status, detail, remedy)
    return Finding("clock", Status.OK, detail)


def disk(services: Services, usage: Callable[[Path], int] | None = None) -> Finding:
    """Tell how much room is left where the service writes."""
    free = usage or (lambda place: shutil.disk_usage(place).free)
    spaces = {place: free(place) for place in _places(services.settings)}
    tight = min(spaces, key=spaces.__getitem__)
    detail = f"{spaces[tight] / 2**30:,.1f} GiB are free in {tight}"
    if spaces[tight] >= LITTLE:
        return Finding("disk", Status.OK, detail)
    status = Status.ERROR if spaces[tight] < LITTLE / 10 else Status.WARNING
    return Finding("disk", status, detail, "make room, or move DIGEST_STATE_DIR")


def _places(settings: Settings) -> Iterator[Path]:
    """Yield the folders that the service writes to, each or the first above that is there."""
    named = [settings.state_dir]
    database = make_url(settings.database_url.get_secret_value())
    if database.drivername == "sqlite" and database.database:
        named.append(Path(database.database).parent)
    for folder in named:
        yield next(each for each in (folder, *folder.parents) if each.exists())


def departures(services: Services) -> Finding:
    """Tell whether departures can be written down beside the database."""
    path = services.settings.departures_file
    if path is None:
        status = Status.OK
        return Finding("departures", status, "kept in the database alone: see docs/backup.md")
    if not path.exists():
        if os.access(path.parent, os.W_OK):
            return Finding("departures", Status.OK, f"{path} begins with the first")
        trouble: str | None = f"{path.parent} cannot be written to"
    else:
        trouble = Book(path, services.keys.check).trouble()
    if trouble:
        remedy = "mend it soon: who leaves meanwhile comes back if a backup is restored"
        return Finding("departures", Status.ERROR, trouble, remedy)
    return Finding("departures", Status.OK, f"written down in {path}")

"""Departures: who left is written down beside the database too, for the day it is restored."""

import gzip
import logging
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from digest.errors import BadInput

log = logging.getLogger(__name__)

BOOK = "departures"
"""Under this name a session's `info` has the book, where there is one."""

_ENTRY = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z"
    r" (unsubscribed|complained|bounced|erased|returned|revoked(?=:))(?::(\d{1,9})\+(\d{1,9}))?"
    r" (\d{1,18}|-) ([0-9a-f]{64})"
    # What follows may be the next one, where only the end of the line was lost.
    r"(?:(?![0-9a-f])|(?=\d{4}-\d\d-\d\dT))"
)
_KEY = re.compile(r"key ([0-9a-f]{64})\n")


class Why(StrEnum):
    """What happened."""

    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    ERASED = "erased"
    RETURNED = "returned"
    """They took an unsubscribe back, or confirmed anew."""
    REVOKED = "revoked"
    """They are there still, but links that they had are void: all, or those of their feed."""


@dataclass(frozen=True, slots=True)
class Departure:
    """One line: who left, by the keyed hash of their address and, where it is known, their id."""

    at: datetime
    why: Why
    reader_id: int | None
    address_hash: str
    links: int = 0
    """Of REVOKED: how often all their links were revoked by then."""
    feeds: int = 0
    """Of REVOKED: how often the address of their private feed was replaced by then."""

    def __str__(self) -> str:
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        reader = "-" if self.reader_id is None else self.reader_id
        counts = f":{self.links}+{self.feeds}" if self.why is Why.REVOKED else ""
        return f"{at}Z {self.why}{counts} {reader} {self.address_hash}"


class Book:
    """
    The file of departures, which is only ever appended to.

    Its first line is *key*, what tells the suppression key that its hashes are made with.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key

    def append(self, departures: Sequence[Departure]) -> None:
        """
        Write *departures* down, on the disk on return.

        Raises:
            OSError: the file cannot be written.

        """
        lines = "".join(f"{departure}\n" for departure in departures).encode()
        # Opened each time: the file may be moved away at any moment, and a new one begins.
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if lines and not os.fstat(handle).st_size:
                lines = f"key {self.key}\n".encode() + lines
            # One write: lines of several processes do not mix.
            if os.write(handle, lines) < len(lines):
                raise OSError(0, "the disk is full", str(self.path))
            os.fsync(handle)
        finally:
            os.close(handle)

    def read(self) -> Iterator[Departure]:
        """
        Yield what was written down; what was moved away (`NAME.1`, `NAME-20261120.gz`) too.

        What a crash has cut short is passed over, and so is whatever else is no departure.

        Raises:
            BadInput: a file cannot be read, or only a part of it; or it is another installation's.

        """
        for path in self._files():
            try:
                with _opened(path) as lines:
                    for line in lines:
                        self._check_key(path, line)
                        # Two in a line where a crash has cut the first one short.
                        yield from _departures(line)
            except (OSError, EOFError, zlib.error) as exc:
                why = getattr(exc, "strerror", None) or "it is damaged"
                raise BadInput(
                    f"{path}: {why}. Who left is in it: mend it, or take another copy of it."
                ) from exc

    def _check_key(self, path: Path, line: str) -> None:
        key = _KEY.fullmatch(line)
        if key and key[1] != self.key:
            # Its readers have the same numbers as ours, and are others.
            raise BadInput(
                f"{path} is another installation's: it was written with another"
                " DIGEST_SUPPRESSION_KEY. Move it away, or name the right DIGEST_DEPARTURES_FILE."
            )

    def is_there(self) -> bool:
        """Tell whether anything was ever written down."""
        # One that is empty says nothing: whoever looks whether it can be written makes it.
        return any(path.stat().st_size for path in self._files())

    def _files(self) -> list[Path]:
        # Not each name that begins so: it may be another installation's, with the same ids.
        moved = re.compile(re.escape(self.path.name) + r"([.-]\d[\d.-]*)?(\.gz)?")
        there = self.path.parent.iterdir() if self.path.parent.is_dir() else []
        return sorted(path for path in there if moved.fullmatch(path.name))

    def trouble(self) -> str | None:
        """Return why nothing can be written down now, in words; None: it can."""
        try:
            self.append([])
        except OSError as exc:
            return f"{self.path}: {exc.strerror}"
        return None


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="ascii", errors="replace")
    return path.open(encoding="ascii", errors="replace")


def _departures(line: str) -> Iterator[Departure]:
    for at, why, links, feeds, reader_id, address_hash in _ENTRY.findall(line):
        with suppress(ValueError):  # no day of the calendar
            moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
            known = None if reader_id == "-" else int(reader_id)
            counts = (int(links or 0), int(feeds or 0))
            yield Departure(moment, Why(why), known, address_hash, *counts)


def kept_in(path: Path | None, key: str) -> dict[str, Any]:
    """Return what the `info` of sessions must hold so that departures are noted at *path*."""
    return {BOOK: Book(path, key)} if path else {}


def note(info: dict[Any, Any], *departures: Departure) -> None:
    """
    Note *departures* in the book that a session's *info* names, if any, before they are committed.

    In that order a crash between the two makes somebody leave who wished to; in the other it
    would lose a departure.
    """
    book = info.get(BOOK)
    if book is None or not departures:
        return
    try:
        book.append(departures)
    except OSError as exc:
        # The wish to leave counts more than its copy: the database has it.
        log.error("departures cannot be written down: %s", exc.strerror)  # noqa: TRY400

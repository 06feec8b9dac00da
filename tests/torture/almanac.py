"""A clock that all processes of a run share, and that goes as fast as its owner turns it."""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

_SECONDS = struct.Struct("=d")


class Almanac:
    """The run's time of day, kept in a file; days pass in it while seconds pass outside."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), _SECONDS.size)

    @classmethod
    def begun(cls, path: Path, at: datetime) -> Self:
        path.write_bytes(_SECONDS.pack(at.timestamp()))
        return cls(path)

    def __call__(self) -> datetime:
        [seconds] = _SECONDS.unpack(self._page[:])
        return datetime.fromtimestamp(seconds, UTC)

    def turn(self, by: timedelta) -> None:
        self._page[:] = _SECONDS.pack(self().timestamp() + by.total_seconds())

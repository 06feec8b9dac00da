"""The post office's record, as others read it while it grows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """A request for SendEmail: whose it was, when it began, and what became of it."""

    begun: float
    """Seconds on the machine's monotonic clock."""
    accepted: bool
    delivery: int
    kind: str
    to: str
    day: str | None
    """The local date that a digest shows, as in 03-06."""
    message_id: str | None
    trouble: str


class Record:
    """One reader's place in the record."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0

    def news(self) -> Iterator[Request]:
        """Yield what was written since the last time."""
        with self._path.open("rb") as file:
            file.seek(self._place)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._place += len(line)
                yield Request(**json.loads(line))

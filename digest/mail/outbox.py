"""A folder that keeps mails instead of sending them, for development, demonstrations and tests."""

import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from digest.clock import Clock
from digest.mail.message import Letterhead, Mail, as_bytes
from digest.mail.transport import Accepted, Allowance, NotSent, Outcome, Reaction, why


class Outbox:
    """Writes each mail to `<moment>-<delivery id>.eml`, so that names sort by time."""

    def __init__(self, folder: Path, letterhead: Letterhead, clock: Clock) -> None:
        self._folder = folder
        self._letterhead = letterhead
        self._clock = clock

    def send(self, mail: Mail) -> Outcome:
        now = self._clock()
        raw = as_bytes(mail, self._letterhead, now)
        try:
            path = self._free_path(now, mail.delivery_id)
            _write_whole(path, raw)
        except OSError as exc:
            return NotSent(why(exc), kind=Reaction.LATER)
        return Accepted(path.name)

    def allowance(self) -> Allowance:
        return Allowance()

    def close(self) -> None:
        pass

    def _free_path(self, now: datetime, delivery_id: int) -> Path:
        # The same delivery sent twice must show as two mails: overwriting would hide the fault.
        self._folder.mkdir(parents=True, exist_ok=True)
        stem = f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{delivery_id}"
        names = (f"{stem}{f'-{n}' if n > 1 else ''}.eml" for n in count(1))
        return next(path for path in map(self._folder.joinpath, names) if not path.exists())


def _write_whole(path: Path, raw: bytes) -> None:
    # Whoever lists the folder, or comes back after a power cut, finds whole mails only.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)

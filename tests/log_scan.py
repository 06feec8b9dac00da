"""
Row 40: no address and no token in any log, in the whole suite.

Every record is looked at as it is made, whatever becomes of it then: as the service would write it,
with its traceback. Processes that a test starts log into files in its folder, which are read at the
end. Not looked at is what PostgreSQL itself logs, which is its operator's to keep.
"""

import copy
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from digest import logs

# No star: Celery writes a broker's password as **, and its host after it.
ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:/=*]+@[\w-]+(?:\.[\w-]+)+")
TOKEN = re.compile(
    r"[\w-]{6,}\.[\w-]{5,8}\.[\w-]{27,}|(?<!\d)\d{1,18}-[a-z2-7]{26}(?![a-z2-7])"
    r"|Wz[\w-]{4,}\.[\w-]{43}(?![\w-])"
)
"""A signed link's, the code by which one leaves by mail, and a private feed's."""

OURS = ("digest", "workers")


def secrets_in(text: str) -> list[str]:
    """Return the addresses and the tokens that *text* gives away."""
    return [found[0] for pattern in (ADDRESS, TOKEN) for found in pattern.finditer(text)]


def given_away_in(folder: Path) -> list[str]:
    """Return what is given away by the logs of the processes that tests started below *folder*."""
    return [
        f"{path.relative_to(folder)}: {secret}"
        for path in folder.rglob("*.log")
        for secret in secrets_in(path.read_text(errors="replace"))
    ]


class LogScan:
    """All that was given away by the log since it was last asked."""

    def __init__(self) -> None:
        self._form = logging.Formatter(logs.FORMAT)
        self._make = logging.getLogRecordFactory()
        self._found: list[str] = []

    def record(self, *parts: Any, **more: Any) -> logging.LogRecord:
        made = self._make(*parts, **more)
        # A copy: formatting leaves the traceback in the record for the next who formats it.
        line = self._form.format(copy.copy(made))
        if found := secrets_in(line):
            self._found.append(f"{made.pathname}:{made.lineno} logged {found}: {line}")
        return made

    def take(self) -> list[str]:
        taken, self._found = self._found, []
        return taken


@contextmanager
def scanning() -> Iterator[LogScan]:
    """Look at every record from here on; what is only of use to developers too."""
    scan = LogScan()
    loggers = [logging.getLogger(name) for name in OURS]
    before = [logger.level for logger in loggers]
    logging.setLogRecordFactory(scan.record)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield scan
    finally:
        logging.setLogRecordFactory(scan._make)
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)

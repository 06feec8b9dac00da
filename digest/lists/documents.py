"""Lists of readers as files: our own CSV, listmonk's export, and what Mailman prints."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from stat import S_ISREG

from digest.errors import BadDocument, BadInput
from digest.lists.columns import COLUMNS, NOTES, as_said
from digest.lists.records import Lines, Record, mailboxes, records, row

_LISTMONK = ("uuid", "email", "name", "attributes", "status", "created_at", "updated_at")
_NAMES = {"address": "email", "e-mail": "email", "email address": "email"}


class Format(StrEnum):
    """Who wrote a list."""

    DAYBREAK = "daybreak"
    LISTMONK = "listmonk"
    MAILMAN = "mailman"


@dataclass(frozen=True)
class Document:
    """A list that was opened, and what its head says."""

    format: Format
    header: Sequence[str]
    """Its columns in our words; of a list of mailboxes, one."""
    records: Iterator[Record]
    text: TextIOWrapper

    @property
    def size(self) -> int | None:
        """Its bytes; None where nobody can know, as of a pipe."""
        known = os.fstat(self.text.fileno())
        return known.st_size if S_ISREG(known.st_mode) else None

    @property
    def read(self) -> int:
        """How many bytes were read; only a file can tell."""
        return os.lseek(self.text.fileno(), 0, os.SEEK_CUR)

    @property
    def unknown(self) -> list[str]:
        """Columns that mean nothing here."""
        known = _LISTMONK if self.format is Format.LISTMONK else (*COLUMNS, *NOTES)
        return [name for name in self.header if name not in known]

    def cells(self, record: Record) -> Mapping[str, str]:
        """
        Return what *record* says: column -> cell.

        Raises:
            BadInput: it cannot be taken apart.

        """
        if record.wrong:
            raise BadInput(record.wrong)
        row = record.row
        # Told by their first character: to look closer at each cell of a million lines takes long.
        if self.format is Format.DAYBREAK and any(cell[:1] == "'" for cell in row):
            row = list(map(as_said, row))
        return dict(zip(self.header, row, strict=True))


@contextmanager
def opened(path: Path, wanted: Format | None = None) -> Iterator[Document]:
    """
    Open the list at *path*, which is in the format *wanted*, or in the one that its head tells.

    Raises:
        BadInput: it cannot be read.
        BadDocument: it is no such list.

    """
    try:
        # Whatever does not decode is told by the number of its line, and does not end the reading.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            yield _document(path, text, wanted)
    except OSError as exc:
        if str(exc.filename) != str(path):
            raise
        raise BadInput(f"{path}: cannot be read: {exc.strerror}.") from exc


def _document(path: Path, text: TextIOWrapper, wanted: Format | None) -> Document:
    lines = Lines(text)
    first = next((line for line in lines if not line.text.isspace()), None)
    if first is None:
        raise BadDocument(f"{path}: it is empty.")
    delimiter = max(",;\t", key=first.text.count)
    header = [_NAMES.get(name, name) for name in _header(first.text, delimiter)]
    found = wanted or _told(path, header, first.text)
    if found is Format.MAILMAN and "email" not in header:
        lines.put_back([first])
        return Document(found, ("email",), mailboxes(lines), text)
    _check(path, found, header)
    return Document(found, header, records(lines, delimiter, len(header)), text)


def _header(text: str, delimiter: str) -> list[str]:
    try:
        return [name.strip().lower() for name in row(text, delimiter)]
    except csv.Error:
        return [text]


def _told(path: Path, header: Sequence[str], text: str) -> Format:
    if {"uuid", "email", "status"} <= set(header):
        return Format.LISTMONK
    if "email" in header:
        return Format.DAYBREAK
    if "@" in text:
        return Format.MAILMAN
    raise BadDocument(
        f"{path}: its first line names no column 'email', and holds no address. It should be UTF-8"
        f" text that begins with a line such as {','.join(COLUMNS[:8])}"
    )


def _check(path: Path, found: Format, header: Sequence[str]) -> None:
    wanted = ("email", "status") if found is Format.LISTMONK else ("email",)
    for name in wanted:
        if name not in header:
            raise BadDocument(f"{path}: its first line names no column '{name}'.")
    for name in COLUMNS:
        if header.count(name) > 1:
            raise BadDocument(f"{path}: its first line names the column '{name}' twice.")

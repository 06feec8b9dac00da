"""The archive: a zip file with a manifest and, for each table, a row a line."""

import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self

from digest.backup.tables import Kind, Plain, Table, Tally, line
from digest.errors import BadInput

FORMAT = 1
MANIFEST = "manifest.json"
KEYS = "keys.env"
DAMAGE = (ValueError, EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What `zipfile` raises of a file that was cut, changed or encrypted: it checks little itself."""

LEVEL = 3
"""Of 9: the next ones take twice as long for a tenth less."""


@dataclass(frozen=True)
class Contents:
    """What an archive holds of one table."""

    table: Table
    rows: int
    checksum: str
    last_id: int
    """The largest id that was ever given out."""


@dataclass(frozen=True)
class Manifest:
    """What an archive is, and what is needed to use it."""

    made_at: datetime
    revision: str
    program: str
    database: str
    suppression_key: str
    """What tells the key that the hashes are made with from others; not the key."""
    secret_keys: tuple[str, ...]
    """What tells the keys that links were signed with from others."""
    contents: tuple[Contents, ...] = ()

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.contents)

    def to_json(self) -> str:
        told = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        told["needs"] = ["DIGEST_SUPPRESSION_KEY", "DIGEST_SECRET_KEYS"]
        return json.dumps(told, indent=1)

    @classmethod
    def of_json(cls, text: str | bytes) -> Self:
        """
        Return the manifest that *text* holds.

        Raises:
            KeyError, TypeError, ValueError: it holds none.

        """
        told: dict[str, Any] = json.loads(text)
        if told.pop("format") != FORMAT:
            raise BadInput("The backup is of a newer version of the program: install that version.")
        told.pop("needs")
        told["made_at"] = datetime.fromisoformat(told["made_at"])
        told["secret_keys"] = tuple(told["secret_keys"])
        told["contents"] = tuple(_contents(each) for each in told["contents"])
        return cls(**told)


def _contents(told: dict[str, Any]) -> Contents:
    columns = tuple((str(name), Kind(kind)) for name, kind in told["table"]["columns"])
    return Contents(**{**told, "table": Table(told["table"]["name"], columns)})


@dataclass
class Writer:
    """An archive that is being written."""

    _zip: zipfile.ZipFile
    contents: list[Contents] = field(default_factory=list)

    def add(self, table: Table, rows: Iterable[Plain], last_id: int) -> None:
        tally = Tally()
        with self._zip.open(_entry(f"{table.name}.jsonl"), "w", force_zip64=True) as file:
            for row in rows:
                written = line(row)
                tally.add(written)
                file.write(written)
        self.contents.append(Contents(table, tally.rows, tally.checksum, last_id))

    def close(self, manifest: Manifest, keys: str | None) -> None:
        self._zip.writestr(_entry(MANIFEST), manifest.to_json())
        if keys is not None:
            self._zip.writestr(_entry(KEYS), keys)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """
    Yield a writer of a new archive, which is at *path*, readable by its owner alone, or not at all.

    Raises:
        BadInput: it is damaged already when it is read back.

    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", compresslevel=LEVEL) as archive:
                yield Writer(archive)
            file.flush()
            os.fsync(file.fileno())
        with opened(draft) as reading:
            reading.check()
        if path.exists():
            raise FileExistsError
        draft.rename(path)
        _keep_name(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """Let *folder* remember its new name after a crash, too."""
    handle = os.open(folder, os.O_RDONLY)
    with suppress(OSError):
        os.fsync(handle)
    os.close(handle)


class Reader:
    """An archive that is being read."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest, name: str) -> None:
        self._zip, self.manifest, self._name = archive, manifest, name

    @property
    def keys(self) -> str | None:
        """The keys as lines of an environment file, where the archive has them."""
        if KEYS not in self._zip.namelist():
            return None
        return self._zip.read(KEYS).decode()

    def rows(self, contents: Contents) -> Iterator[Plain]:
        """
        Yield the rows of a table.

        Raises:
            BadInput: they are damaged; known only when all of them were read.

        """
        tally = Tally()
        try:
            with self._zip.open(f"{contents.table.name}.jsonl") as file:
                for text in file:
                    tally.add(text)
                    yield json.loads(text)
        except (KeyError, *DAMAGE) as exc:
            raise self._damaged(contents) from exc
        if (tally.rows, tally.checksum) != (contents.rows, contents.checksum):
            raise self._damaged(contents)

    def check(self) -> None:
        """
        Read everything.

        Raises:
            BadInput: something is damaged.

        """
        for contents in self.manifest.contents:
            for _ in self.rows(contents):
                pass

    def _damaged(self, contents: Contents) -> BadInput:
        table = contents.table.name
        return BadInput(f"{self._name} is damaged in table {table}; take another backup.")


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """
    Yield the archive at *path*.

    Raises:
        BadInput: it is none, or damaged.

    """
    try:
        file: IO[bytes] = path.open("rb")
    except OSError as exc:
        raise BadInput(f"{path}: {exc.strerror}.") from exc
    with file:
        try:
            archive = zipfile.ZipFile(file)
            manifest = Manifest.of_json(archive.read(MANIFEST))
        except (AttributeError, KeyError, TypeError, *DAMAGE) as exc:
            raise BadInput(f"{path} is no backup of `digest backup`, or damaged.") from exc
        with archive:
            yield Reader(archive, manifest, str(path))

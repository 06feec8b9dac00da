"""Saving: the whole database in one file, and the words for which keys go with it."""

import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from digest.backup import archive
from digest.backup.archive import Manifest
from digest.backup.reading import Snapshot, snapshot
from digest.backup.tables import Plain, all_tables
from digest.errors import BadInput
from digest.keys import Keys

Watch = Callable[[int], None]
"""Told how many more rows are done."""

NAME = "daybreak-%Y-%m-%dT%H%M%SZ.zip"
_NAMED = re.compile(r"daybreak-\d{4}-\d\d-\d\dT\d{6}Z\.zip")

TOLD_EVERY = 500


def nobody(_count: int) -> None:
    """Watch nothing."""


def watched(rows: Iterable[Plain], watch: Watch) -> Iterator[Plain]:
    """Yield *rows*, and tell *watch* of them."""
    done = 0
    for done, row in enumerate(rows, 1):
        yield row
        if done % TOLD_EVERY == 0:
            watch(TOLD_EVERY)
    watch(done % TOLD_EVERY)


def count(url: str) -> int:
    """Return how many rows a backup of the database at *url* has."""
    with snapshot(url) as seen:
        return sum(seen.count(table) for table in all_tables())


def save(
    url: str, place: Path, keys: Keys, *, with_keys: bool = False, watch: Watch = nobody
) -> tuple[Path, Manifest]:
    """
    Write all that the database at *url* holds at this moment into the file, or folder, *place*.

    Only its owner can read the file; it was read back before it got its name.

    Raises:
        BadInput: there is a file of that name, or it cannot be written.

    """
    try:
        with snapshot(url) as seen:
            path = _path(place, seen.made_at)
            with archive.written(path) as writer:
                for table in all_tables():
                    last_id = seen.last_id(table) if table.numbered else 0
                    writer.add(table, watched(seen.rows(table), watch), last_id)
                manifest = replace(_described(seen, url, keys), contents=tuple(writer.contents))
                writer.close(manifest, _as_settings(keys) if with_keys else None)
    except FileExistsError as exc:
        raise _there_already(place) from exc
    except OSError as exc:
        raise BadInput(f"{place}: {exc.strerror}; name a folder that can be written to.") from exc
    return path, manifest


def _path(place: Path, made_at: datetime) -> Path:
    if place.is_dir():
        return place / made_at.astimezone(UTC).strftime(NAME)
    if place.exists():
        raise _there_already(place)
    return place


def _there_already(place: Path) -> BadInput:
    return BadInput(f"{place} is there already, and is left as it is; name another file.")


def _described(seen: Snapshot, url: str, keys: Keys) -> Manifest:
    program = "unknown"
    with suppress(PackageNotFoundError):
        program = version("daybreak-digest")
    return Manifest(
        made_at=seen.made_at,
        revision=seen.revision or "",
        program=program,
        database=url.partition(":")[0].partition("+")[0],
        # What the database was made with, should the settings have another one by mistake.
        suppression_key=seen.key_check() or keys.check,
        secret_keys=tuple(map(told_by, keys.signing)),
    )


def told_by(key: str) -> str:
    """Return what tells a signing *key* from others, and nothing else about it."""
    return hmac.digest(key.encode(), b"backup", "sha256").hex()[:16]


def _as_settings(keys: Keys) -> str:
    return (
        f"DIGEST_SECRET_KEYS={','.join(keys.signing)}\nDIGEST_SUPPRESSION_KEY={keys.suppression}\n"
    )


def rotate(folder: Path, keep: int, *, made: Path | None = None) -> list[Path]:
    """Remove all but the *keep* newest backups in *folder* and *made*; return those that went."""
    named = sorted(path for path in folder.iterdir() if _NAMED.fullmatch(path.name))
    # A name may be of a time to come, from a clock that was wrong: what was just made is newer.
    old = [path for path in named[:-keep] if path != made]
    for path in old:
        path.unlink()
    return old

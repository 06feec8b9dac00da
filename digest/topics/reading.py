"""Reading: papers to learn from, out of files; what a file holds is told by its fields."""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np

from digest.errors import BadDocument, BadInput
from digest.sources import huggingface, text
from digest.sources.entry import Entry
from digest.topics.examples import Example, todays

_GZIP = b"\x1f\x8b"
_TO_CLEAN = re.compile(r"[\\$&<\x00-\x1f]")
Row = Mapping[str, object]


def read(path: Path, tick: Callable[[int], object] = lambda _: None) -> list[Example]:
    """
    Return the papers in *path*, gzipped or not.

    They are lines of JSON, labelled with arXiv categories or listed by Hugging Face on a day, or
    an answer of Hugging Face's API. *tick* is told how many papers were read.

    Raises:
        BadInput: the file cannot be read, or holds something else; the message says where.

    """
    try:
        with path.open("rb") as opened:
            packed = opened.read(2) == _GZIP
        with gzip.open(path, "rb") if packed else path.open("rb") as lines:
            found = list(_examples(path, lines, tick))
    except (EOFError, zlib.error) as exc:
        raise BadInput(f"{path}: its gzip is damaged or cut short.") from exc
    except OSError as exc:
        raise BadInput(f"{path}: cannot be read: {exc.strerror or exc}.") from exc
    if not found:
        raise BadInput(f"{path}: holds no papers.")
    return found


def paper(line: bytes) -> tuple[str, str, str]:
    """
    Return id, title and abstract of a line of JSON, in plain text.

    Raises:
        BadDocument: it is no such line; the message says what is wrong.

    """
    row = _row(line)
    identifier = row.get("id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    title, abstract = row.get("title"), row.get("abstract")
    for name, value in (("id", identifier), ("title", title)):
        if not isinstance(value, str) or not value.strip():
            raise BadDocument(f'no "{name}"')
    if not isinstance(abstract, str | None):
        raise BadDocument('its "abstract" is no text')
    name = str(identifier).encode(errors="replace").decode()
    return name, plain(str(title), text.TITLE), plain(abstract or "", text.ABSTRACT)


def plain(words: str, limit: int) -> str:
    """Return *words* as papers are kept: without markup and LaTeX."""
    # Cleaning takes as long as classifying, and most texts are plain already.
    return text.clean(words, limit) if _TO_CLEAN.search(words) else words[:limit]


def _examples(
    path: Path, lines: Iterator[bytes], tick: Callable[[int], object]
) -> Iterator[Example]:
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped:
            continue
        if number == 1 and stripped.startswith(b"["):
            yield from _listed(path, line + b"".join(lines))
            return
        try:
            yield example(stripped)
        except BadDocument as exc:
            raise BadInput(f"{path}, line {number}: {exc}.") from exc
        tick(1)


def _listed(path: Path, body: bytes) -> Iterator[Example]:
    try:
        document = huggingface.parse(body)
    except BadDocument as exc:
        raise BadInput(f"{path}: {exc}.") from exc
    for entry in document.entries:
        yield of_entry(entry)


def of_entry(entry: Entry) -> Example:
    """Return what a source's entry teaches."""
    return Example(
        id=entry.external_id,
        title=entry.title,
        abstract=entry.abstract,
        day=np.datetime64(entry.published_at.date()) if entry.published_at else None,
        categories=todays(entry.categories),
        keywords=entry.keywords,
    )


def example(line: bytes) -> Example:
    """
    Return what one line of JSON teaches.

    Raises:
        BadDocument: it is no such line; the message says what is wrong.

    """
    identifier, title, abstract = paper(line)
    row = _row(line)
    primary = _texts(row, "primary_category") or _texts(row, "arxiv_primary_category")
    categories = _texts(row, "categories") or _texts(row, "arxiv_categories")
    return Example(
        id=identifier,
        title=title,
        abstract=abstract,
        day=_day(row),
        categories=todays([*primary, *categories]),
        keywords=_texts(row, "ai_keywords"),
    )


def _row(line: bytes) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise BadDocument("no JSON") from exc
    if not isinstance(row, dict):
        raise BadDocument("no JSON object")
    return row


def _day(row: Row) -> np.datetime64 | None:
    for name in ("day", "date", "published_at"):
        value = row.get(name)
        if isinstance(value, str) and value:
            try:
                # Not numpy's own reading: to that "today" is a date, and so is "NaT".
                return np.datetime64(date.fromisoformat(value[:10]), "D")
            except ValueError as exc:
                raise BadDocument(f'its "{name}" is no date') from exc
    return None


def _texts(row: Row, name: str) -> tuple[str, ...]:
    value = row.get(name)
    if isinstance(value, str):
        value = value.split()
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()

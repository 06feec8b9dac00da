"""Records: the lines of a list, taken apart, each with its number."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import NamedTuple

from digest.mailboxes import split

LONGEST = 20_000
"""Characters: what is longer has a quote that is opened and never closed."""
MOST_LINES = 1_000


class Record(NamedTuple):
    """What one line holds, or why it cannot be taken apart."""

    line: int
    row: Sequence[str]
    wrong: str | None = None


class Line(NamedTuple):
    number: int
    text: str


class Lines(Iterator[Line]):
    """The lines of a text, by number, some of which may be put back to be read again."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = enumerate(text, start=1)
        self._again: deque[Line] = deque()

    def __next__(self) -> Line:
        return self._again.popleft() if self._again else Line(*next(self._text))

    def put_back(self, lines: Sequence[Line]) -> None:
        self._again.extendleft(reversed(lines))


def records(lines: Lines, delimiter: str, width: int) -> Iterator[Record]:
    for line in lines:
        if line.text.isspace():
            continue
        if not _in_utf8(line.text):
            yield Record(line.number, [_shown(line.text)], "it is not in UTF-8")
            continue
        try:
            cells = _long(lines, line, delimiter)
        except csv.Error as exc:
            yield Record(line.number, [line.text.rstrip("\r\n")], f"its quotes are odd: {exc}")
            continue
        wrong = None
        if len(cells) != width:
            wrong = f"it has {len(cells)} cells where the first line has {width}"
        if any(cells):
            yield Record(line.number, cells, wrong)


def mailboxes(lines: Lines) -> Iterator[Record]:
    for line in lines:
        text = line.text.strip()
        if not text:
            continue
        if not _in_utf8(text):
            yield Record(line.number, [_shown(text)], "it is not in UTF-8")
            continue
        try:
            yield Record(line.number, [split(text)[1]])
        except ValueError as exc:
            yield Record(line.number, [text], str(exc))


def _in_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    return text.rstrip("\r\n").encode(errors="surrogateescape").decode(errors="replace")


def row(text: str, delimiter: str) -> list[str]:
    """Return the cells of one record."""
    if '"' not in text:
        return text.rstrip("\r\n").split(delimiter)
    return next(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))


def _long(lines: Lines, first: Line, delimiter: str) -> list[str]:
    """
    Return the cells of the record that begins with the line *first*, and may end in a later one.

    Raises:
        csv.Error: it does not end; its other lines are read again, as records of their own.

    """
    taken: list[Line] = []
    text = first.text
    while True:
        try:
            return row(text, delimiter)
        except csv.Error as exc:
            more = _to_the_next_quote(lines) if len(text) < LONGEST else []
            taken += more
            readable = all(_in_utf8(line.text) for line in more)
            if not more or not readable:
                lines.put_back(taken)
                why = str(exc) if readable else "they hold a line that is not in UTF-8"
                raise csv.Error(why) from exc
            text += "".join(line.text for line in more)


def _to_the_next_quote(lines: Lines) -> list[Line]:
    taken = []
    for line in lines:
        taken.append(line)
        if '"' in line.text or len(taken) == MOST_LINES:
            break
    return taken

"""Tables as backups hold them: names, kinds of values, and rows as lines of JSON."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from digest.models import Base, UtcDateTime

Plain = list[Any]
"""A row as JSON can hold it, the same whichever database it is from."""

SEPARATORS = (",", ":")

AT_A_TIME, LARGE_AT_A_TIME = 2000, 5
"""Rows that are held in memory; an edition may have megabytes."""


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    MOMENT = "moment"
    DATE = "date"
    JSON = "json"
    BYTES = "bytes"


_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (UtcDateTime, Kind.MOMENT),
    (sa.JSON, Kind.JSON),
    (sa.LargeBinary, Kind.BYTES),
    (sa.Boolean, Kind.BOOL),
    (sa.Integer, Kind.INT),
    (sa.Float, Kind.FLOAT),
    (sa.Date, Kind.DATE),
    (sa.String, Kind.TEXT),  # and Enum, which is one
)

# Enums are plain text here, for a backup may be older than the members that are known now; and
# JSON is the text that the database holds, so that nothing is lost by reading it.
_TYPES: dict[Kind, sa.types.TypeEngine[Any]] = {
    Kind.TEXT: sa.Text(),
    Kind.INT: sa.BigInteger(),
    Kind.FLOAT: sa.Double(),
    Kind.BOOL: sa.Boolean(),
    Kind.MOMENT: UtcDateTime(),
    Kind.DATE: sa.Date(),
    Kind.JSON: sa.Text(),
    Kind.BYTES: sa.LargeBinary(),
}

_TO_PLAIN: dict[Kind, Callable[[Any], Any]] = {
    Kind.MOMENT: lambda value: value.isoformat(timespec="microseconds"),
    Kind.DATE: lambda value: value.isoformat(),
    Kind.BYTES: lambda value: base64.b64encode(value).decode(),
}
_FROM_PLAIN: dict[Kind, Callable[[Any], Any]] = {
    Kind.MOMENT: datetime.fromisoformat,
    Kind.DATE: date.fromisoformat,
    Kind.BYTES: base64.b64decode,
}


@dataclass(frozen=True)
class Table:
    """A table's name and its columns, in the order in which rows have their values."""

    name: str
    columns: tuple[tuple[str, Kind], ...]

    @property
    def numbered(self) -> bool:
        """Whether its rows are numbered by the database."""
        return ("id", Kind.INT) in self.columns

    @property
    def at_a_time(self) -> int:
        """How many of its rows are held in memory."""
        large = any(kind is Kind.BYTES for _, kind in self.columns)
        return LARGE_AT_A_TIME if large else AT_A_TIME

    def selected(self) -> sa.Select[Any]:
        """Return the statement that reads all its rows, in no order."""
        table = self.table()
        return sa.select(
            *(
                sa.cast(table.c[name], sa.Text) if kind is Kind.JSON else table.c[name]
                for name, kind in self.columns
            )
        )

    def table(self) -> sa.TableClause:
        return sa.table(self.name, *(sa.column(name, _TYPES[kind]) for name, kind in self.columns))

    def plain(self, rows: Iterable[Sequence[Any]]) -> Iterator[Plain]:
        """Yield *rows* of a database as JSON can hold them."""
        return _changed(rows, [_TO_PLAIN.get(kind) for _, kind in self.columns])

    def values(self, rows: Iterable[Plain]) -> Iterator[Plain]:
        """Yield plain *rows* as a database takes them."""
        return _changed(rows, [_FROM_PLAIN.get(kind) for _, kind in self.columns])


def _changed(
    rows: Iterable[Sequence[Any]], changes: Sequence[Callable[[Any], Any] | None]
) -> Iterator[Plain]:
    changing = [(place, change) for place, change in enumerate(changes) if change]
    for row in rows:
        changed = list(row)
        for place, change in changing:
            if changed[place] is not None:
                changed[place] = change(changed[place])
        yield changed


def line(row: Plain) -> bytes:
    """Return a plain *row* as one line."""
    return json.dumps(row, separators=SEPARATORS).encode() + b"\n"


class Tally:
    """The rows of a table, counted and summed up: equal for equal rows, whatever their order."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        self.rows += 1
        self._sum += int.from_bytes(hashlib.sha256(line).digest())

    @property
    def checksum(self) -> str:
        """Of 256 bits, as hex."""
        return f"{self._sum % 2**256:064x}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and (self.rows, self.checksum) == (
            other.rows,
            other.checksum,
        )

    __hash__ = None  # type: ignore[assignment]  # it changes


def tallied(rows: Iterable[Plain], tally: Tally) -> Iterator[Plain]:
    """Yield *rows*, counting them into *tally*."""
    for row in rows:
        tally.add(line(row))
        yield row


def tally_of(rows: Iterable[Plain]) -> Tally:
    tally = Tally()
    for row in rows:
        tally.add(line(row))
    return tally


def all_tables() -> list[Table]:
    """Return every table of the models, those that others point at first."""
    return [_described(table) for table in Base.metadata.sorted_tables]


def _described(table: sa.Table) -> Table:
    return Table(table.name, tuple((column.name, _kind(column.type)) for column in table.columns))


def _kind(type_: sa.types.TypeEngine[Any]) -> Kind:
    for known, kind in _KINDS:
        if isinstance(type_, known):
            return kind
    raise TypeError(f"backups do not know how to keep {type_!r}")

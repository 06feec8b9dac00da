"""Writing a whole database, all of it or nothing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from digest import migrations
from digest.backup.reading import last_id, rows_of
from digest.backup.tables import Plain, Table, Tally, tally_of
from digest.database import connect
from digest.errors import BadInput
from digest.models import Base

_FORGET_COUNT = "DELETE FROM sqlite_sequence WHERE name = :name"
# Only tables that never give out an id again have a row of their own there.
_COUNT_ON = """
INSERT INTO sqlite_sequence (name, seq) SELECT name, :last FROM sqlite_master
WHERE type = 'table' AND name = :name AND sql LIKE '%AUTOINCREMENT%'
"""

_PASSWORD = re.compile(r"//[^@/]*@")


class Filling:
    """One transaction that fills an empty database."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def fill(self, table: Table, rows: Iterable[Plain]) -> None:
        """
        Write *rows* into *table*.

        Raises:
            BadInput: this database cannot hold one of them.

        """
        try:
            if self.connection.dialect.name == "postgresql":
                self._copy(table, rows)
            else:
                self._insert(table, rows)
        except (psycopg.Error, DBAPIError) as exc:
            raise BadInput(f"Table {table.name}: {_reason(exc)}. Nothing was written.") from exc

    def _copy(self, table: Table, rows: Iterable[Plain]) -> None:
        names = ", ".join(f'"{name}"' for name, _ in table.columns)
        connection = self.connection.connection.driver_connection
        assert isinstance(connection, psycopg.Connection)  # noqa: S101  it is no other database
        with (
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN'.encode()) as copy,
        ):
            for row in table.values(rows):
                copy.write_row(row)

    def _insert(self, table: Table, rows: Iterable[Plain]) -> None:
        statement = sa.insert(table.table())
        names = [name for name, _ in table.columns]
        values = table.values(rows)
        most = table.at_a_time
        while some := [dict(zip(names, row, strict=True)) for row in islice(values, most)]:
            self.connection.execute(statement, some)

    def tally(self, table: Table) -> Tally:
        """Return what is in *table* now."""
        return tally_of(rows_of(self.connection, table))

    def count_on_from(self, table: Table, last: int) -> None:
        """Let *table* give out only ids above *last*."""
        if last < 1:
            return
        if self.connection.dialect.name == "postgresql":
            statement = "SELECT setval(pg_get_serial_sequence(quote_ident(:name), 'id'), :last)"
            self.connection.execute(sa.text(statement), {"name": table.name, "last": last})
            return
        given = {"name": table.name, "last": last}
        for statement in (_FORGET_COUNT, _COUNT_ON):
            self.connection.execute(sa.text(statement), given)

    def last_id(self, table: Table) -> int:
        return last_id(self.connection, table)


def _reason(exc: Exception) -> str:
    # Its first line: what follows quotes the row, address and all.
    said = exc.orig if isinstance(exc, DBAPIError) else exc
    return (str(said).strip().partition("\n")[0] or type(said).__name__).rstrip(".")


@contextmanager
def filling(url: str, tables: Sequence[Table]) -> Iterator[Filling]:
    """
    Yield the empty database at *url* to be filled; an error leaves it empty.

    Raises:
        BadInput: rows point at others that are not there.

    """
    engine = connect(url, for_migrations=True)
    try:
        with engine.begin() as connection:
            _check_empty(connection, tables, url)
            yield Filling(connection)
            if engine.dialect.name == "sqlite":
                # Foreign keys are off while it is filled, which is faster.
                broken = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
                if broken:
                    raise BadInput(f"Rows of table {broken[0]} point at nothing; nothing is kept.")
    finally:
        engine.dispose()


def check_empty(url: str) -> None:
    """
    Check that the database at *url* can be reached and holds no row of ours.

    Raises:
        BadInput: it cannot, or does.

    """
    engine = connect(url, for_migrations=True)
    try:
        with engine.connect() as connection:
            _check_empty(connection, [], url)
    except DBAPIError as exc:
        raise BadInput(f"{shown(url)} cannot be used: {_reason(exc)}.") from exc
    finally:
        engine.dispose()


def _check_empty(connection: sa.Connection, tables: Sequence[Table], url: str) -> None:
    there = set(sa.inspect(connection).get_table_names())
    ours = {table.name for table in tables} | set(Base.metadata.tables)
    for name in sorted(there & ours):
        if connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name))).first():
            raise BadInput(
                f"{shown(url)} is not empty: table {name} has rows. Name an empty database; what"
                " is in this one is left as it is."
            )


def make_tables(url: str, revision: str) -> None:
    """
    Make the tables of *revision* in the empty database at *url*.

    Raises:
        BadInput: this version does not know *revision*, or the database has other tables.

    """
    check_empty(url)
    if not migrations.knows(revision):
        raise BadInput(
            f"The tables are of a newer version of the program ({revision}): install that version."
        )
    found = migrations.revision(url)
    if found not in (None, revision):
        raise BadInput(
            f"{shown(url)} has tables of another version ({found}, not {revision}); name a"
            " database without tables."
        )
    migrations.migrate(url, to=revision)


def shown(url: str) -> str:
    """Return *url* without its password."""
    return _PASSWORD.sub("//", url).replace("+psycopg", "")

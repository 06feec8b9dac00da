"""Reading a whole database as it is at one moment, while others write to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from digest.backup.tables import Plain, Table
from digest.database import PATIENCE, DatabaseNow
from digest.models import KeyCheck


class Snapshot:
    """A database as it was at one moment."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.made_at: datetime = connection.scalars(sa.select(DatabaseNow())).one()
        """By its own clock."""
        self.revision = MigrationContext.configure(connection).get_current_revision()

    def count(self, table: Table) -> int:
        return self._connection.scalars(sa.select(sa.func.count()).select_from(table.table())).one()

    def rows(self, table: Table) -> Iterator[Plain]:
        return rows_of(self._connection, table)

    def last_id(self, table: Table) -> int:
        """Return the largest id that *table* ever gave out, though its row may be gone."""
        return last_id(self._connection, table)

    def key_check(self) -> str | None:
        """Return what was noted of the suppression key that its hashes are made with."""
        return self._connection.scalar(sa.select(KeyCheck.value))


def rows_of(connection: sa.Connection, table: Table) -> Iterator[Plain]:
    """Yield all rows of *table*, a few in memory at a time."""
    few = {"yield_per": table.at_a_time}
    streamed = connection.execute(table.selected(), execution_options=few)
    return table.plain(streamed)


def last_id(connection: sa.Connection, table: Table) -> int:
    """Return the largest id that *table* ever gave out, though its row may be gone."""
    largest = connection.scalar(sa.select(sa.func.max(table.table().c.id))) or 0
    return max(largest, _counter(connection, table))


def _counter(connection: sa.Connection, table: Table) -> int:
    if connection.dialect.name == "sqlite":
        found = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return connection.scalar(found, {"name": table.name}) or 0
    sequence = connection.scalar(
        sa.text("SELECT pg_get_serial_sequence(quote_ident(:name), 'id')"), {"name": table.name}
    )
    if sequence is None:
        return 0
    # Before the first number it says 1 too.
    counted = sa.text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608  the database's own word
    return connection.scalar(counted) or 0


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """
    Yield the database at *url* as it is at this moment; whoever writes to it does not wait.

    PostgreSQL keeps the old rows for a transaction that is REPEATABLE READ, SQLite's write-ahead
    log for one that has begun to read.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection, connection.begin():
            # The first table that is read is where SQLite's snapshot begins.
            connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            yield Snapshot(connection)
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    options: dict[str, Any] = {"hide_parameters": True, "poolclass": NullPool}
    if not url.startswith("sqlite"):
        return sa.create_engine(url, isolation_level="REPEATABLE READ", **options)
    engine = sa.create_engine(url, **options)

    @sa.event.listens_for(engine, "connect")
    def _(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        # Not IMMEDIATE, as everybody else: that would keep all others from writing.
        connection.exec_driver_sql("BEGIN")

    return engine

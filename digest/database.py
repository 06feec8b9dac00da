"""The database: an engine that keeps SQLite as honest as PostgreSQL, and its clock."""

import math
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Engine,
    Float,
    bindparam,
    create_engine,
    event,
    literal,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, ExceptionContext
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from digest.models import UtcDateTime
from digest.spelling import Spelled

Sessions = sessionmaker[Session]
T = TypeVar("T")

DEADLOCKS_BORNE = 5
IDLE = 1.0
"""Seconds after which a connection may have died without a word: a server is not back sooner."""

PATIENCE = 20.0
"""Seconds that SQLite waits for another process's transaction."""


def connect(url: str, *, for_migrations: bool = False) -> Engine:
    """
    Return an engine for *url*; SQLite gets the hooks without which it loses updates silently.

    *for_migrations* turns SQLite's foreign keys off: Alembic rebuilds a table to change it, and
    dropping the old one would otherwise empty every table whose rows point at it.
    """
    # Parameters hold addresses, and errors are logged.
    options: dict[str, Any] = {"hide_parameters": True}
    if for_migrations:
        options["poolclass"] = NullPool
    if url.startswith("sqlite"):
        engine = create_engine(url, **options)
        _keep_sqlite_honest(engine, foreign_keys=not for_migrations)
        return engine
    engine = create_engine(url, connect_args={"connect_timeout": 5}, **options)
    _ask_after_a_rest(engine)
    _keep_rows_out_of_errors(engine)
    return engine


def _ask_after_a_rest(engine: Engine) -> None:
    """Ask a connection that lay idle whether it still lives; each time would cost a sender 5%."""

    @event.listens_for(engine, "checkin")
    def _(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("idle_since", math.inf) < IDLE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as exc:
            # Said in these words, the pool makes a new one.
            raise DisconnectionError from exc


def _keep_rows_out_of_errors(engine: Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def _(context: ExceptionContext) -> None:
        # PostgreSQL quotes the failing row, address and all, in its error's DETAIL.
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error is not None:
                error.args = tuple(str(arg).partition("\nDETAIL:")[0] for arg in error.args)


def _keep_sqlite_honest(engine: Engine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine, "connect")
    def _(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # sqlite3 opens transactions by rules of its own, and late: take that from it.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _(connection: Any) -> None:  # noqa: ANN401
        # A transaction that reads first and locks later works on what it read before the
        # other one committed: 300 of 400 concurrent increments were lost that way.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _write_ahead(cursor: DBAPICursor) -> None:
    """Turn write-ahead logging on, which heeds no busy_timeout while another process does so."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.02)
        else:
            return


class DatabaseNow(Spelled[datetime]):
    """
    The database's own clock, some seconds on; leases and grants live on it.

    One clock for all machines, whatever theirs say.
    """

    type = UtcDateTime()
    inherit_cache = True
    # Not now(): that one stands still for the length of a transaction.
    postgresql = "clock_timestamp() + make_interval(secs => {0})"
    # In the form in which SQLAlchemy keeps moments there, so that the two compare as text.
    sqlite = "strftime('%Y-%m-%d %H:%M:%f000', 'now', {0} || ' seconds')"

    def __init__(self, seconds_on: float | BindParameter[float] = 0.0) -> None:
        named = isinstance(seconds_on, BindParameter)
        super().__init__(seconds_on if named else literal(seconds_on, Float()))


def literally(column: InstrumentedAttribute[T], *values: T) -> ColumnElement[bool]:
    """
    Return the condition that *column* has one of *values*, as an index of these alone says it.

    The words are in the statement itself: of a parameter no database can tell, when it plans, that
    a partial index has all that is asked for, and SQLite looks for the very words of the index.
    """
    if len(values) == 1:
        return column == bindparam(None, values[0], literal_execute=True)
    return column.in_(bindparam(None, values, expanding=True, literal_execute=True))


def insert_new(session: Session, table: type[Any]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can say ON CONFLICT, in the words of the session's database."""
    dialect = session.get_bind().dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def in_transaction(sessions: Sessions, step: Callable[[Session], T]) -> T:
    """Return what *step* returns, committed; begun anew where the database broke a deadlock."""
    for _ in range(DEADLOCKS_BORNE):
        try:
            with sessions.begin() as session:
                return step(session)
        except OperationalError as exc:
            if getattr(exc.orig, "sqlstate", None) != "40P01":
                raise
    with sessions.begin() as session:
        return step(session)

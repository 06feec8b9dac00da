"""How Alembic runs here: on an engine of its own, all or nothing on SQLite too."""

from alembic import context
from sqlalchemy import Connection, Engine, inspect, text

from digest.database import connect
from digest.models import Base
from digest.settings import read_settings

ONE_AT_A_TIME = 4417
"""A number for PostgreSQL's advisory lock; SQLite locks the whole file anyway."""

SEARCH = "paper_search"
"""The search's tables and indexes begin so; they are none of the models'."""


def run() -> None:
    given: Engine | None = context.config.attributes.get("engine")
    engine = given or connect(read_settings().database_url.get_secret_value(), for_migrations=True)
    with engine.connect() as connection:
        _run_on(connection)
    if given is None:
        engine.dispose()


def _run_on(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    triggers = Triggers(connection)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=sqlite,
        # Without it a migration that fails half-way leaves its first half on SQLite.
        transactional_ddl=True,
        compare_type=True,
        include_name=lambda name, *_: not (name or "").startswith(SEARCH),
        on_version_apply=triggers.restore if sqlite else None,
    )
    with context.begin_transaction():
        if not sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": ONE_AT_A_TIME})
        else:
            triggers.note()
        context.run_migrations()
        if sqlite:
            _check_foreign_keys(connection)


class Triggers:
    """
    SQLite's triggers, put back after each migration that lost them.

    Alembic rebuilds a table to change it, and the triggers of the old one go with it, unnoticed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, str] = {}

    def note(self) -> None:
        self._known = self._found()

    def restore(self, *_: object, **__: object) -> None:
        if inspect(self._connection).has_table(SEARCH):  # else they went for good, on purpose
            for name in self._known.keys() - self._found().keys():
                self._connection.exec_driver_sql(self._known[name])
        self.note()

    def _found(self) -> dict[str, str]:
        found = self._connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        )
        return {row.name: row.sql for row in found}


def _check_foreign_keys(connection: Connection) -> None:
    """Refuse what a rebuilt table left dangling: foreign keys are off while it is rebuilt."""
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"{len(broken)} rows point at nothing after the migration: {broken[:3]}")


run()

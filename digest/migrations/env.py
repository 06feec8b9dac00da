"""How Alembic runs here: on an engine of its own, all or nothing on SQLite too."""

from alembic import context
from sqlalchemy import Connection, Engine, text

from digest.database import connect
from digest.models import Base
from digest.settings import read_settings

ONE_AT_A_TIME = 4417
"""A number for PostgreSQL's advisory lock; SQLite locks the whole file anyway."""


def run() -> None:
    given: Engine | None = context.config.attributes.get("engine")
    engine = given or connect(read_settings().database_url.get_secret_value(), for_migrations=True)
    with engine.connect() as connection:
        _run_on(connection)
    if given is None:
        engine.dispose()


def _run_on(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=sqlite,
        # Without it a migration that fails half-way leaves its first half on SQLite.
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        if not sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": ONE_AT_A_TIME})
        context.run_migrations()
        if sqlite:
            _check_foreign_keys(connection)


def _check_foreign_keys(connection: Connection) -> None:
    """Refuse what a rebuilt table left dangling: foreign keys are off while it is rebuilt."""
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"{len(broken)} rows point at nothing after the migration: {broken[:3]}")


run()

"""The database's history: each change of its tables, applied in order."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from digest.database import connect
from digest.errors import BadInput

FOLDER = "digest:migrations"


def migrate(url: str, to: str = "head") -> bool:
    """
    Bring the database at *url* up to date; return whether there was anything to do.

    Raises:
        BadInput: it is newer than this version.

    """
    engine = connect(url, for_migrations=True)
    config = _config()
    try:
        with engine.connect() as connection:
            before = MigrationContext.configure(connection).get_current_revision()
        if to == "head" and before == _head(config):
            return False
        if before is not None:
            _check_known(config, before)
        config.attributes["engine"] = engine
        command.upgrade(config, to)
        return True
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Tell whether the database at *url* has every table as this version expects it."""
    engine = connect(url, for_migrations=True)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        return found == _head(_config())
    finally:
        engine.dispose()


def _check_known(config: Config, revision: str) -> None:
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError as exc:
        raise BadInput(
            f"The database is at {revision}, which this version does not know: it is newer."
            " Install the version that migrated it, or restore a backup."
        ) from exc


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", FOLDER)
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s")
    return config


def _head(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()

"""The database's history: each change of its tables, applied in order."""

from enum import StrEnum

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from digest.database import connect
from digest.errors import BadInput

FOLDER = "digest:migrations"
TOO_NEW = (
    "The database is newer than this version of the program. Install the version that migrated"
    " it, or restore a backup."
)


class Age(StrEnum):
    """How a database's tables compare with those that this version expects."""

    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


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
        if before is not None and not _is_known(config, before):
            raise BadInput(f"{TOO_NEW} (It is at {before}.)")
        config.attributes["engine"] = engine
        command.upgrade(config, to)
        return True
    finally:
        engine.dispose()


def age(url: str) -> Age:
    """Return how the tables of the database at *url* compare with what this version expects."""
    config = _config()
    found = revision(url)
    if found == _head(config):
        return Age.CURRENT
    return Age.OLDER if found is None or _is_known(config, found) else Age.NEWER


def revision(url: str) -> str | None:
    """Return which migration the database at *url* is at; None: it has no tables of ours."""
    engine = connect(url, for_migrations=True)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def knows(revision: str) -> bool:
    """Tell whether this version has the migration *revision*."""
    return _is_known(_config(), revision)


def _is_known(config: Config, revision: str) -> bool:
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError:
        return False
    return True


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", FOLDER)
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s")
    return config


def _head(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()

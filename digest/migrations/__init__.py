"""The database's history: each change of its tables, applied in order."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from digest.database import connect

FOLDER = "digest:migrations"


def migrate(url: str, to: str = "head") -> bool:
    """Bring the database at *url* up to date; return whether there was anything to do."""
    engine = connect(url, for_migrations=True)
    config = _config()
    try:
        with engine.connect() as connection:
            before = MigrationContext.configure(connection).get_current_revision()
        if to == "head" and before == _head(config):
            return False
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


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", FOLDER)
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s")
    return config


def _head(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()

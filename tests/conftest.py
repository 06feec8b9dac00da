"""
The real service with two parts replaced: its clock stands still, and no source is contacted.

What touches the database runs on SQLite and again on a real PostgreSQL.
"""

import logging
import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from digest import migrations
from digest.database import Sessions
from digest.services import Services, build
from digest.settings import Settings, read_settings
from tests.log_scan import LogScan, given_away_in, scanning
from tests.servers import Postgres, Valkey

# What a shell starts with "&" ignores Ctrl-C, and so would all that tests start and want to end.
signal.signal(signal.SIGINT, signal.default_int_handler)

FRIDAY = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


class StoppedClock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(FRIDAY)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """A migrated database, to be copied: cheaper than migrating for each test."""
    url = postgres.new_database()
    migrations.migrate(url)
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    migrations.migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database; every test that asks for it runs once on each kind."""
    if request.param == "sqlite":
        path = tmp_path / "daybreak.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template: str = request.getfixturevalue("postgres_template")
    server: Postgres = request.getfixturevalue("postgres")
    url = server.new_database(template)
    yield url
    # Or some thousand of them would lie on the disk when the tests end.
    server.drop(url)


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what the developer has set, and their .env, out of the tests."""
    for name in list(os.environ):
        if name.startswith("DIGEST_") or name == "PORT":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def log_scan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogScan]:
    """Look at all that is logged, and at the end at what processes of their own wrote."""
    with scanning() as scan:
        yield scan
    assert given_away_in(tmp_path_factory.getbasetemp()) == []


@pytest.fixture(autouse=True)
def no_address_and_no_token_in_the_log(
    request: pytest.FixtureRequest, log_scan: LogScan
) -> Iterator[None]:
    """Fail the test that logged one, unless it is marked as one that does so on purpose."""
    yield
    found = log_scan.take()
    if request.node.get_closest_marker("gives_away") is None:
        assert found == []


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a command has set that ran inside a test."""
    ours = [logging.getLogger(name) for name in (None, "digest", "workers")]
    before = [(logger, logger.level, logger.handlers[:]) for logger in ours]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return read_settings(
        state_dir=tmp_path / "var", database_url=database_url, sources="sample", limits="off"
    )


@pytest.fixture
def services(settings: Settings, clock: StoppedClock) -> Iterator[Services]:
    built = build(settings, clock)
    yield built
    built.close()


@pytest.fixture
def sessions(services: Services) -> Sessions:
    return services.sessions


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    with sessions.begin() as session:
        yield session


class Inbox:
    """The mails in the outbox folder, oldest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self) -> list[EmailMessage]:
        return [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted(self.folder.glob("*.eml"))
        ]

    @staticmethod
    def text_of(mail: EmailMessage, kind: str = "plain") -> str:
        body = mail.get_body((kind,))
        assert body is not None, f"no {kind} part"
        return str(body.get_content())


@pytest.fixture
def inbox(settings: Settings) -> Inbox:
    return Inbox(settings.outbox)

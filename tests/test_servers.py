"""The servers that other tests stand on are real, separate and leave nothing behind."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from tests.servers import NOBODY, Postgres, Server, Valkey, reachable


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with Valkey() as server:
        yield server


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall()


def test_a_new_database_is_empty_and_a_copied_one_is_not(postgres: Postgres) -> None:
    first = postgres.new_database()
    execute(first, "CREATE TABLE paper AS SELECT 7 AS id", "SELECT 1")

    copied = postgres.new_database(template=first)
    empty = postgres.new_database()

    assert execute(copied, "SELECT id FROM paper") == [(7,)]
    assert execute(empty, "SELECT to_regclass('paper')") == [(None,)]


def test_a_crash_of_postgres_keeps_what_was_committed(postgres: Postgres) -> None:
    url = postgres.new_database()
    execute(url, "CREATE TABLE paper AS SELECT 7 AS id", "SELECT 1")
    before = postgres.pid

    postgres.crash_and_restart()

    assert postgres.pid != before
    assert execute(url, "SELECT id FROM paper") == [(7,)]


def test_valkey_loses_everything_in_a_crash(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.set("seen", "once")
    valkey.crash_and_restart()

    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("seen") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_servers_do_not_run_as_root(postgres: Postgres, valkey: Valkey) -> None:
    servers: list[Server] = [postgres, valkey]

    assert [psutil.Process(server.pid).uids().real for server in servers] == [NOBODY, NOBODY]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_a_server_dies_with_the_tests_that_started_it() -> None:
    script = (
        "import os, sys; from tests.servers import Valkey; valkey = Valkey();"
        "print(valkey.pid, valkey.folder, flush=True); os.kill(os.getpid(), 9)"
    )

    killed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )

    pid, folder = killed.stdout.split()
    Path(folder, "log").unlink()
    Path(folder).rmdir()
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(pid)).wait(timeout=20)
    assert killed.returncode == -9
    assert not psutil.pid_exists(int(pid))


def test_a_stopped_server_leaves_no_folder() -> None:
    with Valkey() as server:
        folder = server.folder
        assert folder.exists()

    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="others run servers from where they are")
def test_programs_in_a_private_folder_are_copied_and_the_copy_is_removed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    root = tmp_path / "wheel"
    for name in ("wheel/bin", "wheel.libs"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "thing").write_text("a program")
    endings: list[Callable[[], object]] = []

    def remember(ending: Callable[..., object], *args: object, **how: object) -> None:
        endings.append(partial(ending, *args, **how))

    copy = reachable(root, at_exit=remember)
    others_can_go_there = all(folder.stat().st_mode & 0o001 for folder in copy.parents)
    copied = [path.read_text() for path in copy.parent.glob("*/**/thing")]
    for end in endings:
        end()

    assert copy.parent != root.parent
    assert others_can_go_there
    assert copied == ["a program", "a program"]
    assert not copy.parent.exists()

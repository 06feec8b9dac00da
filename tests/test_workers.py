"""The Celery side: a timetable of tasks that exist, and a queue that loses nothing."""

import ast
import logging
import queue
import runpy
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import Ignore
from celery.signals import after_task_publish, beat_init
from kombu import Connection
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

import celeryconfig
from digest import logs, migrations
from digest.database import connect
from digest.models import Heartbeat
from tests.visitor import PRODUCTION
from workers import alive, tasks
from workers.app import app
from workers.queue import Transport

WRITERS = 4
EACH = 750


def configuration() -> dict[str, Any]:
    """Return celeryconfig as a process reads it that starts now."""
    return runpy.run_path(str(celeryconfig.__file__))


def shared_tasks() -> Iterator[ast.FunctionDef]:
    module = ast.parse(Path(tasks.__file__).read_text())
    for each in module.body:
        if isinstance(each, ast.FunctionDef) and any(
            ast.unparse(decorator).startswith("shared_task") for decorator in each.decorator_list
        ):
            yield each


def connected() -> Connection:
    options = configuration()["broker_transport_options"]
    return Connection(transport=Transport, transport_options=options)


def test_every_scheduled_task_exists() -> None:
    scheduled = {entry["task"] for entry in configuration()["beat_schedule"].values()}

    assert scheduled == {
        "workers.tasks.fetch",
        "workers.tasks.catch_up",
        "workers.tasks.sweep",
        "workers.tasks.listen",
        "workers.tasks.tell_alarms",
        "workers.tasks.read_suppressions",
        "workers.tasks.read_mailbox",
        "workers.tasks.tidy",
        "workers.tasks.count_figures",
        "workers.tasks.prune",
    }
    assert scheduled <= set(app.tasks)


def test_a_hint_that_waited_too_long_is_void() -> None:
    """Row 12."""
    for entry in configuration()["beat_schedule"].values():
        assert entry["options"]["expires"] <= 3600


@pytest.mark.parametrize("task", list(shared_tasks()), ids=lambda task: task.name)
def test_a_task_takes_no_arguments_and_has_three_lines(task: ast.FunctionDef) -> None:
    lines = sum(len(ast.unparse(each).splitlines()) for each in task.body)

    assert ast.unparse(task.args) == ""
    assert 1 <= lines <= 3


@pytest.mark.usefixtures("logging_as_it_was")
def test_workers_log_as_the_service_does() -> None:
    app.log.setup()

    [handler] = logging.getLogger().handlers
    assert handler.formatter
    assert handler.formatter._fmt == logs.FORMAT


def test_the_daily_fetch_and_the_refresh_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_FETCH_AT", "04:45")

    timetable = configuration()["beat_schedule"]

    daily, hourly = (timetable[name]["schedule"] for name in ("daily fetch", "hourly refresh"))
    assert (daily.hour, daily.minute) == ({4}, {45})
    assert (hourly.hour, hourly.minute) == (set(range(24)), {15})


def test_without_settings_the_queue_is_a_folder(tmp_path: Path) -> None:
    found = configuration()

    assert found["broker_transport"] == "workers.queue:Transport"
    assert found["broker_transport_options"]["data_folder_in"] == str(tmp_path / "var" / "queue")
    assert (tmp_path / "var" / "queue").is_dir()


def test_with_a_redis_it_is_the_broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIGEST_BROKER_URL", "redis://127.0.0.1:6379/3")

    found = configuration()

    assert found["broker_url"] == "redis://127.0.0.1:6379/3"
    assert "broker_transport" not in found
    # A task that is still at work must not be given out a second time.
    assert found["broker_transport_options"]["visibility_timeout"] > found["task_time_limit"]
    assert (tmp_path / "var").is_dir()
    assert not (tmp_path / "var" / "queue").exists()


@pytest.fixture
def first_use() -> Iterator[None]:
    """Let the worker build its services anew, and give them back."""
    tasks.services.cache_clear()
    yield
    if tasks.services.cache_info().currsize:
        tasks.services().close()
    tasks.services.cache_clear()


@pytest.mark.usefixtures("first_use")
def test_a_worker_brings_an_embedded_database_up_to_date() -> None:
    settings = tasks.services().settings

    assert migrations.age(settings.database_url.get_secret_value()) is migrations.Age.CURRENT


@pytest.mark.usefixtures("first_use")
def test_in_production_no_task_is_done_on_old_tables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(f"DIGEST_{name.upper()}", value)
    url = f"sqlite:///{tmp_path / 'production.db'}"
    monkeypatch.setenv("DIGEST_DATABASE_URL", url)

    with pytest.raises(Ignore):
        tasks.fetch()
    migrations.migrate(url)
    tasks.services()

    assert [each.getMessage() for each in caplog.records if each.name == "workers.tasks"] == [
        "no task is done: The database is not up to date; run `digest migrate` first."
    ]


@pytest.mark.usefixtures("first_use")
def test_no_task_is_done_with_a_setting_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DIGEST_DKIM_KEY_FILE", "missing.pem")

    with pytest.raises(Ignore):
        tasks.sweep()

    why = f"DIGEST_DKIM_KEY_FILE: {tmp_path / 'missing.pem'}: No such file or directory"
    logged = [each.getMessage() for each in caplog.records if each.name == "workers.tasks"]
    assert logged == [f"no task is done: {why}"]


@pytest.mark.parametrize("task", [tasks.sweep, tasks.deliver], ids=lambda task: task.name)
@pytest.mark.usefixtures("first_use")
def test_row_9_what_mails_wait_for_is_done_anew_when_the_database_was_away(task: Any) -> None:
    services, left = tasks.services(), [2]
    heartbeat = {"workers.tasks.sweep": "sweep", "workers.tasks.deliver": "sender"}[task.name]

    @event.listens_for(services.sessions.kw["bind"], "begin", insert=True)
    def _(_connection: object) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise OperationalError("BEGIN", {}, Exception("connection refused"))

    task.apply()

    with services.sessions.begin() as session:
        assert session.get(Heartbeat, heartbeat)


def test_a_task_is_given_back_when_its_worker_dies() -> None:
    """Row 11."""
    found = configuration()

    assert found["task_acks_late"]
    assert found["task_reject_on_worker_lost"]
    assert found["worker_prefetch_multiplier"] == 1
    assert found["task_ignore_result"]


def test_the_embedded_queue_keeps_every_message_whole_and_once(tmp_path: Path) -> None:
    filling = "x" * 2000

    def write(writer: int) -> None:
        with connected() as connection, connection.SimpleQueue("crowded") as out:
            for number in range(EACH):
                out.put({"writer": writer, "number": number, "filling": filling})

    # As a worker does when it starts: what is put before any queue is bound goes nowhere.
    with connected() as connection, connection.SimpleQueue("crowded"):
        pass
    with ThreadPoolExecutor(WRITERS) as writers:
        writing = [writers.submit(write, writer) for writer in range(WRITERS)]
        found = list(messages("crowded", WRITERS * EACH))
        for each in writing:
            each.result()

    came = Counter((each["writer"], each["number"]) for each in found)
    assert came == {(writer, number): 1 for writer in range(WRITERS) for number in range(EACH)}
    assert {each["filling"] for each in found} == {filling}
    assert [each.name for each in (tmp_path / "var" / "queue").iterdir()] == ["control"]


def test_the_embedded_queue_is_read_in_order() -> None:
    with connected() as connection, connection.SimpleQueue("orderly") as out:
        for number in range(20):
            out.put({"number": number})

    found = [each["number"] for each in messages("orderly", 20)]

    assert found == list(range(20))


# kombu remembers queues for the life of a process: each test has one of its own.
def messages(name: str, count: int) -> Iterator[dict[str, Any]]:
    with connected() as connection, connection.SimpleQueue(name) as read:
        for _ in range(count):
            try:
                message = read.get(timeout=30)
            except queue.Empty:
                return
            message.ack()
            yield message.payload


@pytest.fixture
def rested(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Let no process have left a sign of life yet; return the database's URL."""
    alive._left_at.clear()
    url = f"sqlite:///{tmp_path / 'signs.db'}"
    migrations.migrate(url)
    monkeypatch.setenv("DIGEST_DATABASE_URL", url)
    return url


def signs(url: str) -> set[str]:
    engine = connect(url, for_migrations=True)
    with engine.connect() as connection:
        return set(connection.scalars(select(Heartbeat.name)))


@pytest.mark.usefixtures("first_use")
def test_a_worker_that_does_a_task_shows_that_it_lives(rested: str) -> None:
    tasks.count_figures.apply()

    assert signs(rested) == {"worker"}


def test_beat_shows_that_it_lives_by_what_it_gives_out(rested: str) -> None:
    after_task_publish.send(sender="workers.tasks.sweep")
    before = signs(rested)
    beat_init.send(sender=None)

    after_task_publish.send(sender="workers.tasks.sweep")
    after_task_publish.disconnect(alive.beat_beats)

    assert (before, signs(rested)) == (set(), {"beat"})


def test_a_database_that_is_away_ends_no_task(
    rested: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DIGEST_DATABASE_URL", f"sqlite:///{tmp_path / 'no' / 'folder.db'}")

    alive.a_worker_works()

    assert signs(rested) == set()

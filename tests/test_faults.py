"""Faults of whole machines and of several processes, by their rows in docs/reliability.md."""

import ast
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

import digest
from digest import delivery, migrations, pipeline
from digest.database import Sessions, connect
from digest.delivery import Claimed, Composed, sender
from digest.models import Delivery, DeliveryKind, DeliveryState, Standing
from tests import make
from tests.relay import Relay
from tests.servers import free_port
from tests.test_delivery import NOW, Post, deliver, due, states_of, write
from tests.test_up import OFFLINE, Running, eventually
from tests.visitor import PRODUCTION, installation

SENT = DeliveryState.SENT


def test_row_10_who_subscribes_while_the_broker_is_down_has_their_mail_by_the_next_sweep(
    tmp_path: Path,
) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    with installation(tmp_path, broker_url=nobody, sources="sample", limits="off") as here:
        answer = here.visitor().post("/subscribe", data={"email": "ann@example.org"})

        sent = pipeline.send_due(here.services)

    assert answer.status_code == 200
    assert sent.sent == 1


def test_row_12_two_beats_and_tasks_that_are_given_out_twice_send_each_mail_once(
    sessions: Sessions,
) -> None:
    with sessions.begin() as session:
        readers = [make.subscriber(session, next_due_at=NOW).id for _ in range(30)]
    posts = [Post() for _ in range(4)]

    def beat_and_send(post: Post) -> None:
        delivery.sweep(sessions, NOW + timedelta(minutes=1))
        deliver(sessions, post)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(beat_and_send, posts))

    sent = [each for post in posts for each in post.ids]
    assert len(sent) == len(set(sent)) == len(readers)
    assert set(states_of(sessions)) == {SENT}


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Call) and ast.unparse(each.func) == name:
            yield each


def test_row_33_feedparser_is_given_bytes_that_it_cannot_take_for_a_place() -> None:
    given = {
        path.name: ast.unparse(call.args[0])
        for path in Path(digest.__file__).parent.rglob("*.py")
        for call in calls(ast.parse(path.read_text()), "feedparser.parse")
    }
    importers = [
        path.name
        for path in Path(digest.__file__).parent.rglob("*.py")
        if "feedparser" in {each for line in path.read_text().splitlines() for each in line.split()}
    ]

    assert given == {"syndication.py": "io.BytesIO(body)"}
    assert importers == ["syndication.py"]


@contextmanager
def only_read(sessions: Sessions) -> Iterator[None]:
    """Let the database refuse every change, as one does that is read-only or whose disk is full."""
    engine = sessions.kw["bind"]
    sqlite = engine.dialect.name == "sqlite"

    def refuse(connection: Connection) -> None:
        connection.exec_driver_sql(
            "PRAGMA query_only=ON" if sqlite else "SET TRANSACTION READ ONLY"
        )

    event.listen(engine, "begin", refuse)
    try:
        yield
    finally:
        event.remove(engine, "begin", refuse)
        engine.dispose()


def at_once(sessions: Sessions, post: Post) -> None:
    with only_read(sessions):
        deliver(sessions, post)


def while_it_is_written(sessions: Sessions, post: Post) -> None:
    full = only_read(sessions)

    def compose(claimed: Sequence[Claimed]) -> list[Composed]:
        full.__enter__()
        return write(claimed)

    try:
        deliver(sessions, post, compose)
    finally:
        full.__exit__(None, None, None)


@pytest.mark.parametrize("happens", [at_once, while_it_is_written])
def test_row_42_nothing_is_sent_that_the_database_did_not_keep_before(
    sessions: Sessions, happens: Callable[[Sessions, Post], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    [delivery_id] = due(sessions)
    monkeypatch.setattr(sender, "OUTAGE_BORNE", 0.0)
    refused, post = Post(), Post()

    with pytest.raises(DBAPIError):
        happens(sessions, refused)
    with sessions.begin() as session:
        # What it had claimed stays so until its lease is over.
        session.get_one(Delivery, delivery_id).state = DeliveryState.PENDING
    deliver(sessions, post)

    assert refused.mails == []
    assert post.ids == [delivery_id]


class Worker(Running):
    command = (sys.executable, "-m", "celery", "-A", "workers.app", "worker", "--concurrency=1")


def confirmations(url: str, count: int) -> Sessions:
    sessions: Sessions = sessionmaker(connect(url))
    with sessions.begin() as session:
        for _ in range(count):
            reader = make.subscriber(session, standing=Standing.PENDING)
            make.delivery(session, reader, kind=DeliveryKind.CONFIRMATION, priority=0)
    return sessions


def environment(folder: Path, **more: Any) -> dict[str, str]:
    """Return what makes an installation of a process that contacts nobody elsewhere."""
    (folder / "sitecustomize.py").write_text(OFFLINE)
    chosen = {**PRODUCTION, "sources": "huggingface", "limits": "on", **more}
    named = {f"DIGEST_{name.upper()}": str(value) for name, value in chosen.items()}
    return {"PYTHONPATH": str(folder), **named}


def test_row_23_a_worker_that_is_told_to_end_finishes_what_it_sends(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'daybreak.db'}"
    migrations.migrate(url)
    sessions = confirmations(url, 30)
    with Relay() as relay:
        mail_url = f"smtp://127.0.0.1:{relay.port}?rate=20"
        set_so = environment(tmp_path, database_url=url, mail_url=mail_url)

        with Worker(tmp_path / "var", **set_so) as worker:
            eventually(lambda: len(relay.received) >= 3)
            os.kill(worker.process.pid, signal.SIGTERM)
            worker.process.wait(60)

    states = states_of(sessions)
    with sessions() as session:
        unfinished = session.scalars(select(Delivery.id).where(Delivery.lease_token.is_not(None)))
        assert list(unfinished) == []
    assert states == [SENT] * 30
    assert len(relay.received) == 30

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import BigInteger, Engine, Text, create_engine, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from digest.database import DatabaseNow, Sessions, connect, in_transaction
from digest.models import Delivery, Heartbeat, Interest, InterestKind, Subscriber
from digest.sets import given
from tests import make

INCREMENT = """
from sqlalchemy import text
from digest.database import connect

def run(url):
    engine = connect(url)
    for _ in range(100):
        with engine.begin() as connection:
            n = connection.scalar(text("SELECT n FROM counter"))
            connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
    engine.dispose()
"""


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'counter.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    yield engine
    engine.dispose()


def count(counter: Engine) -> int:
    with counter.connect() as connection:
        return int(connection.execute(text("SELECT n FROM counter")).scalar_one())


def test_no_concurrent_increment_is_lost_on_sqlite(counter: Engine) -> None:
    """Row 41."""
    make.all_at_once(INCREMENT, str(counter.url), 4)

    assert count(counter) == 400


def read(connection: object) -> int:
    assert hasattr(connection, "execute")
    return int(connection.execute(text("SELECT n FROM counter")).scalar_one())


def test_without_the_hooks_an_increment_is_lost_silently(counter: Engine) -> None:
    """Row 41."""
    plain = create_engine(counter.url)
    with plain.connect() as first, plain.connect() as second:
        seen = read(first), read(second)
        for connection, n in zip((first, second), seen, strict=True):
            connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
            connection.commit()
    plain.dispose()

    assert count(counter) == 1


def test_a_transaction_on_sqlite_holds_the_file_from_its_first_word(counter: Engine) -> None:
    path = str(counter.url.database)
    with counter.begin(), closing(sqlite3.connect(path, timeout=0)) as another:
        another.isolation_level = None

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            another.execute("BEGIN IMMEDIATE")


def test_foreign_keys_hold_on_both(session: Session) -> None:
    session.add(Interest(subscriber_id=4711, kind=InterestKind.KEYWORD, value="ghosts"))

    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_a_naive_moment_is_refused(session: Session) -> None:
    session.add(Heartbeat(name="sweep", at=datetime(2026, 11, 20, 6)))  # noqa: DTZ001

    with pytest.raises(StatementError, match="naive datetime"):
        session.flush()
    session.rollback()


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=45))])
def test_a_moment_comes_back_as_the_same_one_in_utc(sessions: Sessions, zone: timezone) -> None:
    moment = datetime(2026, 11, 20, 6, 1, 2, 345678, tzinfo=zone)
    with sessions.begin() as session:
        session.add(Heartbeat(name="sweep", at=moment))

    with sessions() as session:
        found = session.scalars(select(Heartbeat.at)).one()

    assert found == moment
    assert found.tzinfo is UTC


def test_no_moment_stays_none(session: Session) -> None:
    reader = make.subscriber(session, last_asked_at=None)
    session.refresh(reader)

    assert reader.last_asked_at is None


def test_the_databases_clock_tells_the_present(session: Session) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=2)

    now = session.scalars(select(DatabaseNow())).one()

    assert before <= now <= datetime.now(UTC) + timedelta(milliseconds=2)


@pytest.mark.parametrize("seconds", [300.0, 0.5, -1.0, -259200.0])
def test_the_databases_clock_can_be_set_on(session: Session, seconds: float) -> None:
    now, later = session.execute(select(DatabaseNow(), DatabaseNow(seconds))).one()

    assert abs(later - now - timedelta(seconds=seconds)) < timedelta(seconds=0.1)


def test_the_databases_clock_compares_rightly_with_what_is_kept(session: Session) -> None:
    now = datetime.now(UTC)
    reader = make.subscriber(session)
    for seconds in (-86_400, -3, 3, 86_400):
        make.delivery(session, reader, not_before=now + timedelta(seconds=seconds))
    make.delivery(session, reader, not_before=DatabaseNow(-0.001))
    make.delivery(session, reader, not_before=DatabaseNow(60))

    past = session.scalars(
        select(Delivery.not_before).where(Delivery.not_before <= DatabaseNow())
    ).all()

    assert len(past) == 3
    assert all(moment <= now + timedelta(seconds=1) for moment in past)


def test_the_databases_clock_goes_on_within_a_transaction(session: Session) -> None:
    first = session.scalars(select(DatabaseNow())).one()
    while (second := session.scalars(select(DatabaseNow())).one()) == first:
        pass

    assert second > first


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_step_that_the_database_breaks_for_a_deadlock_is_begun_anew(
    sessions: Sessions,
) -> None:
    with sessions.begin() as session:
        ids = [make.subscriber(session, hour=0).id for _ in range(2)]
    both_hold_one = Barrier(2)
    tries: list[int] = []

    def cross(order: list[int]) -> None:
        def step(session: Session) -> None:
            tries.append(order[0])
            for n, reader_id in enumerate(order):
                session.execute(
                    update(Subscriber)
                    .where(Subscriber.id == reader_id)
                    .values(hour=Subscriber.hour + 1)
                )
                if n == 0 and len(tries) <= 2:
                    both_hold_one.wait(10)

        in_transaction(sessions, step)

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(cross, ids), threads.submit(cross, ids[::-1])]:
            each.result(30)

    with sessions() as session:
        hours = session.scalars(select(Subscriber.hour)).all()
    assert len(tries) > 2
    assert list(hours) == [2, 2]


def test_another_error_of_the_database_is_not_tried_again(sessions: Sessions) -> None:
    tries: list[int] = []

    def step(_session: Session) -> None:
        tries.append(1)
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))

    with pytest.raises(OperationalError):
        in_transaction(sessions, step)
    assert len(tries) == 1


def test_rows_in_one_value_are_read_as_they_were_given(sessions: Sessions) -> None:
    rows = [[2**53 + 1, "it's \u2028 \" \N{SNOWMAN}"], [-1, ""]]

    with sessions() as session:
        found = session.execute(select(*given("rows", BigInteger(), Text())), {"rows": rows})
        read = [list(row) for row in found]

    assert read == rows


def test_rows_in_one_value_ask_sqlite_for_nothing_newer_than_3_37() -> None:
    said = str(select(*given("rows", BigInteger(), Text())).compile(dialect=sqlite.dialect()))

    assert "->" not in said

"""Backups: what is in them comes out again, on whichever database, and is read back first."""

import json
import re
import secrets
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as under
from hypothesis import strategies as some
from sqlalchemy.orm import sessionmaker

from digest import backup, delivery, migrations, pipeline
from digest.backup.reading import rows_of
from digest.backup.tables import Kind, Table, all_tables, line, tally_of
from digest.backup.writing import Filling
from digest.database import Sessions, connect
from digest.errors import BadInput, DigestError
from digest.keys import Keys
from digest.models import (
    DeliveryState,
    EditionRow,
    EventKind,
    EventRow,
    Heartbeat,
    SendingBudget,
    StoppedBy,
)
from digest.services import Services
from tests import make, test_cli
from tests.conftest import Inbox, StoppedClock
from tests.servers import Postgres
from tests.test_cli import Digest

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
KEYS = Keys(("a" * 32, "b" * 32), "c" * 32)


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database without tables."""
    return empty(request.param, request, tmp_path)


@pytest.fixture
def elsewhere(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database without tables, of the other kind."""
    on_sqlite = database_url.startswith("sqlite")
    return empty("postgresql" if on_sqlite else "sqlite", request, tmp_path)


def empty(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'elsewhere.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


def url_of(services: Services) -> str:
    return services.settings.database_url.get_secret_value()


def everything(url: str) -> dict[str, list[bytes]]:
    engine = connect(url)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(line, rows_of(connection, table))) for table in all_tables()
        }
    engine.dispose()
    return found


def without_marks(found: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    """Leave out what a restoration adds."""
    return {
        name: rows for name, rows in found.items() if name not in ("restoration", "sending_budget")
    }


def odd_rows(sessions: Sessions) -> None:
    """Add a row of every kind of value, at its edges."""
    with sessions.begin() as session:
        reader = make.subscriber(
            session, about="Grüße, \U0001f9ea \\N \t \"quoted\" 'and' \u2028", days=["mon", "süß"]
        )
        make.subscriber(session, next_due_at=NOW.astimezone(timezone(timedelta(hours=5.5))))
        make.paper(session, now=NOW, title="\\.", organization=None, keywords=["a\nb", "\\"])
        make.delivery(session, reader, address_hash=None)
        session.add_all(
            [
                SendingBudget(
                    id=1,
                    rate=0.1 + 0.2,
                    daily_quota=None,
                    next_free_at=NOW + timedelta(microseconds=1),
                    sent_on=date(2026, 2, 28),
                    sent_today=2**31 - 1,
                    refusals=[{"id": 2**53 + 1, "domain": "ä.example", "at": None, "x": 1.5e300}],
                ),
                EventRow(
                    message_id="m",
                    kind=EventKind.SENT,
                    delivery_id=2**63 - 1,
                    at=NOW,
                    received_at=NOW,
                ),
                Heartbeat(name="Ärger", at=datetime(1, 1, 2, tzinfo=UTC)),
                Heartbeat(name="", at=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
            ]
        )
        session.add(EditionRow(built_at=NOW, body=bytes(range(256))))


def test_a_backup_holds_everything_and_comes_out_the_same_on_either_database(
    services: Services, anywhere: str, tmp_path: Path
) -> None:
    odd_rows(services.sessions)
    before = everything(url_of(services))

    path, manifest = backup.save(url_of(services), tmp_path, KEYS)
    backup.restore(path, anywhere, KEYS, now=NOW)

    after = everything(anywhere)
    changed = {"delivery"}  # what was open is closed
    assert {k: v for k, v in without_marks(before).items() if k not in changed} == {
        k: v for k, v in without_marks(after).items() if k not in changed
    }
    assert len(before["delivery"]) == len(after["delivery"]) == 1
    assert manifest.rows == sum(map(len, before.values()))
    assert migrations.age(anywhere) is migrations.Age.CURRENT


# Text without NUL, which PostgreSQL cannot hold, and moments that every zone knows.
TEXT = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"))
MOMENTS = some.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=some.just(UTC))  # noqa: DTZ001
NUMBERS = some.floats(allow_nan=False, allow_infinity=False)
LEAVES = some.none() | some.booleans() | some.integers(-(2**53), 2**53) | NUMBERS | TEXT
DOCUMENTS = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
VALUES: dict[Kind, some.SearchStrategy[Any]] = {
    Kind.TEXT: TEXT,
    Kind.INT: some.integers(-(2**63), 2**63 - 1),
    Kind.FLOAT: NUMBERS,
    Kind.BOOL: some.booleans(),
    Kind.MOMENT: MOMENTS,
    Kind.DATE: some.dates(),
    Kind.JSON: some.lists(DOCUMENTS, max_size=3).map(json.dumps),
    Kind.BYTES: some.binary(),
}
ROWS = some.tuples(*(some.none() | VALUES[kind] for kind in Kind))
ODD = Table("odd", tuple((kind.value, kind) for kind in Kind))


@pytest.fixture
def odd_table(anywhere: str) -> Iterator[Filling]:
    columns = ", ".join(f'"{name}" {TYPES[anywhere[:6]][kind]}' for name, kind in ODD.columns)
    engine = connect(anywhere)
    with engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql(f"CREATE TABLE odd ({columns})")
        yield Filling(connection)
        transaction.rollback()
    engine.dispose()


TYPES = {
    "sqlite": {kind: "JSON" if kind is Kind.JSON else "" for kind in Kind}
    | {Kind.MOMENT: "DATETIME", Kind.DATE: "DATE", Kind.BOOL: "BOOLEAN", Kind.TEXT: "TEXT"},
    "postgr": {
        Kind.TEXT: "text",
        Kind.INT: "bigint",
        Kind.FLOAT: "float",
        Kind.BOOL: "boolean",
        Kind.MOMENT: "timestamptz",
        Kind.DATE: "date",
        Kind.JSON: "json",
        Kind.BYTES: "bytea",
    },
}


@given(rows=some.lists(ROWS, max_size=20))
@under(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_comes_out_of_either_database_as_it_went_in(
    odd_table: Filling, rows: list[tuple[Any, ...]]
) -> None:
    plain = list(ODD.plain(rows))
    odd_table.connection.exec_driver_sql("DELETE FROM odd")

    odd_table.fill(ODD, (json.loads(line(row)) for row in plain))

    found = list(rows_of(odd_table.connection, ODD))
    assert sorted(map(line, found)) == sorted(map(line, plain))
    assert odd_table.tally(ODD) == tally_of(plain)


def test_a_backup_is_its_owners_alone_and_names_the_keys_but_holds_none(
    services: Services, tmp_path: Path
) -> None:
    path, manifest = backup.save(url_of(services), tmp_path, KEYS)

    held = b"".join(zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist())
    assert path.stat().st_mode & 0o777 == 0o600
    assert manifest.suppression_key == KEYS.check
    assert not any(key.encode() in held for key in (*KEYS.signing, KEYS.suppression))
    assert (
        "DIGEST_SUPPRESSION_KEY" in json.loads(zipfile.ZipFile(path).read("manifest.json"))["needs"]
    )
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_a_backup_is_of_one_moment_though_others_write_on(
    services: Services, tmp_path: Path
) -> None:
    with services.sessions.begin() as session:
        make.subscriber(session)
    url, seen = url_of(services), []

    def write_on(_count: int) -> None:
        with services.sessions.begin() as session:
            seen.append(make.delivery(session, make.subscriber(session)).id)

    _, manifest = backup.save(url, tmp_path, KEYS, watch=write_on)

    rows = {each.table.name: each.rows for each in manifest.contents}
    assert len(seen) > 10
    assert (rows["subscriber"], rows["delivery"]) == (1, 0)


def test_a_backup_holds_few_rows_in_memory_at_a_time(
    services: Services, elsewhere: str, tmp_path: Path
) -> None:
    with services.sessions.begin() as session:
        session.add_all(
            EditionRow(built_at=NOW, body=secrets.token_bytes(400_000)) for _ in range(60)
        )
        session.flush()
        session.expunge_all()

    tracemalloc.start()
    try:
        path, manifest = backup.save(url_of(services), tmp_path, KEYS)
        backup.restore(path, elsewhere, KEYS, now=NOW)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert manifest.rows >= 60
    assert peak < 15_000_000


@pytest.mark.parametrize("entry", ["edition.jsonl", "delivery.jsonl", "manifest.json"])
def test_a_damaged_backup_is_refused_and_leaves_the_database_empty(
    services: Services, elsewhere: str, tmp_path: Path, entry: str
) -> None:
    odd_rows(services.sessions)
    path, _ = backup.save(url_of(services), tmp_path / "one.zip", KEYS)
    body = bytearray(path.read_bytes())
    [held] = (each for each in zipfile.ZipFile(path).infolist() if each.filename == entry)
    begins = body.index(entry.encode(), held.header_offset) + len(entry) + 20
    body[begins + held.compress_size // 2] ^= 0xFF
    path.write_bytes(body)

    with pytest.raises(BadInput, match=r"damaged|no backup"):
        backup.restore(path, elsewhere, KEYS, now=NOW)

    backup.check_empty(elsewhere)


def test_a_file_that_was_cut_short_or_is_none_is_refused(
    services: Services, tmp_path: Path
) -> None:
    path, _ = backup.save(url_of(services), tmp_path / "one.zip", KEYS)
    locked = tmp_path / "locked.zip"
    locked.write_bytes(encrypted(path))
    path.write_bytes(path.read_bytes()[:-200])

    for each in (path, locked, tmp_path / "none.zip", tmp_path):
        with pytest.raises(BadInput), backup.opened(each):
            pass


def encrypted(path: Path) -> bytes:
    """Return an archive whose entries all say that they are encrypted."""
    body = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = body.find(mark)
        while at >= 0:
            body[at + flags] |= 1
            at = body.find(mark, at + 4)
    return bytes(body)


def test_another_suppression_key_is_refused_before_anything_is_written(
    services: Services, elsewhere: str, tmp_path: Path
) -> None:
    path, _ = backup.save(url_of(services), tmp_path, KEYS)

    with pytest.raises(BadInput, match="DIGEST_SUPPRESSION_KEY is another"):
        backup.restore(path, elsewhere, replace(KEYS, suppression="d" * 32), now=NOW)

    assert migrations.revision(elsewhere) is None


def test_a_database_that_holds_something_is_left_as_it_is(
    services: Services, tmp_path: Path
) -> None:
    path, _ = backup.save(url_of(services), tmp_path, KEYS)
    with services.sessions.begin() as session:
        make.subscriber(session)
    before = everything(url_of(services))

    with pytest.raises(BadInput, match="is not empty: table subscriber has rows"):
        backup.restore(path, url_of(services), KEYS, now=NOW)

    assert everything(url_of(services)) == before


def test_a_backup_of_a_later_version_is_refused(
    services: Services, elsewhere: str, tmp_path: Path
) -> None:
    make.from_the_future(url_of(services))
    path, _ = backup.save(url_of(services), tmp_path, KEYS)

    with pytest.raises(BadInput, match="install that version"):
        backup.restore(path, elsewhere, KEYS, now=NOW)


def test_ids_count_on_where_they_were_though_their_rows_are_gone(
    services: Services, elsewhere: str, tmp_path: Path
) -> None:
    with services.sessions.begin() as session:
        last = event("one")
        session.add(last)
        session.flush()
        last_id = last.id
        session.delete(last)
    path, _ = backup.save(url_of(services), tmp_path, KEYS)

    backup.restore(path, elsewhere, KEYS, now=NOW)

    sessions = sessionmaker(connect(elsewhere))
    with sessions.begin() as session:
        session.add(event("two"))
        next_id = session.scalars(sa.select(EventRow.id)).one()
    sessions.kw["bind"].dispose()
    assert next_id == last_id + 1


def event(message_id: str) -> EventRow:
    return EventRow(message_id=message_id, kind=EventKind.SENT, at=NOW, received_at=NOW)


def test_the_search_finds_what_was_restored(
    services: Services, elsewhere: str, tmp_path: Path
) -> None:
    with services.sessions.begin() as session:
        make.paper(session, now=NOW, title="Knots that hold")
    backup.restore(backup.save(url_of(services), tmp_path, KEYS)[0], elsewhere, KEYS, now=NOW)

    sessions = sessionmaker(connect(elsewhere))
    with sessions() as session:
        found = session.scalar(sa.text("SELECT count(*) FROM paper_search"))
    sessions.kw["bind"].dispose()
    assert found == 1


# Moving


def test_moving_leaves_the_same_in_both_and_the_old_one_stopped(
    services: Services, anywhere: str
) -> None:
    odd_rows(services.sessions)

    moved = backup.move(services, anywhere)

    before, after = everything(url_of(services)), everything(anywhere)
    # Each says why it does not send.
    stops = before.pop("sending_budget"), after.pop("sending_budget")
    assert before == after
    assert [b"was moved to" in stops[0][0], b"moved here" in stops[1][0]] == [True, True]
    counted = {name: len(rows) for name, rows in after.items()}
    assert {each.name: each.rows for each in moved} == {**counted, "sending_budget": 1}
    with pytest.raises(BadInput, match="resume there"):
        backup.resume(services)
    assert backup.resume(services, anyway=True) is None


def test_what_was_stopped_for_another_reason_is_not_resumed_where_it_was_moved_from(
    services: Services, elsewhere: str
) -> None:
    delivery.stop(services.sessions, "too many bounces", NOW, by=StoppedBy.BRAKES)

    backup.move(services, elsewhere)

    with pytest.raises(BadInput, match="resume there"):
        backup.resume(services)
    assert b"too many bounces" in everything(elsewhere)["sending_budget"][0]


def test_sending_goes_on_in_the_new_database_where_it_was(
    services: Services, clock: StoppedClock, elsewhere: str, inbox: Inbox
) -> None:
    pipeline.fetch(services)
    with services.sessions.begin() as session:
        for _ in range(2):
            make.subscriber(session, next_due_at=clock())
    pipeline.sweep(services)

    backup.move(services, elsewhere)
    there = replace(services, sessions=sessionmaker(connect(elsewhere)))
    composer = replace(services.composer, sessions=there.sessions)
    there = replace(there, composer=composer)
    stopped = pipeline.send_due(there)
    resumed = backup.resume(there)
    sent = pipeline.send_due(there)
    there.sessions.kw["bind"].dispose()

    assert (stopped.sent, resumed, sent.sent) == (0, None, 2)
    assert len(inbox()) == 2
    assert pipeline.send_due(services).sent == 0


def test_what_the_other_database_cannot_hold_leaves_it_empty(
    services: Services, elsewhere: str
) -> None:
    if elsewhere.startswith("sqlite"):
        pytest.skip("SQLite holds whatever PostgreSQL does")
    with services.sessions.begin() as session:
        make.subscriber(session)
        make.subscriber(session, zone="\0")

    with pytest.raises(BadInput, match=r"Table subscriber: .*NUL"):
        backup.move(services, elsewhere)

    backup.check_empty(elsewhere)


def test_a_source_that_is_written_to_meanwhile_leaves_the_other_empty(
    services: Services, elsewhere: str
) -> None:
    def write_on(_count: int) -> None:
        with services.sessions.begin() as session:
            make.subscriber(session)

    with pytest.raises(DigestError, match=r"was written to meanwhile \(.*subscriber"):
        backup.move(services, elsewhere, watch=write_on)

    backup.check_empty(elsewhere)


def test_nothing_is_moved_while_a_mail_is_on_its_way(services: Services, elsewhere: str) -> None:
    with services.sessions.begin() as session:
        reader = make.subscriber(session)
        make.delivery(session, reader, state=DeliveryState.SENDING, sending_at=NOW)

    with pytest.raises(DigestError, match="are being sent still"):
        backup.move(services, elsewhere, wait=0.0)

    backup.check_empty(elsewhere)


# Commands

digest = test_cli.digest


@pytest.fixture
def typed(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Let commands work on the database at a URL."""
    (tmp_path / "backups").mkdir()
    monkeypatch.setenv("DIGEST_SOURCES", "sample")
    monkeypatch.setenv("DIGEST_DATABASE_URL", database_url)
    return lambda url: monkeypatch.setenv("DIGEST_DATABASE_URL", url)


def test_a_backup_is_restored_by_commands_and_goes_on(
    digest: Digest, typed: Callable[[str], None], elsewhere: str, tmp_path: Path
) -> None:
    digest("fetch")
    digest("subscribe", "ann@example.org", "--confirmed")
    saved = digest("backup", tmp_path / "backups", "--json")
    typed(elsewhere)
    restored = digest("restore", json.loads(saved.out)["file"], "--yes")
    stopped = digest("send-due")
    again = digest("restore", json.loads(saved.out)["file"], "--yes")
    resumed = digest("resume")
    sent = digest("send-due")

    assert [each.code for each in (saved, restored, stopped, resumed, sent)] == [0] * 5
    assert "then: digest resume" in restored.out
    assert "1 digests that were due since the backup are skipped" in resumed.out
    assert stopped.last_line["sent"] == sent.last_line["sent"] == 0
    assert again.code == 2
    assert "is not empty" in again.err


def test_a_book_of_departures_that_is_not_there_is_told_of(
    digest: Digest,
    typed: Callable[[str], None],
    elsewhere: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digest("backup", tmp_path / "one.zip")
    typed(elsewhere)
    monkeypatch.setenv("DIGEST_DEPARTURES_FILE", str(tmp_path / "not mounted" / "departures"))

    restored = digest("restore", tmp_path / "one.zip", "--yes")

    assert restored.code == 0
    assert "not mounted/departures: nobody ever left, or" in restored.out


@pytest.mark.usefixtures("typed")
def test_of_a_folder_of_backups_the_newest_are_kept(digest: Digest, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    for day in ("01", "02", "03"):
        (folder / f"daybreak-2026-01-{day}T000000Z.zip").touch()
    (folder / "daybreak-of-mine.zip").touch()

    ended = digest("backup", folder, "--keep", "2")

    kept = sorted(each.name for each in folder.iterdir())
    assert ended.code == 0
    assert kept[0] == "daybreak-2026-01-03T000000Z.zip"
    assert len(kept) == 3
    assert kept[-1] == "daybreak-of-mine.zip"


@pytest.mark.usefixtures("typed")
def test_what_was_just_made_is_kept_though_another_is_of_a_time_to_come(
    digest: Digest, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    (folder / "daybreak-2099-01-01T000000Z.zip").touch()

    saved = digest("backup", folder, "--keep", "1", "--json")

    assert Path(json.loads(saved.out)["file"]).is_file()


def test_nothing_is_written_over(digest: Digest, tmp_path: Path) -> None:
    mine = tmp_path / "mine.zip"
    mine.write_text("mine")

    ended = digest("backup", mine)

    assert ended.code == 2
    assert "is there already" in ended.err
    assert mine.read_text() == "mine"


@pytest.mark.usefixtures("typed")
def test_a_place_that_cannot_be_written_to_is_named(digest: Digest) -> None:
    for words in (["nowhere/one.zip"], ["nowhere", "--keep", "2"]):
        ended = digest("backup", *words)

        assert ended.code == 2
        assert "nowhere" in ended.err


def test_keys_that_are_in_a_backup_are_taken_over_where_there_are_none(
    digest: Digest,
    typed: Callable[[str], None],
    elsewhere: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digest("backup", tmp_path / "with.zip", "--with-keys")
    digest("backup", tmp_path / "without.zip")
    monkeypatch.setenv("DIGEST_STATE_DIR", str(tmp_path / "another"))
    typed(elsewhere)

    without = digest("restore", tmp_path / "without.zip", "--yes")
    made_up = (tmp_path / "another").exists()
    restored = digest("restore", tmp_path / "with.zip", "--yes")

    assert (without.code, restored.code, made_up) == (2, 0, False)
    assert "suppression.key" in without.err
    before, after = tmp_path / "var", tmp_path / "another"
    for name in ("secret.key", "suppression.key"):
        assert (before / name).read_text() == (after / name).read_text()
        assert (after / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("typed")
def test_the_command_moves_everything_and_says_what_to_set(digest: Digest, elsewhere: str) -> None:
    digest("subscribe", "ann@example.org", "--confirmed")

    moved = digest("migrate-to", elsewhere)
    again = digest("migrate-to", elsewhere)

    assert moved.code == 0
    assert re.search(r"^subscriber +1 rows", moved.out, re.MULTILINE)
    assert "Set DIGEST_DATABASE_URL to" in moved.out
    assert again.code == 2


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/x", "DIGEST_DATABASE_URL"),
        ("postgresql://ann:secret@127.0.0.1:9/none", "cannot be used"),
        ("sqlite:////nowhere/at/all.db", "cannot be used"),
    ],
)
def test_a_database_that_is_none_is_named_without_its_password(
    digest: Digest, url: str, said: str
) -> None:
    ended = digest("migrate-to", url)

    assert ended.code == 2
    assert said in ended.err
    assert "secret" not in ended.err

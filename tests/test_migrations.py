"""The database's history, on the way there and back; `scratch` migrations are made up here."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.orm import sessionmaker

from digest import edition, migrations
from digest.clock import Cadence
from digest.database import Sessions, connect
from digest.migrations import Age, versions
from digest.models import (
    AddressChange,
    AlarmRow,
    Balance,
    Base,
    Bounce,
    Consent,
    ConsentKind,
    Counted,
    DailyFigure,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EventKind,
    EventRow,
    FeedRow,
    Harvest,
    Heartbeat,
    Identifier,
    Interest,
    InterestKind,
    KeyCheck,
    MailboxReading,
    NothingNew,
    Pick,
    Rating,
    Record,
    Restoration,
    SendingBudget,
    Standing,
    Subscriber,
    Suppression,
    SuppressionReading,
    TopicModelRow,
    Turn,
)
from tests import make
from tests.servers import Postgres

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

MIGRATE = "from digest.migrations import migrate as run"

REBUILD = '''
"""Widen what points at what."""
import sqlalchemy as sa
from alembic import op

revision = "scratch"
down_revision = "{head}"
branch_labels = depends_on = None

def upgrade():
    for table in ("subscriber", "paper", "delivery"):
        with op.batch_alter_table(table, {recreate}) as batch:
            batch.add_column(sa.Column("remark", sa.String(20), nullable=True))
    {then}

def downgrade():
    for table in ("subscriber", "paper", "delivery"):
        with op.batch_alter_table(table, {recreate}) as batch:
            batch.drop_column("remark")
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def migrating(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url, for_migrations=True)
    yield engine
    engine.dispose()


def configured(engine: Engine, *, also: Path | None = None) -> Config:
    config = migrations._config()
    config.attributes["engine"] = engine
    if also:
        folders = [str(Path(str(versions.__file__)).parent), str(also)]
        config.set_main_option("version_locations", os.pathsep.join(folders))
    return config


def scratch(tmp_path: Path, engine: Engine, then: str = "") -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    recreate = "recreate='always'" if engine.dialect.name == "sqlite" else ""
    head = migrations._head(migrations._config())
    source = REBUILD.format(head=head, recreate=recreate, then=then or "pass")
    (folder / "scratch.py").write_text(source)
    return folder


def columns(engine: Engine) -> dict[str, list[str]]:
    seen = inspect(engine)
    return {
        table: [column["name"] for column in seen.get_columns(table)]
        for table in sorted(seen.get_table_names())
    }


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
        }


def test_the_models_and_the_migrations_agree(migrating: Engine) -> None:
    command.check(configured(migrating))


def test_migrating_says_whether_there_was_anything_to_do(empty_url: str) -> None:
    before = migrations.age(empty_url)

    did_something = migrations.migrate(empty_url), migrations.migrate(empty_url)

    assert before is Age.OLDER
    assert did_something == (True, False)
    assert migrations.age(empty_url) is Age.CURRENT


def test_a_database_is_older_current_or_newer(empty_url: str) -> None:
    before = migrations.age(empty_url)
    migrations.migrate(empty_url)
    after = migrations.age(empty_url)
    make.from_the_future(empty_url)

    assert (before, after) == (Age.OLDER, Age.CURRENT)
    assert migrations.age(empty_url) is Age.NEWER


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    make.all_at_once(MIGRATE, empty_url)

    assert migrations.age(empty_url) is Age.CURRENT


@pytest.fixture
def filled(sessions: Sessions, migrating: Engine) -> Engine:
    """A database with rows in every table."""
    with sessions.begin() as session:
        reader = make.subscriber(session, topics=("reasoning",), keywords=("RLHF",))
        paper = make.paper(session, now=NOW)
        delivery = make.delivery(session, reader)
        session.add_all(
            [
                Pick(
                    subscriber_id=reader.id,
                    paper_id=paper.id,
                    delivery_id=delivery.id,
                    place=0,
                    reasons=[],
                ),
                Rating(subscriber_id=reader.id, paper_id=paper.id, liked=True, at=NOW),
                Suppression(address_hash="a" * 64, reason=Standing.BOUNCED, at=NOW),
                Heartbeat(name="sweep", at=NOW),
                Identifier(value=paper.external_id, paper_id=paper.id),
                Record(paper_id=paper.id, source="arxiv", gave=["title"], facts={}),
                FeedRow(
                    name="feed:example.org",
                    url="https://example.org/rss",
                    title="Example",
                    hosts=["example.org"],
                    added_at=NOW,
                ),
                Turn(host="arxiv.org", free_at=NOW),
                Harvest(name="cs 2026-11-01 2026-11-02"),
                TopicModelRow(trained_at=NOW, body=b"", figures={}),
                AlarmRow(key="sending", why="suspended", raised_at=NOW),
                SendingBudget(id=1, next_free_at=NOW, sent_on=NOW.date(), sent_today=0),
                event(kind=EventKind.SENT),
                SuppressionReading(id=1, began_at=NOW),
                consent(reader, ConsentKind.FORM),
                AddressChange(
                    subscriber_id=reader.id,
                    email="new@example.org",
                    address_hash="b" * 64,
                    asked_at=NOW,
                ),
                MailboxReading(id=1, validity=7, uid=12),
                KeyCheck(id=1, value="c" * 64),
                Restoration(made_at=NOW, restored_at=NOW, readers_to=reader.id, awaited=[]),
                DailyFigure(
                    what=Counted.READERS, day=NOW.date(), of="active", value=1, counted_at=NOW
                ),
            ]
        )
        make.fetched(session, at=NOW)
        edition.build(session, NOW)
    sessions.kw["bind"].dispose()
    return migrating


def test_a_filled_database_keeps_its_rows_there_and_back(filled: Engine, tmp_path: Path) -> None:
    config = configured(filled, also=scratch(tmp_path, filled))
    before, shape = counts(filled), columns(filled)

    command.upgrade(config, "head")
    above = counts(filled)
    widened = columns(filled)
    command.downgrade(config, "-1")

    assert all(before.values())
    assert before == above == counts(filled)
    assert "remark" in widened["subscriber"]
    assert columns(filled) == shape


def test_a_rebuilt_table_keeps_what_guards_it(filled: Engine, tmp_path: Path) -> None:
    config = configured(filled, also=scratch(tmp_path, filled))
    command.upgrade(config, "head")
    command.downgrade(config, "-1")

    command.check(configured(filled))


def test_a_migration_that_fails_half_way_leaves_nothing_behind(
    filled: Engine, tmp_path: Path
) -> None:
    then = 'op.execute("SELECT nothing FROM nowhere")'
    config = configured(filled, also=scratch(tmp_path, filled, then))
    before, shape = counts(filled), columns(filled)

    with pytest.raises(Exception, match="nowhere"):
        command.upgrade(config, "head")

    assert columns(filled) == shape
    assert counts(filled) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_migration_that_leaves_rows_pointing_at_nothing_is_undone(
    filled: Engine, tmp_path: Path
) -> None:
    config = configured(filled, also=scratch(tmp_path, filled, 'op.execute("DELETE FROM paper")'))
    before = counts(filled)

    with pytest.raises(RuntimeError, match="point at nothing"):
        command.upgrade(config, "head")

    assert counts(filled) == before


def test_going_back_leaves_no_interest_that_the_version_before_cannot_read(
    filled: Engine,
) -> None:
    with sessionmaker(filled).begin() as session:
        reader = session.scalars(select(Subscriber.id)).first()
        session.add_all(
            Interest(subscriber_id=reader, kind=kind, value="x") for kind in InterestKind
        )

    command.downgrade(configured(filled), "20261121_sources")

    with filled.connect() as connection:
        left = set(connection.execute(text("SELECT kind FROM interest")).scalars())
    assert left == {"topic", "keyword", "muted"}


def test_a_reader_of_before_wants_things_evenly_and_has_said_nothing(filled: Engine) -> None:
    command.downgrade(configured(filled), "20261121_sources")

    command.upgrade(configured(filled), "head")

    with sessionmaker(filled).begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        assert (reader.about, reader.balance) == ("", Balance.EVEN)


def test_everything_can_be_taken_down_again(filled: Engine) -> None:
    command.downgrade(configured(filled), "base")

    assert set(columns(filled)) == {"alembic_version"}


@pytest.mark.parametrize(
    ("table", "column", "members"),
    [
        (Subscriber, "standing", Standing),
        (Subscriber, "cadence", Cadence),
        (Subscriber, "balance", Balance),
        (Subscriber, "nothing_new", NothingNew),
        (Interest, "kind", InterestKind),
        (Suppression, "reason", Standing),
        (Delivery, "kind", DeliveryKind),
        (Delivery, "state", DeliveryState),
        (EventRow, "kind", EventKind),
        (EventRow, "bounce", Bounce),
        (Subscriber, "left_as", Standing),
        (Consent, "what", ConsentKind),
    ],
)
def test_every_member_of_an_enum_can_be_kept(
    migrating: Engine, table: type[Any], column: str, members: type[StrEnum]
) -> None:
    for member in members:
        with sessionmaker(migrating).begin() as session:
            row = rows(session, table, column, member)
            session.add(row)
            session.flush()
            session.refresh(row)

            assert getattr(row, column) is member
            raw = session.execute(text(f"SELECT {column} FROM {table.__tablename__}"))  # noqa: S608
            assert member.value in set(raw.scalars())
            session.rollback()


def rows(session: Any, table: type[Any], column: str, member: StrEnum) -> Any:
    """Return a row of *table* that holds *member*."""
    if table is Subscriber:
        facts: dict[str, Any] = {column: member}
        return make.subscriber(session, **facts)
    if table is Delivery:
        return make.delivery(session, make.subscriber(session), **{column: member})
    if table is Interest:
        reader = make.subscriber(session)
        return Interest(subscriber_id=reader.id, kind=member, value="x")
    if table is Consent:
        return consent(make.subscriber(session), ConsentKind(member))
    if table is EventRow:
        facts = {"kind": EventKind.BOUNCED, column: member}
        return event(**facts)
    return Suppression(address_hash="a" * 64, reason=member, at=NOW)


def consent(reader: Subscriber, what: ConsentKind) -> Consent:
    return Consent(subscriber_id=reader.id, at=NOW, what=what, text_version="2026-11-22")


def event(**facts: Any) -> EventRow:
    return EventRow(message_id="m1", at=NOW, received_at=NOW, **facts)


def test_an_id_that_was_given_out_once_never_comes_back(sessions: Sessions) -> None:
    with sessions.begin() as session:
        first = make.subscriber(session)
        first_id = first.id
        session.delete(first)
    with sessions.begin() as session:
        second_id = make.subscriber(session).id

    assert second_id > first_id

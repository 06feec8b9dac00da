"""
No statement of sending reads a whole table: asked of PostgreSQL's planner, at 10 million readers.

The tables hold a sample, which is analysed; then they are said to be as large as they would be.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from digest import delivery, subscribers
from digest.compose import read_batch
from digest.database import Sessions
from digest.delivery import budget, states
from digest.models import DeliveryKind
from tests import make

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

LARGE = {
    "subscriber": 10_000_000,
    "delivery": 100_000_000,
    "pick": 1_000_000_000,
    "interest": 50_000_000,
    "rating": 20_000_000,
    "suppression": 200_000,
    "address_change": 100_000,
}

# Of a day's readers a few are due; of all that was ever sent a little is pending or under way.
SAMPLE = """
INSERT INTO subscriber (email, address_hash, standing, cadence, days, hour, zone, about, balance,
        papers, nothing_new, language, next_due_at, link_version, mails_asked, requested,
        created_at)
    SELECT 'reader' || n || '@readers.example', md5(n::text),
        CASE WHEN n % 10 = 0 THEN 'paused' ELSE 'active' END,
        'daily', '[]', 7, 'UTC', '', 'even', 10, 'skip', 'en',
        :now + make_interval(secs => 43 * (n - 20)), 0, 0, '{}', :now
    FROM generate_series(1, 2000) AS n;
INSERT INTO delivery (subscriber_id, kind, dedupe_key, state, priority, not_before, day_ends_at,
        attempts, created_at, sending_at, lease_until, lease_token)
    SELECT 1 + n % 2000, 'digest', (date '2026-11-01' + n / 2000)::text,
        CASE WHEN n < 100 THEN 'pending' WHEN n < 120 THEN 'claimed' WHEN n < 122 THEN 'sending'
            WHEN n < 125 THEN 'unknown' ELSE 'sent' END,
        CASE WHEN n % 50 = 0 THEN 1 ELSE 2 END, :now - interval '1 year',
        :now + interval '1 day', 0, :now, CASE WHEN n >= 120 THEN :now END,
        CASE WHEN n BETWEEN 100 AND 121 THEN :now + interval '1 year' END, 'other'
    FROM generate_series(0, 19999) AS n;
INSERT INTO interest (subscriber_id, kind, value)
    SELECT 1 + n % 2000, 'keyword', 'word ' || n FROM generate_series(1, 10000) AS n;
INSERT INTO suppression (address_hash, reason, at)
    SELECT md5('gone' || n), 'bounced', :now FROM generate_series(1, 500) AS n;
INSERT INTO pick (subscriber_id, paper_id, delivery_id, place, reasons)
    SELECT 1 + n % 2000, p, NULL, 0, '[]'
    FROM generate_series(1, 2000) AS n, unnest((:papers)::bigint[]) AS p;
INSERT INTO rating (subscriber_id, paper_id, liked, at)
    SELECT n, p, true, :now FROM generate_series(1, 200) AS n, unnest((:papers)::bigint[]) AS p
"""


def fill(sessions: Sessions) -> None:
    with sessions.begin() as session:
        papers = [make.paper(session, now=NOW).id for _ in range(10)]
        for statement in SAMPLE.split(";"):
            named = {"now": NOW, "papers": papers}
            wanted = {name: value for name, value in named.items() if f":{name}" in statement}
            session.execute(text(statement), wanted)


def enlarge(engine: Engine) -> None:
    """Let the planner believe that the tables are as large as they are for 10 million readers."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        for table, rows in LARGE.items():
            connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
            # The planner multiplies the rows of a page with the pages that it finds in the file.
            connection.execute(
                text(
                    "UPDATE pg_class SET relpages = greatest(1, pg_relation_size(oid) / 8192),"
                    " reltuples = :rows WHERE oid = CAST(:name AS regclass)"
                ),
                {"rows": rows, "name": table},
            )


@contextmanager
def statements_of(engine: Engine) -> Iterator[dict[str, Any]]:
    """Collect each statement that runs meanwhile, with its parameters."""
    found: dict[str, Any] = {}

    def note(*execution: Any) -> None:
        _connection, _cursor, statement, parameters, *_ = execution
        if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")):
            first = parameters[0] if isinstance(parameters, list) else parameters
            found.setdefault(statement, first)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def scans(engine: Engine, statements: dict[str, Any]) -> list[str]:
    """Return the plans in which a large table is read from its beginning to its end."""
    plans = []
    with engine.connect() as connection:
        for statement, parameters in statements.items():
            lines = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
            if any(_reads_all_of_it(line) for line in lines):
                plans.append("\n".join([statement, *lines]))
    return plans


def _reads_all_of_it(line: str) -> bool:
    found = line.partition("Seq Scan on ")[2].split(" ")[0]
    return found in LARGE


@pytest.fixture
def large(sessions: Sessions) -> Sessions:
    fill(sessions)
    enlarge(sessions.kw["bind"])
    return sessions


def test_what_reads_all_of_a_table_is_seen(large: Sessions) -> None:
    engine = large.kw["bind"]

    found = scans(engine, {"SELECT count(*) FROM delivery WHERE error IS NULL": {}})

    assert len(found) == 1


def test_a_sweep_reads_no_table_from_end_to_end(large: Sessions) -> None:
    engine = large.kw["bind"]

    with statements_of(engine) as found:
        swept = delivery.sweep(large, NOW)

    assert swept.planned > 0
    assert len(found) > 5
    assert scans(engine, found) == []


def test_sending_reads_no_table_from_end_to_end(large: Sessions) -> None:
    engine = large.kw["bind"]

    with statements_of(engine) as found:
        claimed = states.claim(large, "mine", 50)
        states.claim(large, "mine", 50, urgent=True)
        with large() as session:
            read_batch(session, claimed, samples=False)
        assert budget.claim_limit(large)
        assert budget.grant(large, 50)
        ids = {each.id for each in claimed}
        armed = states.arm(large, "mine", ids, [])
        states.record(large, [(each, f"id {each}") for each in armed])
        states.let_go(large, "mine")
        states.let_go(large, "mine", ids)

    assert len(armed) > 10
    assert len(found) > 12
    assert scans(engine, found) == []


def test_what_becomes_of_one_mail_reads_no_table_from_end_to_end(large: Sessions) -> None:
    engine = large.kw["bind"]
    doubtful, later, refused = _three(states.claim(large, "mine", 3))
    states.arm(large, "mine", {doubtful, later, refused}, [])

    with statements_of(engine) as found:
        states.doubt(large, "mine", doubtful, why="no answer")
        states.back(large, "mine", later, why="busy", after=60.0)
        states.fail(large, "mine", refused, why="no such mailbox")
        states.revive(large, [refused])
        with large.begin() as session:
            states.prove(session, doubtful, "an id", left=True)
        assert subscribers.unsubscribe(large, 7)
        delivery.still_sending(large, wait=0)

    assert scans(engine, found) == []


def _three(claimed: Sequence[states.Claimed]) -> tuple[int, int, int]:
    first, second, third = (each.id for each in claimed)
    return first, second, third


def test_a_bar_on_one_address_of_a_change_holds_up_nobody_else(sessions: Sessions) -> None:
    with sessions.begin() as session:
        moving = make.subscriber(session)
        make.delivery(session, moving, kind=DeliveryKind.CHANGE, address_hash="barred")
        make.delivery(session, make.subscriber(session))
        session.execute(
            text("INSERT INTO suppression VALUES ('barred', 'bounced', :now)"), {"now": NOW}
        )
    [claimed] = states.claim(sessions, "mine", 10)

    armed = states.arm(sessions, "mine", {claimed.id}, [])

    assert armed == {claimed.id}

"""SQLite finds what is due, waiting or over by its indexes: none of its statements reads it all."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine

from digest import delivery, planning
from digest.database import Sessions
from digest.delivery import states
from digest.figures import late
from tests import make
from tests.conftest import FRIDAY
from tests.test_scale import LARGE, statements_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_WHOLE = re.compile(rf"SCAN ({'|'.join(LARGE)})\b(?! USING (COVERING )?INDEX)")


def plans(engine: Engine, statements: dict[str, Any]) -> dict[str, str]:
    """Return how each statement is carried out."""
    with engine.connect() as connection:
        return {
            statement: "\n".join(
                row.detail
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            )
            for statement, parameters in statements.items()
        }


def whole(engine: Engine, statements: dict[str, Any]) -> list[str]:
    """Return the plans in which a large table is read from its beginning to its end."""
    found = plans(engine, statements)
    return [f"{statement}\n{plan}" for statement, plan in found.items() if _WHOLE.search(plan)]


def test_what_reads_all_of_a_table_is_seen(sessions: Sessions) -> None:
    engine = sessions.kw["bind"]

    assert whole(engine, {"SELECT count(*) FROM delivery WHERE error IS NULL": ()})


def test_a_sweep_and_a_claim_read_no_table_from_end_to_end(sessions: Sessions) -> None:
    engine = sessions.kw["bind"]
    with sessions.begin() as session:
        make.subscriber(session, next_due_at=FRIDAY)

    with statements_of(engine) as found:
        swept = delivery.sweep(sessions, FRIDAY)
        claimed = states.claim(sessions, "mine", 50)
        states.claim(sessions, "mine", 50, urgent=True)
        with sessions() as session:
            late(session, FRIDAY)

    assert (swept.planned, len(claimed)) == (1, 1)
    assert len(found) > 8
    assert whole(engine, found) == []


def test_who_sweeps_looks_only_at_mails_whose_day_is_over(sessions: Sessions) -> None:
    engine = sessions.kw["bind"]

    with statements_of(engine) as found, sessions.begin() as session:
        planning.close_stale(session, FRIDAY)

    [plan] = plans(engine, found).values()
    assert "SEARCH delivery USING INDEX ix__delivery_day (day_ends_at<?)" in plan

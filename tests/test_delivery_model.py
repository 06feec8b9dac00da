"""
The search for what delivery does wrong, and the proof that the search finds it.

Each of the mistakes in `tests/torture/breaks.py` is made on purpose and must be found: else the
search that finds none in the product is not worth its time.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event, text
from sqlalchemy.orm import Session, sessionmaker

from digest import subscribers
from digest.database import Sessions
from digest.delivery import states
from tests import make
from tests.torture import breaks
from tests.torture.machine import Wrong, delivering, the_world
from tests.torture.world import in_its_time

SEED = int(os.environ.get("MODEL_SEED", "5"))
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "40"))
"""A build's share of the search; more of it, or another one, is asked for by hand."""

MOST_EXAMPLES = 300
"""A break is found within a tenth of these."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of made-up faults are logged: nobody reads that, and it takes its time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def searched(examples: int, steps: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=phases,
    )


def test_no_interleaving_sends_twice_skips_anybody_or_writes_to_who_has_left() -> None:
    machine = delivering(first=SEED)

    with in_its_time(the_world()):
        run_state_machine_as_test(
            machine, settings=searched(EXAMPLES, 30, Phase.generate, Phase.shrink)
        )


@pytest.mark.parametrize("broken", breaks.EACH, ids=lambda each: each.__name__)
def test_the_search_finds_that(broken: breaks.Break) -> None:
    machine = delivering(*breaks.EACH[broken], first=SEED)

    with in_its_time(the_world()), broken(), pytest.raises(Wrong):
        run_state_machine_as_test(machine, settings=searched(MOST_EXAMPLES, 12, Phase.generate))


# One mistake does harm only between two connections of a server, so no machine above sees it.

on_a_server = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@on_a_server
def test_row_7_a_mail_is_not_armed_beside_an_unsubscribe_that_is_acknowledged(
    sessions: Sessions,
) -> None:
    assert armed_and_acknowledged(sessions) == (True, False)


@on_a_server
def test_without_the_lock_of_arm_both_happen(sessions: Sessions) -> None:
    with breaks.arm_takes_no_lock(sessions):
        both = armed_and_acknowledged(sessions)

    assert both == (True, True)


def armed_and_acknowledged(sessions: Sessions) -> tuple[bool, bool]:
    """Arm a mail and let its reader leave before that is committed; tell what came of both."""
    with sessions.begin() as session:
        reader = make.subscriber(session)
        delivery_id, reader_id = make.delivery(session, reader).id, reader.id
    states.claim(sessions, "mine", 1)
    is_armed, go_on = threading.Event(), threading.Event()
    slow: Sessions = sessionmaker(sessions.kw["bind"])

    @event.listens_for(slow, "before_commit")
    def _(_session: Session) -> None:
        is_armed.set()
        assert go_on.wait(10)

    with ThreadPoolExecutor(2) as threads:
        arming = threads.submit(states.arm, slow, "mine", [delivery_id], [])
        assert is_armed.wait(10)
        leaving = threads.submit(subscribers.unsubscribe, sessions, reader_id, wait=0)
        wait_for_either(sessions, leaving)
        go_on.set()
        return bool(arming.result(10)), leaving.result(10)


def wait_for_either(sessions: Sessions, leaving: Future[bool]) -> None:
    """Return once *leaving* is done, or waits for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    give_up_at = time.monotonic() + 10
    while not leaving.done():
        with sessions() as session:
            if session.scalars(waiting).one():
                return
        assert time.monotonic() < give_up_at
        time.sleep(0.01)

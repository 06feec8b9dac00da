"""One request at a time to a host that asks for it, by the whole installation."""

import json
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select, update

from digest import pipeline, turns
from digest.database import DatabaseNow, Sessions
from digest.errors import FetchError
from digest.models import Turn
from digest.services import Services
from digest.settings import Settings
from digest.turns import turn
from tests import make
from tests.newsstand import Newsstand

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
SLOW = "slow.example.org"

_TAKE_TURNS = """
import json, os, time
from sqlalchemy.orm import sessionmaker
from digest import turns
from digest.database import connect

def run(argument):
    url, log = json.loads(argument)
    turns.SPACING = {"slow.example.org": 0.001}
    engine = connect(url)
    with open(log, "a", buffering=1) as diary:
        for _ in range(5):
            with turns.turn(sessionmaker(engine), "slow.example.org", 60):
                diary.write(f"{os.getpid()} begins\\n")
                time.sleep(0.01)
                diary.write(f"{os.getpid()} ends\\n")
    engine.dispose()
"""


def free_in(sessions: Sessions, host: str = "arxiv.org") -> timedelta:
    """Return how long it is until somebody else may have the turn."""
    with sessions() as session:
        free_at, now = session.execute(
            select(Turn.free_at, DatabaseNow()).where(Turn.host == host)
        ).one()
        return timedelta(seconds=(free_at - now).total_seconds())


def free(sessions: Sessions, at: datetime = LONG_AGO) -> None:
    """Turn the clock on: what was to be free later is free now."""
    with sessions.begin() as session:
        session.execute(update(Turn).values(free_at=at))


def is_free(sessions: Sessions, host: str = "arxiv.org") -> bool:
    with suppress(FetchError), turn(sessions, host, patience=0):
        return True
    return False


def test_while_one_holds_the_turn_nobody_else_has_it(sessions: Sessions) -> None:
    with turn(sessions, "arxiv.org", patience=0):
        assert not is_free(sessions)
        assert free_in(sessions) > timedelta(seconds=50)


def test_given_back_it_is_free_after_the_pace_that_the_host_asks_for(sessions: Sessions) -> None:
    with turn(sessions, "arxiv.org", patience=0):
        pass

    waits = free_in(sessions)
    at_once = is_free(sessions)
    free(sessions)

    assert waits <= timedelta(seconds=3)
    assert not at_once
    assert is_free(sessions)


def test_an_error_gives_it_back_too(sessions: Sessions) -> None:
    with pytest.raises(FetchError, match="answered 503"), turn(sessions, "arxiv.org", patience=0):
        raise FetchError("answered 503")

    assert free_in(sessions) <= timedelta(seconds=3)


def test_a_dead_process_loses_its_turn(sessions: Sessions) -> None:
    with turn(sessions, "arxiv.org", patience=0):
        before = is_free(sessions)
        free(sessions)
        after = is_free(sessions)

    assert (before, after) == (False, True)


def test_who_comes_back_from_the_dead_does_not_take_the_turn_from_its_next_holder(
    sessions: Sessions,
) -> None:
    with ExitStack() as successor:
        with turn(sessions, "arxiv.org", patience=0):
            free(sessions)
            successor.enter_context(turn(sessions, "arxiv.org", patience=0))

        assert free_in(sessions) > timedelta(seconds=50)


def test_patience_ends_in_words(sessions: Sessions) -> None:
    with (
        turn(sessions, "arxiv.org", patience=0),
        pytest.raises(FetchError, match=r"export.arxiv.org: others are asking it"),
        turn(sessions, "export.arxiv.org", patience=0),
    ):
        pass


def test_all_hosts_of_one_house_share_one_turn(sessions: Sessions) -> None:
    with turn(sessions, "export.arxiv.org", patience=0):
        for host in ("rss.arxiv.org", "oaipmh.arxiv.org", "arxiv.org"):
            assert not is_free(sessions, host)


def test_other_hosts_need_no_turn(sessions: Sessions) -> None:
    with turn(sessions, "arxiv.org", patience=0):
        for host in ("huggingface.co", "notarxiv.org", "arxiv.org.example.org"):
            with turn(sessions, host, patience=0):
                assert is_free(sessions, host)

    with sessions() as session:
        assert session.scalars(select(Turn.host)).all() == ["arxiv.org"]


def test_every_request_of_the_service_takes_its_turn(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SPACING", {"127.0.0.1": 3.0})
    mirrors = replace(
        services, settings=settings.model_copy(update={"allow_private_addresses": True})
    )

    with Newsstand() as stand:
        stand.pages["/list"] = b"[]"
        pipeline.http(mirrors).get(f"{stand.url}/list")

    waits = free_in(services.sessions, "127.0.0.1")
    assert waits <= timedelta(seconds=3)


def test_who_waits_has_it_when_it_is_free(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SPACING", {SLOW: 0.001})
    diary: list[str] = []

    def ask(name: str) -> None:
        for _ in range(5):
            with turn(sessions, SLOW, patience=60):
                diary.append(f"{name} begins")
                free_in(sessions, SLOW)
                diary.append(f"{name} ends")

    threads = [Thread(target=ask, args=(name,)) for name in ("ann", "bo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(diary) == 20
    assert_one_at_a_time(diary)


def test_processes_take_turns_too(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    diary = tmp_path / "diary"

    make.all_at_once(_TAKE_TURNS, json.dumps([database_url, str(diary)]), processes=2)

    lines = diary.read_text().splitlines()
    assert len(lines) == 20
    assert len({line.split()[0] for line in lines}) == 2
    assert_one_at_a_time(lines)
    assert free_in(sessions, SLOW) <= timedelta(seconds=3)


def assert_one_at_a_time(diary: list[str]) -> None:
    pairs = list(zip(diary[::2], diary[1::2], strict=True))
    assert all(end == begin.replace("begins", "ends") for begin, end in pairs)

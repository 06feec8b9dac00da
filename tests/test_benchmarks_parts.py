"""The benchmark's parts run alone, its readers are real, its tables reach the documents."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from benchmarks import profiling, seeding, stores, tables, whole
from benchmarks.measure import Sizes
from digest.database import Sessions, connect
from digest.models import Interest, Subscriber
from tests.servers import Postgres

ROOT = Path(__file__).parents[1]

RESULTS: list[dict[str, Any]] = [
    {"name": "a mail", "value": 1234.5, "unit": "us", "goal": "at most 1,500", "met": True},
    {"name": "a ratio", "value": 1.254, "unit": "", "goal": "at most 1.15", "met": False},
    {"name": "another", "value": None, "unit": "%", "goal": None, "met": None},
]


def bench(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_one_part_runs_alone(tmp_path: Path) -> None:
    out = tmp_path / "results.json"

    ran = bench("--quick", "--only", "trends", "--out", str(out))

    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.startswith("  trends: ")
    assert {each["name"].partition(" of ")[0] for each in json.loads(out.read_text())} == {
        "trends",
        "a day's upvotes by all but upvotes, fitted on earlier days",
        "a day's upvotes by authors",
        "a day's upvotes by comments",
        "a day's upvotes by stars",
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "nothing"], "choose from 'sink'"),
        (["--data", "nowhere"], "--data nowhere: it has no hf_daily_papers.jsonl.gz"),
        (["--readers", "0"], "at least one reader"),
        (["--markdown", "--out", "nowhere.json"], "run the benchmark first"),
    ],
)
def test_what_cannot_be_measured_is_said_before_anything_is(words: list[str], told: str) -> None:
    ran = bench(*words)

    assert ran.returncode == 2
    assert told in ran.stderr


def test_the_last_results_are_shown_as_markdown(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    out.write_text(json.dumps(RESULTS))

    ran = bench("--markdown", "--out", str(out))

    assert ran.stdout.splitlines()[2:] == [
        "| a mail | 1,234 us | at most 1,500 | met |",
        "| a ratio | 1.25 | at most 1.15 | **missed** |",
        "| another | no data % |  |  |",
    ]


@pytest.mark.parametrize(("name", "path"), tables.DOCUMENTS.items())
def test_documents_have_a_place_for_their_table(name: str, path: Path) -> None:
    text = path.read_text()

    fresh = tables.replaced(text, name, tables.markdown(RESULTS))

    assert "| a ratio | 1.25 | at most 1.15 | **missed** |" in fresh
    assert tables.replaced(fresh, name, "") == tables.replaced(text, name, "")


def test_a_document_without_that_place_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no place for a table"):
        tables.replaced("# Title", "all", "a table")


def test_readers_by_copy_are_those_that_the_service_would_write(postgres: Postgres) -> None:
    plainly = postgres.new_database()
    with opened(plainly) as sessions:
        stores.fill(plainly, sessions, papers=20, readers=5)

    copied = seeding.database(postgres, papers=20, readers=5)

    assert readers(copied) == readers(plainly)


@contextmanager
def opened(url: str) -> Iterator[Sessions]:
    sessions = sessionmaker(connect(url))
    yield sessions
    sessions.kw["bind"].dispose()


def readers(url: str) -> list[tuple[object, ...]]:
    with opened(url) as sessions, sessions() as session:
        found = [tuple(row) for row in session.execute(select(*Subscriber.__table__.c))]
        follow = select(Interest.subscriber_id, Interest.kind, Interest.value)
        found += [tuple(row) for row in session.execute(follow)]
    return sorted(found, key=repr)


def test_a_whole_run_is_weighed_against_one_with_a_tenth_of_its_readers() -> None:
    told: list[str] = []
    sizes = Sizes(rounds=1, papers=30, readers=20, mails=5, repeats=1)

    found = {each.name: each for each in whole.figures(sizes, 20, told.append)}

    assert "whole run of 20 readers / of 2: time" in found
    assert "planned 20 digests" in told
    assert any(line.startswith("a process has sent ") for line in told)


def test_a_profile_is_summed_up_by_the_innermost_part_of_each_moment() -> None:
    sending = "deliver (digest/delivery/sender.py:55)"
    stacks = [
        f"main (x.py:1);{sending};match (digest/match/matching.py:3);zeros (numpy/core.py:1) 1",
        f"x (x.py:1);{sending};send (digest/mail/ses.py:70);_api_call (a/botocore/client.py:5) 6",
        f"main (x.py:1);{sending};send (digest/mail/ses.py:70) 1",
        "main (x.py:1);let_wait (benchmarks/stores.py:65) 99",
    ]

    assert profiling.shares(stacks) == [
        ("the call of SES", 0.75),
        ("match and reasons", 0.125),
        ("the mail's bytes and tags", 0.125),
    ]

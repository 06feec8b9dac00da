"""The simulator of a day: nothing is lost or too early, and it says what breaks first."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.simulate import HOUR, HOURS, MINUTES, ZONES, Costs, Fleet, due, main, simulate

ROOT = Path(__file__).parents[1]


@given(
    digests=st.integers(0, 5_000_000),
    window=st.integers(1, HOUR),
    a_second=st.floats(0.5, 5_000),
)
def test_every_digest_is_sent_once_and_none_before_it_is_due(
    digests: int, window: int, a_second: float
) -> None:
    wanted = due(digests, window)

    day = simulate(wanted, a_second)

    assert wanted.sum() == day.due.sum() == day.sent.sum() == digests
    assert (np.cumsum(day.sent) <= np.cumsum(day.due)).all()
    assert (day.backlog >= 0).all()
    assert day.backlog[-1] == 0
    assert day.sent.max() <= max(1, a_second * HOUR)
    assert (day.sent >= 0).all()


def test_a_sender_is_idle_only_when_nothing_waits() -> None:
    day = simulate(due(1_000_000), 20)

    busy = day.sent == 20 * HOUR
    assert (day.backlog[~busy] == 0).all()


def test_digests_are_due_at_full_hours_of_the_readers_clocks() -> None:
    minutes = np.flatnonzero(due(10_000_000))

    assert {minute % HOUR for minute in minutes.tolist()} == {0, 30}
    assert len(minutes) <= len(ZONES) * len(HOURS)


def test_a_window_lets_nobody_s_hour_pass() -> None:
    at_once, spread = due(10_000_000), due(10_000_000, 30)

    assert spread.max() < at_once.max() / 10
    by_half_hours = spread.reshape(-1, 30).sum(axis=1) - at_once.reshape(-1, 30).sum(axis=1)
    assert np.abs(by_half_hours).max() <= 1


def test_a_mail_waits_for_those_before_it() -> None:
    wanted = np.zeros(MINUTES, np.int64)
    wanted[420] = 600

    day = simulate(wanted, 1)

    assert day.waited[420] == 9
    assert day.waited_by(0.5) == 9
    assert day.waited.sum() == 9


def test_what_is_doubled_takes_twice_as_much() -> None:
    one, two = Fleet().capacities(Costs()), Fleet(accounts=2, machines=2).capacities(Costs())

    doubled = {name for name in one if two[name] == 2 * one[name]}
    assert doubled == {"SES's rate", "workers' processors", "workers' calls", "workers' network"}


def test_it_prints_the_day_and_what_is_narrowest(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--readers", "10M", "100M", "--rate", "14"])

    printed = capsys.readouterr().out
    assert "10,000,000 readers, 10,000,000 digests on this day" in printed
    assert "Narrowest: SES's rate, 14 mails/s" in printed
    assert "It does not fit into a day" in printed


def test_another_part_can_be_the_narrowest(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--readers", "1M", "--rate", "100000", "--database-us", "9000000"])

    assert "Narrowest: database's processors, 1 mails/s" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--readers", "none"],
        ["--readers", "0"],
        ["--share", "2"],
        ["--window", "61"],
        ["--rate", "-1"],
        ["--rate", "fast"],
        ["--cores", "1.5"],
        ["--latency-ms", "inf"],
    ],
)
def test_a_day_that_cannot_be_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_it_runs_as_the_document_says() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.simulate", "--readers", "250k", "--share", "0.5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert ran.stdout.startswith("250,000 readers, 125,000 digests on this day")
    assert ran.stderr == ""

"""The torture run: short ones on both databases, and proof that its verdict sees what it should."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from digest import aws, pipeline
from digest.delivery import budget
from digest.mail.ses import Ses
from digest.mail.transport import Accepted, Allowance, NotSent, Outcome, Reaction, Unknown
from digest.models import DeliveryKind, DeliveryState, Standing
from tests.loopback import Listener
from tests.servers import Postgres
from tests.test_budget import NOW, Post
from tests.test_message import DIGEST, LETTERHEAD
from tests.test_message import NOW as WRITTEN_AT
from tests.torture import verdict
from tests.torture.haste import calling
from tests.torture.post_office import PostOffice, Trouble, troubles
from tests.torture.readership import Goodbye, Reader, settle_in
from tests.torture.record import Record, Request
from tests.torture.signature import KEY_ID, SECRET, is_signed
from tests.torture.stage import BEGINS, ROOT, stage
from tests.torture.tide import OUTAGE, Tide
from tests.torture.verdict import Row, judge

PATIENCE = 120.0
"""Seconds for processes to start or to end, on a machine that does much else."""

SLOW = 0.4
KILLS = 2
SHORT = (
    *("--seconds", "4", "--readers", "120"),
    *("--between", "0.7", "--lease", "1.5", "--measures", "0", "--kills", str(KILLS)),
)
SEEDS = {"postgresql": "81", "sqlite": "2603"}
"""Senders and the database die there; on SQLite the whole worker, which is soon back."""


def command(database: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "tests.torture", "--database", database, *options]


# Short runs of the real thing


@pytest.fixture(scope="module")
def runs() -> dict[str, subprocess.CompletedProcess[str]]:
    """Both at once, for each of them waits most of the time."""

    def run(database: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(database, *SHORT, "--seed", SEEDS[database]),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    with ThreadPoolExecutor(len(SEEDS)) as threads:
        return dict(zip(SEEDS, threads.map(run, SEEDS), strict=True))


@pytest.mark.parametrize("database", SEEDS)
def test_under_kills_nobody_is_mailed_twice_nobody_skipped_and_nobody_who_left(
    runs: dict[str, subprocess.CompletedProcess[str]], database: str
) -> None:
    """Row 1."""
    run = runs[database]

    assert run.returncode == 0, run.stderr
    outcome = json.loads(run.stdout.splitlines()[-1])
    assert [outcome[name] for name in ("twice", "lost", "after_unsubscribe")] == [0, 0, 0]
    assert outcome["kills"] >= KILLS
    assert outcome["sent"] >= 20
    assert outcome["events"] >= 1


def test_a_run_that_is_broken_off_ends_all_that_it_started() -> None:
    with subprocess.Popen(
        command("postgresql", "--seconds", "60"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        try:
            started = family_of(run.pid, at_least=6)
            run.send_signal(signal.SIGINT)
            run.wait(PATIENCE)
        finally:
            run.kill()

    _gone, left = psutil.wait_procs(started, timeout=PATIENCE)
    assert left == []


def family_of(pid: int, *, at_least: int) -> list[psutil.Process]:
    """Return the processes below *pid* once there are so many."""
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        found = psutil.Process(pid).children(recursive=True)
        if len(found) >= at_least:
            return found
        time.sleep(0.05)
    raise AssertionError(f"only {len(found)} processes")


def test_time_waits_for_the_reader_who_waits_longest_whenever_the_last_sweep_ended() -> None:
    with stage("sqlite", lease=1.5, seed=1) as here:
        tide = Tide(here, day=10.0)
        settle_in(here.services, [Reader(1, hour=12, zone="UTC"), Reader(2, hour=9, zone="UTC")])
        tide.rise(timedelta(hours=16))
        pipeline.beat(here.services, "sweep")

        limit = tide.limit()

    assert limit == BEGINS.replace(hour=9, minute=0) + OUTAGE


# What the verdict sees

READER = Reader(1, hour=9, zone="UTC")
LEAVER = Reader(2, hour=9, zone="UTC")
UNTIL = BEGINS + timedelta(days=2)
"""Two digests are due to each reader by then."""


def request(reader: Reader, delivery: int, day: str, begun: float, **facts: Any) -> Request:
    usual = Request(
        begun=begun,
        accepted=True,
        delivery=delivery,
        kind="digest",
        to=reader.email,
        day=day,
        message_id=f"id-{delivery}-{begun}",
        trouble="",
    )
    return replace(usual, **facts)


def row(reader: Reader, delivery: int, day: str, **facts: Any) -> Row:
    usual = Row(
        id=delivery,
        kind=DeliveryKind.DIGEST,
        key=f"2026-{day}",
        state=DeliveryState.SENT,
        error=None,
        attempts=0,
        created_at=BEGINS,
        reader_id=reader.id,
        standing=Standing.ACTIVE,
    )
    return replace(usual, **facts)


def sound() -> tuple[list[Request], list[Row]]:
    """Return the record and the rows of a run without a fault: 2 readers, 2 days."""
    due = [
        (number, reader, day)
        for number, (reader, day) in enumerate(
            ((reader, day) for reader in (READER, LEAVER) for day in ("03-06", "03-07")), start=1
        )
    ]
    requests = [request(reader, number, day, 100.0 * number) for number, reader, day in due]
    return requests, [row(reader, number, day) for number, reader, day in due]


def counted(requests: list[Request], rows: list[Row], *goodbyes: Goodbye) -> dict[str, int]:
    found = judge([READER, LEAVER], goodbyes, UNTIL, requests, rows)
    names = ("twice", "lost", "after_unsubscribe", "warned")
    return {name: len(getattr(found, name)) for name in names if getattr(found, name)}


def test_a_sound_run_has_no_faults() -> None:
    assert counted(*sound()) == {}


def test_a_delivery_that_was_accepted_twice_is_counted() -> None:
    requests, rows = sound()
    again = replace(requests[2], begun=350.0, message_id="another")

    assert counted([*requests, again], rows) == {"twice": 1}


def test_two_deliveries_to_one_reader_for_one_day_are_counted() -> None:
    requests, rows = sound()
    requests.append(request(READER, 9, "03-06", 150.0))

    assert counted(requests, [*rows, row(READER, 9, "03-06")]) == {"twice": 1}


def test_a_second_request_that_was_not_accepted_is_no_second_mail() -> None:
    requests, rows = sound()
    failed = replace(requests[2], begun=250.0, accepted=False, message_id=None)

    assert counted([*requests, failed], rows) == {}


def test_a_digest_that_never_came_is_counted() -> None:
    requests, rows = sound()
    del requests[1]

    assert counted(requests, rows) == {"lost": 1}


def test_a_digest_that_was_never_even_planned_is_counted() -> None:
    requests, rows = sound()

    assert counted(requests[:-1], rows[:-1]) == {"lost": 1}


def test_a_digest_that_failed_or_was_superseded_is_counted_for_who_never_left() -> None:
    requests, rows = sound()
    rows[0] = replace(rows[0], state=DeliveryState.FAILED)
    rows[1] = replace(rows[1], state=DeliveryState.SKIPPED, error="superseded by a later digest")

    assert counted(requests[2:], rows) == {"lost": 2}


@pytest.mark.parametrize(
    "doubt",
    [
        {"state": DeliveryState.UNKNOWN, "error": "its sender died"},
        {"state": DeliveryState.SKIPPED, "error": "outcome unknown"},
    ],
)
def test_what_is_in_doubt_is_not_lost(doubt: dict[str, Any]) -> None:
    requests, rows = sound()
    rows[1] = replace(rows[1], **doubt)
    del requests[1]

    assert counted(requests, rows) == {}


def test_a_mail_that_began_after_an_acknowledged_unsubscribe_is_counted() -> None:
    requests, rows = sound()

    assert counted(requests, rows, Goodbye(LEAVER, acknowledged=399.0)) == {"after_unsubscribe": 1}


def test_one_that_began_after_an_acknowledgement_with_a_warning_is_counted_as_warned() -> None:
    requests, rows = sound()
    goodbye = Goodbye(LEAVER, acknowledged=399.0, warned=True)

    assert counted(requests, rows, goodbye) == {"warned": 1}


def test_one_that_began_and_was_not_accepted_counts_all_the_same() -> None:
    requests, rows = sound()
    requests[3] = replace(requests[3], accepted=False)

    assert counted(requests, rows, Goodbye(LEAVER, acknowledged=399.0)) == {"after_unsubscribe": 1}


@pytest.mark.parametrize("acknowledged", [401.0, None])
def test_one_that_began_before_the_acknowledgement_is_no_fault(acknowledged: float | None) -> None:
    requests, rows = sound()

    assert counted(requests, rows, Goodbye(LEAVER, acknowledged=acknowledged)) == {}


def came_back() -> Goodbye:
    return Goodbye(
        LEAVER, acknowledged=250.0, asked_again=260.0, confirmed=270.0, confirmed_at=BEGINS
    )


def test_who_asks_again_may_have_the_confirmation_and_not_yet_a_digest() -> None:
    requests, rows = sound()
    asked = Goodbye(LEAVER, acknowledged=350.0, asked_again=360.0)
    requests.append(request(LEAVER, 8, "", 370.0, kind="confirmation"))

    assert counted(requests, rows, asked) == {"after_unsubscribe": 1}


def test_who_confirmed_may_have_digests_again_and_loses_none() -> None:
    requests, rows = sound()
    back = came_back()
    late = replace(rows[3], created_at=BEGINS + timedelta(hours=1))

    assert counted(requests, [*rows[:3], late], back) == {}
    assert counted(requests[:3], [*rows[:3], late], back) == {"lost": 1}


def test_only_the_last_goodbye_before_a_mail_counts() -> None:
    requests, rows = sound()
    first = came_back()
    second = Goodbye(LEAVER, 390.0)

    assert counted(requests, rows, second, first) == {"after_unsubscribe": 1}


def test_the_peak_is_that_of_the_fullest_second() -> None:
    assert verdict.peak([0.0, 0.9, 1.0, 1.5, 1.8, 5.0]) == 4
    assert verdict.peak([]) == 0


# The post office


class Office(Listener):
    """A post office in this process, with one trouble, or none."""

    def __init__(self, folder: Path) -> None:
        self.troubles: list[Trouble] = []
        self._record = folder / "record"
        super().__init__(PostOffice(self._record, folder / "calm", self.troubles, seed=1))

    @property
    def requests(self) -> list[Request]:
        return list(Record(self._record).news())


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Office]:
    with Office(tmp_path) as running:
        for name, value in {
            "AWS_ENDPOINT_URL_SESV2": running.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_MAX_ATTEMPTS": "5",
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(aws, "_ONCE", calling(connect=1.0, read=SLOW / 2))
        yield running


def send() -> Outcome:
    transport = Ses(lambda: aws.ses("eu-west-1"), LETTERHEAD, lambda: WRITTEN_AT)
    try:
        return transport.send(DIGEST)
    finally:
        transport.close()


def test_the_office_writes_down_what_it_accepts(office: Office) -> None:
    outcome = send()

    [request] = office.requests
    assert outcome == Accepted(request.message_id or "")
    assert (request.delivery, request.kind, request.to) == (42, "digest", "ann@example.org")


@pytest.mark.parametrize("trouble", troubles(SLOW), ids=lambda each: each.name)
def test_one_call_is_one_request_whatever_goes_wrong(office: Office, trouble: Trouble) -> None:
    """Row 3."""
    office.troubles.append(replace(trouble, of_a_thousand=1000))

    outcome = send()

    [request] = office.requests
    assert request.accepted is trouble.takes
    # Only what surely was not taken may be tried again.
    assert isinstance(outcome, Unknown if trouble.takes else NotSent | Unknown)


def test_a_request_that_was_signed_with_another_secret_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    outcome = send()

    assert isinstance(outcome, NotSent)
    assert outcome.kind is Reaction.STOP
    assert office.requests == []


@pytest.mark.parametrize(
    ("method", "url", "body", "valid"),
    [
        ("POST", "/v2/email/outbound-emails", b"{}", True),
        ("POST", "/v2/email/outbound-emails", b"{ }", False),
        ("POST", "/v2/email/outbound-emails?a=b", b"{}", False),
        ("GET", "/v2/email/outbound-emails", b"{}", False),
    ],
)
def test_a_signature_holds_for_what_was_signed_only(
    method: str,
    url: str,
    body: bytes,
    valid: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    signed = AWSRequest(
        "POST",
        "http://127.0.0.1/v2/email/outbound-emails",
        {"Host": "127.0.0.1", "Content-Type": "application/json"},
        b"{}",
    )
    SigV4Auth(Credentials(KEY_ID, SECRET), "ses", "eu-west-1").add_auth(signed)

    assert is_signed(method, url, dict(signed.headers.items()), body, SECRET) is valid


# The rate


def test_row_21_eight_processes_never_exceed_the_rate_in_any_second(
    postgres: Postgres, postgres_template: str
) -> None:
    rate, seconds = 14.0, 3.0
    url = postgres.new_database(postgres_template)
    engine = create_engine(url)
    budget.read_allowance(sessionmaker(engine), Post(Allowance(rate=rate)), NOW)
    engine.dispose()

    senders = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.torture.grants", url, str(seconds), str(wanted)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for wanted in (1, 2, 3, 5, 8, 13, 21, 50)
    ]
    for sender in senders:
        assert sender.stdout
        sender.stdout.readline()
    for sender in senders:
        assert sender.stdin
        sender.stdin.write("go\n")
        sender.stdin.flush()
    moments = [json.loads(sender.communicate()[0]) for sender in senders]

    assert all(moments), "every process was granted something"
    assert verdict.peak(moment for each in moments for moment in each) <= rate

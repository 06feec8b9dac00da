"""The search of the logs finds what it is there for."""

import logging
from pathlib import Path

import pytest

from digest.errors import BadAddress
from digest.links import Links, Purpose
from digest.subscribers import normalised
from tests.log_scan import LogScan, given_away_in, secrets_in

ADDRESS = "odd+tag@mail.example.org"
LINKS = Links("https://daily.example.org", ("k" * 32,), "s" * 32)
log = logging.getLogger("digest.anything")


@pytest.mark.gives_away
@pytest.mark.parametrize(
    "text",
    [
        f"mail to {ADDRESS} was refused",
        f"RCPT TO:<{ADDRESS}>",
        f"email={ADDRESS!r}",
        *(f"path={LINKS.make(purpose, 7, 1)}" for purpose in Purpose),
        f"subject={LINKS.leave_code(4711)}",
    ],
)
def test_row_40_the_log_scan_sees(text: str, log_scan: LogScan) -> None:
    log.debug("something: %s", text)

    [found] = log_scan.take()

    assert "test_log_scan.py" in found


@pytest.mark.gives_away
def test_row_40_the_log_scan_reads_tracebacks(log_scan: LogScan) -> None:
    try:
        normalised(f"{ADDRESS}, eve@example.org")
    except BadAddress:
        log.exception("not kept")

    assert len(log_scan.take()) == 1


@pytest.mark.gives_away
def test_row_40_the_log_scan_reads_what_processes_wrote(tmp_path: Path) -> None:
    written = tmp_path / "test_of_a_worker" / "worker.log"
    written.parent.mkdir()
    written.write_text(f"INFO digest sent to={ADDRESS}\n")

    found = given_away_in(tmp_path)

    # The search at the end of the suite shall not find it.
    written.unlink()
    assert found == [f"test_of_a_worker/worker.log: {ADDRESS}"]


@pytest.mark.parametrize(
    "text",
    [
        "sent delivery=7",
        "method=GET path=/confirm/<token> status=200 ms=1.5",
        "refused delivery=7 why=550 5.1.1 (address): no such mailbox",
        "2026-11-20T06:00:00.123456+00:00 papers=2611.00001v2 seconds=0.1234567",
        "cannot reach export.arxiv.org:443: Temporary failure in name resolution",
        "celery@worker-1 ready.",
        "Cannot connect to redis://:**@127.0.0.1:6379/0",
        "provider_id=0102018f-5b1e7c4a-3f1d-4b0a-9c57-000000",
    ],
)
def test_the_log_scan_has_nothing_against(text: str) -> None:
    assert secrets_in(text) == []


def test_the_suite_hears_what_only_developers_turn_on(log_scan: LogScan) -> None:
    assert log.isEnabledFor(logging.DEBUG)
    assert logging.getLogRecordFactory() == log_scan.record

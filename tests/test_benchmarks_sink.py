"""The sink of the benchmarks answers as SES does, in C and in Python."""

import json
import socket
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from benchmarks import sink
from benchmarks.sink import Sink
from digest.aws import ses

MAIL = {"Destination": {"ToAddresses": ["ann@example.org"]}, "Content": {"Raw": {"Data": b"..."}}}


@pytest.fixture(params=["in C", "in Python"])
def running(request: pytest.FixtureRequest) -> Iterator[Sink]:
    wanted = request.param == "in C"
    if wanted and sink.compiled() is None:
        pytest.skip("there is no C compiler")
    with sink.running(rate=140, in_c=wanted) as it:
        assert it.in_c is wanted
        yield it


def answers(url: str, sent: bytes, count: int, pieces: int = 1) -> list[dict[str, Any]]:
    """Return what is answered to the bytes *sent*, on one connection."""
    host = urlsplit(url)
    length = -(-len(sent) // pieces)
    with socket.create_connection((host.hostname, host.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(sent), length):
            connection.sendall(sent[start : start + length])
        stream = connection.makefile("rb")
        return [answer(stream) for _ in range(count)]


def answer(stream: Any) -> dict[str, Any]:
    assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
    headers = dict(line.split(b": ", 1) for line in iter(stream.readline, b"\r\n"))
    found: dict[str, Any] = json.loads(stream.read(int(headers[b"Content-Length"])))
    return found


def post(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: sink\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_it_takes_a_mail_from_boto3(running: Sink) -> None:
    assert running.pid

    taken = ses("eu-west-1").send_email(**MAIL)  # type: ignore[arg-type]

    assert taken["MessageId"] == sink.MESSAGE_ID


def test_it_says_what_it_allows(running: Sink) -> None:
    assert running.pid

    allowed = ses("eu-west-1").get_account()["SendQuota"]

    assert (allowed["MaxSendRate"], allowed["Max24HourSend"]) == (140, -1)


def test_it_has_a_result_for_each_mail_of_a_bulk_call(running: Sink) -> None:
    body = json.dumps({"BulkEmailEntries": [{"Destination": {}}] * 7}).encode()

    [taken] = answers(running.url, post("/v2/email/outbound-bulk-emails", body), 1)

    assert [each["Status"] for each in taken["BulkEmailEntryResults"]] == ["SUCCESS"] * 7


def test_requests_may_come_in_pieces_or_several_at_once(running: Sink) -> None:
    requests = post("/v2/email/outbound-emails", b"x" * 200_000) * 3

    for pieces in (1, 40):
        assert len(answers(running.url, requests, 3, pieces)) == 3


def test_it_outlives_who_hangs_up_in_the_middle(running: Sink) -> None:
    host = urlsplit(running.url)
    with socket.create_connection((host.hostname, host.port), timeout=30) as connection:
        connection.sendall(post("/v2/email/outbound-emails", b"x" * 100)[:-10])

    assert answers(running.url, post("/v2/email/outbound-emails", b"{}"), 1)


@pytest.mark.parametrize("in_c", [True, False])
def test_a_slow_one_answers_all_who_wait(in_c: bool) -> None:  # noqa: FBT001
    with sink.running(delay=0.02, in_c=in_c) as slow:
        requests = post("/v2/email/outbound-emails", b"{}") * 10

        assert len(answers(slow.url, requests, 10)) == 10


def test_it_ends_with_who_started_it() -> None:
    with sink.running() as it:
        process = psutil.Process(it.pid)

    assert not process.is_running()


def test_without_its_words_the_program_says_how_it_is_called() -> None:
    program = sink.compiled()
    if program is None:
        pytest.skip("there is no C compiler")

    ran = subprocess.run([program], capture_output=True, text=True, check=False, timeout=30)

    assert ran.returncode == 2
    assert ran.stderr.startswith("usage: sink ")

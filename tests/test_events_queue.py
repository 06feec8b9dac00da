"""The queue of events, read as workers read it, by real boto3."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from click.testing import CliRunner
from sqlalchemy import select, text

from digest import aws, pipeline
from digest.cli import cli
from digest.cli.context import errors_in_words
from digest.errors import BadMessage, BadSettings
from digest.events.queue import Polled, Queue, poll
from digest.models import DeliveryState, EventRow, Standing
from digest.services import Services, build
from digest.settings import Settings, read_settings
from digest.settings.values import QUEUE
from tests.aws_stub import QUEUE_URL, AwsStub
from tests.conftest import StoppedClock
from tests.servers import free_port
from tests.ses_events import ADDRESS, TOPIC, document
from tests.ses_events import text as told
from tests.test_events import mail_to, reader, row, standing
from tests.test_ses import credentials

__all__ = ["credentials"]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsStub]:
    with AwsStub() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", running.url)
        yield running


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return read_settings(**dict(settings) | {"sqs_queue_url": QUEUE_URL})


def wrapped(document: str) -> str:
    """Return what SNS puts into a queue, unless "raw message delivery" is on; it is not signed."""
    return json.dumps({"Type": "Notification", "TopicArn": TOPIC, "Message": document})


@pytest.mark.parametrize("wrap", [wrapped, str], ids=["wrapped", "raw"])
@pytest.mark.usefixtures("stub")
def test_what_is_in_the_queue_is_heard_and_deleted(
    services: Services, stub: AwsStub, wrap: type[str]
) -> None:
    reader_id = reader(services, ADDRESS)
    delivery_id = mail_to(services, reader_id, DeliveryState.UNKNOWN)
    stub.put(wrap(told("Delivery", delivery=delivery_id)), wrap(told("Complaint")))

    polled = pipeline.poll_events(services)

    assert polled == Polled(new=2)
    assert row(services, delivery_id).state is DeliveryState.SENT
    assert standing(services, reader_id) is Standing.COMPLAINED
    assert (stub.waiting, stub.lent) == ([], {})
    assert stub.regions == {"eu-west-1"}


def test_the_queue_is_read_until_it_is_empty(services: Services, stub: AwsStub) -> None:
    stub.put(*(told("Send") for _ in range(25)))

    polled = pipeline.poll_events(services)

    assert polled == Polled(new=25)
    assert stub.calls.count("ReceiveMessage") == 4
    assert stub.calls.count("DeleteMessageBatch") == 3


def test_what_comes_twice_counts_once(services: Services, stub: AwsStub) -> None:
    body = told("Bounce")
    stub.put(body, wrapped(body), body)

    polled = pipeline.poll_events(services)

    assert polled == Polled(new=1, known=2)
    assert stub.lent == {}


def test_what_is_not_understood_is_left_to_the_queue_and_named_by_its_id(
    services: Services, stub: AwsStub, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = ("Hello", "{}", wrapped("{}"), '{"Type": "Notification", "Message": {}}', "[")
    odd = stub.put(*bodies)
    stub.put(told("Send"))

    polled = pipeline.poll_events(services)
    stub.time_out()
    again = pipeline.poll_events(services)

    assert (polled, again) == (Polled(new=1, left=5), Polled(left=5))
    assert list(stub.lent.values()) == odd
    assert {each.receives for each in odd} == {2}
    assert all(f"message={each.id}" in caplog.text for each in odd)
    assert "Hello" not in caplog.text


def test_nothing_is_deleted_that_was_not_committed(services: Services, stub: AwsStub) -> None:
    stub.put(told("Send"), told("Complaint"))
    with services.sessions.begin() as session:
        session.execute(text("ALTER TABLE suppression RENAME TO gone"))

    with pytest.raises(Exception, match="suppression"):
        pipeline.poll_events(services)

    with services.sessions.begin() as session:
        session.execute(text("ALTER TABLE gone RENAME TO suppression"))
        # The first was committed, and its message stays all the same: the next poll knows it.
        assert len(session.scalars(select(EventRow)).all()) == 1
    assert "DeleteMessageBatch" not in stub.calls
    stub.time_out()
    assert pipeline.poll_events(services) == Polled(new=1, known=1)


def test_a_queue_that_refuses_is_an_error_in_words(
    services: Services, stub: AwsStub, caplog: pytest.LogCaptureFixture
) -> None:
    stub.error = (403, "AccessDeniedException")

    polled = pipeline.poll_events(services)

    assert polled.error is not None
    assert "the queue cannot be read: " in polled.error
    assert "AccessDeniedException" in caplog.text


def test_a_queue_that_does_not_answer_is_an_error_in_words(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{free_port()}")

    assert "cannot be read" in (pipeline.poll_events(services).error or "")


def test_a_queue_that_never_ends_is_left_in_time(stub: AwsStub) -> None:
    stub.put(*(told("Send") for _ in range(30)))
    queue = Queue(lambda: aws.sqs("eu-west-1"), QUEUE_URL)

    polled = poll(queue, lambda _: True, seconds=0)

    queue.close()
    assert polled == Polled()
    assert stub.calls == []


@pytest.mark.usefixtures("stub")
def test_workers_listen_to_the_queue(services: Services, stub: AwsStub) -> None:
    stub.put(told("Send"))

    pipeline.listen(services)

    assert stub.lent == {}


def test_without_a_queue_workers_have_nothing_to_listen_to(
    services: Services, clock: StoppedClock
) -> None:
    plain = build(read_settings(**dict(services.settings) | {"sqs_queue_url": ""}), clock)

    pipeline.listen(plain)
    with pytest.raises(BadSettings, match="DIGEST_SQS_QUEUE_URL"):
        pipeline.poll_events(plain)

    plain.close()


# The command


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    return CliRunner()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_says_what_came(command: CliRunner, stub: AwsStub) -> None:
    stub.put(told("Send"), json.dumps(document("Send") | {"eventType": "Open"}), "odd")

    said = command.invoke(cli, ["events", "poll", "--json"])
    in_words = command.invoke(cli, ["events", "poll"])

    assert json.loads(said.stdout) == {"new": 1, "known": 1, "left": 1}
    assert in_words.stdout == "0 new, 0 known, 0 left\n"
    assert (said.exit_code, in_words.exit_code) == (0, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_ends_with_1_where_the_queue_refuses(command: CliRunner, stub: AwsStub) -> None:
    stub.error = (400, "AWS.SimpleQueueService.NonExistentQueue")

    said = command.invoke(cli, ["events", "poll"])

    assert said.exit_code == 1
    assert "the queue cannot be read" in said.stderr


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("command")
def test_the_command_needs_a_queue(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DIGEST_SQS_QUEUE_URL")

    with pytest.raises(SystemExit) as ended, errors_in_words():
        cli.main(["events", "poll"], standalone_mode=False)

    assert ended.value.code == 2
    assert "DIGEST_SQS_QUEUE_URL" in capsys.readouterr().err


# The setting


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (QUEUE_URL, "eu-west-1"),
        ("https://us-east-1.queue.amazonaws.com/123456789012/name", "us-east-1"),
        ("https://sqs-fips.us-east-1.amazonaws.com/123456789012/name", "us-east-1"),
        ("https://sqs.us-gov-west-1.amazonaws.com/123456789012/name", "us-gov-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/name", "cn-north-1"),
        ("https://vpce-0a-1b.sqs.eu-west-1.vpce.amazonaws.com/123456789012/n", "eu-west-1"),
    ],
)
def test_the_region_of_a_queue_is_in_its_address(url: str, region: str) -> None:
    settings = read_settings(sqs_queue_url=url)

    found = QUEUE.fullmatch(settings.sqs_queue_url)

    assert found is not None
    assert found[1] == region


@pytest.mark.parametrize(
    "url",
    [
        "http://sqs.eu-west-1.amazonaws.com/123456789012/name",
        "https://sqs.eu-west-1.amazonaws.com/name",
        "https://sqs.amazonaws.com/123456789012/name",
        "https://sqs.eu-west-1.amazonaws.com.evil.example/123456789012/name",
        "https://evil.example/sqs.eu-west-1.amazonaws.com/123456789012/name",
        "arn:aws:sqs:eu-west-1:123456789012:name",
    ],
)
def test_what_is_no_queue_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(
        BadSettings, match=r"DIGEST_SQS_QUEUE_URL: .*is no queue; write https://sqs"
    ):
        read_settings(sqs_queue_url=url)


def test_topics_are_a_list_of_names() -> None:
    other = TOPIC.replace("eu-west-1", "us-east-1")

    assert read_settings(sns_topics=f"{TOPIC}, {other}").sns_topics == (TOPIC, other)
    with pytest.raises(BadSettings, match=r"DIGEST_SNS_TOPICS: .*is no topic; write its ARN"):
        read_settings(sns_topics="daybreak")


# What is asked of SQS, and what comes of it


class Line:
    """A queue that gives these answers and then refuses, and that keeps what it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = [
            [{"MessageId": body, "ReceiptHandle": f"of {body}", "Body": body} for body in answer]
            for answer in answers
        ]
        self.asked: list[dict[str, Any]] = []
        self.deleted: list[dict[str, str]] = []
        self.closed = False

    def receive_message(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if not self.answers:
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "ReceiveMessage")
        return {"Messages": self.answers.pop(0)}

    def delete_message_batch(self, **request: Any) -> dict[str, Any]:
        self.deleted += request["Entries"]
        return {}

    def close(self) -> None:
        self.closed = True


def heard(body: str) -> bool:
    """Tell of what begins with "new" that it is, and refuse what begins with "odd"."""
    if body.startswith("odd"):
        raise BadMessage(body)
    return body.startswith("new")


def test_what_was_heard_before_the_queue_refused_is_counted_and_given_back() -> None:
    line = Line(["new 1", "known 1", "odd 1"], ["new 2", "new 3", "odd 2"])

    polled = poll(Queue(lambda: line, QUEUE_URL), heard)

    assert (polled.new, polled.known, polled.left) == (3, 1, 2)
    assert "ServiceUnavailable" in str(polled.error)
    assert [each["ReceiptHandle"] for each in line.deleted] == [
        *("of new 1", "of known 1", "of new 2", "of new 3")
    ]


def test_each_message_of_a_batch_has_a_number_of_its_own() -> None:
    line = Line(["new 1", "new 2", "new 3"])

    poll(Queue(lambda: line, QUEUE_URL), heard)

    assert len({each["Id"] for each in line.deleted}) == 3


def test_the_queue_is_asked_to_wait_for_a_message() -> None:
    line = Line()

    poll(Queue(lambda: line, QUEUE_URL), heard)

    assert line.asked == [{"QueueUrl": QUEUE_URL, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 5}]


def test_a_queue_is_closed_where_it_was_opened_and_only_there() -> None:
    used, never = Line([]), Line()
    queues = Queue(lambda: used, QUEUE_URL), Queue(lambda: never, QUEUE_URL)
    queues[0].receive()

    for queue in queues:
        queue.close()

    assert (used.closed, never.closed) == (True, False)

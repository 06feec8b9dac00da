"""Each answer of SES says whether a mail was sent, and no call is ever made twice."""

import inspect
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.exceptions as foreign  # type: ignore[import-untyped]
import pytest
from botocore.hooks import HierarchicalEmitter  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from digest import aws
from digest.errors import BadSettings
from digest.mail.message import as_bytes
from digest.mail.ses import NOBODY_CAN_SEND, NOT_THIS_ONE, TOO_MUCH, Ses, outcome_of
from digest.mail.transport import (
    Accepted,
    Allowance,
    NotSent,
    Outcome,
    Reaction,
    Refused,
    Unknown,
)
from tests.servers import free_port
from tests.ses_stub import MODEL, Fault, SesStub
from tests.test_message import DIGEST, LETTERHEAD, NOW

LATER, SLOW_DOWN, QUOTA, STOP = Reaction


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SesStub]:
    with SesStub(region="eu-west-1") as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", running.url)
        yield running


@contextmanager
def opened(region: str = "eu-west-1", configuration_set: str | None = None) -> Iterator[Ses]:
    transport = Ses(
        lambda: aws.ses(region), LETTERHEAD, lambda: NOW, configuration_set=configuration_set
    )
    with ExitStack() as stack:
        stack.callback(transport.close)
        yield transport


def send() -> Outcome:
    with opened() as transport:
        return transport.send(DIGEST)


def kind(outcome: Outcome) -> object:
    return outcome.kind if isinstance(outcome, NotSent) else type(outcome)


def test_ses_gets_the_message_as_it_is_and_the_delivery_as_a_tag(stub: SesStub) -> None:
    with opened(configuration_set="daybreak") as transport:
        outcome = transport.send(DIGEST)

    [taken] = stub.accepted
    assert outcome == Accepted(taken.message_id)
    assert taken.request == {
        "Destination": {"ToAddresses": ["ann@example.org"]},
        "Content": {"Raw": {"Data": as_bytes(DIGEST, LETTERHEAD, NOW)}},
        "EmailTags": [
            {"Name": "delivery", "Value": "42"},
            {"Name": "kind", "Value": "digest"},
        ],
        "ConfigurationSetName": "daybreak",
    }


def test_without_a_configuration_set_none_is_named(stub: SesStub) -> None:
    send()

    [taken] = stub.accepted
    assert "ConfigurationSetName" not in taken.request


def test_one_client_sends_many(stub: SesStub) -> None:
    with opened() as transport:
        outcomes = [transport.send(DIGEST) for _ in range(3)]

    assert outcomes == [Accepted(taken.message_id) for taken in stub.accepted]
    assert len(stub.accepted) == 3


def test_of_many_at_once_each_gets_its_own_message(stub: SesStub) -> None:
    mails = [replace(DIGEST, delivery_id=n, subject=f"Digest {n}") for n in range(60)]

    with opened() as transport, ThreadPoolExecutor(20) as threads:
        outcomes = list(threads.map(transport.send, mails))

    messages = {
        taken.message_id: taken.request["Content"]["Raw"]["Data"] for taken in stub.accepted
    }
    sent = [messages[outcome.provider_id] for outcome in outcomes if isinstance(outcome, Accepted)]
    assert sent == [as_bytes(mail, LETTERHEAD, NOW) for mail in mails]


@pytest.mark.parametrize("body", [b'{"Content": "otherwise"}', '{"Content": "a text"}', None])
def test_where_a_message_has_no_place_nothing_is_sent_and_sending_stops(
    stub: SesStub, body: object
) -> None:
    def another_boto3() -> Any:
        client = aws.ses("eu-west-1")
        other = {"body": body}
        client.meta.events.register_first(
            "before-call.sesv2.SendEmail", lambda params, **_: params.update(other)
        )
        return client

    outcome = Ses(another_boto3, LETTERHEAD, lambda: NOW).send(DIGEST)

    assert kind(outcome) is Reaction.STOP
    assert "install the version pinned" in str(outcome)
    assert stub.accepted == []


def fault(status: int, code: str, message: str = "") -> Fault:
    return Fault(status=status, code=code, message=message)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (fault(429, "TooManyRequestsException", "Maximum sending rate exceeded."), SLOW_DOWN),
        (fault(429, "TooManyRequestsException", "Daily message quota exceeded."), QUOTA),
        (fault(400, "Throttling", "Maximum sending rate exceeded."), SLOW_DOWN),
        (fault(400, "ThrottlingException", "Daily message quota exceeded."), QUOTA),
        (fault(400, "LimitExceededException"), SLOW_DOWN),
        (fault(429, "SomethingNew", "Daily message quota exceeded."), QUOTA),
        (fault(400, "AccountSuspendedException"), STOP),
        (fault(400, "SendingPausedException"), STOP),
        (fault(400, "MailFromDomainNotVerifiedException"), STOP),
        (fault(404, "NotFoundException", "Configuration set <daybreak> does not exist."), STOP),
        (fault(403, "ExpiredTokenException"), STOP),
        (fault(403, "AccessDeniedException"), STOP),
        (fault(403, "InvalidSignatureException"), STOP),
        (fault(403, "SomethingNew"), STOP),
        (fault(400, "MessageRejected", "Email address is not verified."), STOP),
        (fault(400, "MessageRejected", "The message holds a virus."), Refused),
        (fault(400, "BadRequestException"), Refused),
        (fault(413, "SomethingNew"), Refused),
        (fault(500, "InternalFailure"), Unknown),
        (fault(503, "ServiceUnavailable"), Unknown),
        (Fault(status=500, accepts=True), Unknown),
        (Fault(status=200, accepts=True), Unknown),
        (Fault(drops=True), Unknown),
        (Fault(drops=True, accepts=True), Unknown),
    ],
    ids=str,
)
def test_each_answer_of_ses_has_its_outcome_after_one_call(
    stub: SesStub, monkeypatch: pytest.MonkeyPatch, answer: Fault, expected: object
) -> None:
    """Row 17."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    stub.always = answer

    outcome = send()

    assert kind(outcome) == expected
    assert stub.calls == 1
    assert len(stub.accepted) == int(answer.accepts)


def test_where_nobody_listens_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 4."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{free_port()}")

    assert kind(send()) == LATER


def test_as_many_calls_at_once_as_it_bears_have_connections_of_their_own() -> None:
    client = aws.ses("eu-west-1")

    assert client.meta.config.max_pool_connections >= Ses.at_once


def test_without_credentials_everything_stops(
    stub: SesStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 19."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert kind(send()) == STOP
    assert stub.calls == 0


def test_the_call_is_signed_for_the_region_of_the_url(stub: SesStub) -> None:
    with opened("us-east-1") as transport:
        outcome = transport.send(DIGEST)

    assert kind(outcome) == STOP
    assert stub.accepted == []


def test_an_unknown_profile_is_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(BadSettings, match="nobody"):
        aws.ses("eu-west-1")


def test_what_ses_says_is_kept_without_the_reader_s_address(stub: SesStub) -> None:
    stub.always = fault(400, "MessageRejected", "The identity ann@example.org failed the check")

    assert send() == Refused("MessageRejected: The identity (address) failed the check")


def test_the_allowance_is_what_the_account_says(stub: SesStub) -> None:
    stub.account["SendQuota"] |= {"SentLast24Hours": 130.0}

    with opened() as transport:
        allowance = transport.allowance()

    assert allowance == Allowance(rate=14.0, daily_quota=50000, sent_today=130)


def test_an_account_may_have_no_daily_quota(stub: SesStub) -> None:
    stub.account["SendQuota"] |= {"Max24HourSend": -1.0}

    with opened() as transport:
        allowance = transport.allowance()

    assert allowance == Allowance(rate=14.0, daily_quota=None, sent_today=0)


def test_an_account_that_leaves_out_its_quota_allows_nothing_new(stub: SesStub) -> None:
    stub.account = {}

    with opened() as transport:
        assert transport.allowance() is None


def test_an_account_that_does_not_answer_allows_nothing_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{free_port()}")

    with opened() as transport:
        assert transport.allowance() is None


def test_every_error_that_ses_declares_is_told_apart_by_name() -> None:
    declared = {shape.name for shape in MODEL.operation_model("SendEmail").error_shapes}

    assert declared <= TOO_MUCH | NOBODY_CAN_SEND | NOT_THIS_ONE
    assert not TOO_MUCH & NOBODY_CAN_SEND
    assert not (TOO_MUCH | NOBODY_CAN_SEND) & NOT_THIS_ONE


ON_THE_WIRE = {
    "ConnectionError": STOP,
    "EndpointConnectionError": LATER,
    "ConnectTimeoutError": LATER,
    "ProxyConnectionError": LATER,
    "SSLError": Unknown,
    "HTTPClientError": Unknown,
    "ConnectionClosedError": Unknown,
    "ReadTimeoutError": Unknown,
    "ResponseStreamingError": Unknown,
}


def wire_errors() -> Sequence[str]:
    family = (foreign.HTTPClientError, foreign.ConnectionError)
    return [
        name
        for name, value in vars(foreign).items()
        if inspect.isclass(value) and issubclass(value, family)
    ]


@pytest.mark.parametrize("name", wire_errors())
def test_each_error_of_the_wire_has_its_outcome(name: str) -> None:
    """Row 3."""
    error = getattr(foreign, name)(endpoint_url="https://x", proxy_url="http://x", error="broken")

    assert kind(outcome_of(error)) == ON_THE_WIRE[name]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (foreign.NoCredentialsError(), STOP),
        (foreign.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), STOP),
        (foreign.CredentialRetrievalError(provider="sso", error_msg="expired"), STOP),
        (
            foreign.SSLError(endpoint_url="https://x", error="[SSL: CERTIFICATE_VERIFY_FAILED]"),
            STOP,
        ),
        (foreign.ParamValidationError(report="odd"), Refused),
        (foreign.IncompleteReadError(actual_bytes=1, expected_bytes=2), Unknown),
        (ResponseParserError("not JSON"), Unknown),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_other_foreign_error_has_its_outcome(error: Exception, expected: object) -> None:
    assert kind(outcome_of(error)) == expected


def test_the_stub_refuses_what_the_service_model_does_not_know(stub: SesStub) -> None:
    client = aws.ses("eu-west-1")
    raw = as_bytes(DIGEST, LETTERHEAD, NOW)

    with pytest.raises(client.exceptions.BadRequestException, match="odd tag"):
        client.send_email(
            Content={"Raw": {"Data": raw}}, EmailTags=[{"Name": "delivery", "Value": "a b"}]
        )
    with pytest.raises(client.exceptions.BadRequestException, match="raw message"):
        client.send_email(Content={"Simple": {"Subject": {"Data": "s"}, "Body": {}}})
    with pytest.raises(client.exceptions.BadRequestException, match="998"):
        client.send_email(Content={"Raw": {"Data": b"From: a@x.org\n\nx"}})
    client.close()

    assert stub.accepted == []


def test_the_stub_shows_what_it_took(stub: SesStub) -> None:
    stub.plan(fault(500, "InternalFailure"), Fault(delay=0.01))

    outcomes = [send(), send()]

    [taken] = stub.accepted
    assert [kind(outcome) for outcome in outcomes] == [Unknown, Accepted]
    assert (taken.to, taken.tags) == ("ann@example.org", {"delivery": "42", "kind": "digest"})
    assert taken.message["Subject"] == DIGEST.subject
    assert message_from_bytes(taken.message.as_bytes(), policy=SMTP)["To"] == "ann@example.org"


class Listening:
    """A client that only says of its events what it must."""

    def __init__(self) -> None:
        self.meta = SimpleNamespace(events=HierarchicalEmitter())


@pytest.mark.parametrize(
    "answer", [{}, {"MessageId": None}, {"MessageId": ""}, {"MessageId": "a b"}]
)
def test_an_acceptance_has_an_id_or_nobody_knows(answer: dict[str, object]) -> None:
    class Client(Listening):
        def send_email(self, **_request: object) -> dict[str, object]:
            return answer

    client: Any = Client()

    outcome = Ses(lambda: client, LETTERHEAD, lambda: NOW).send(DIGEST)

    assert outcome == Unknown("an answer without id")


@pytest.mark.parametrize(
    "quota",
    [
        {},
        {"Max24HourSend": "many", "MaxSendRate": 1.0, "SentLast24Hours": 0.0},
        {"Max24HourSend": float("nan"), "MaxSendRate": 1.0, "SentLast24Hours": 0.0},
        {"Max24HourSend": float("inf"), "MaxSendRate": 1.0, "SentLast24Hours": 0.0},
        None,
    ],
)
def test_an_account_that_says_something_odd_says_nothing(quota: object) -> None:
    class Client(Listening):
        def get_account(self) -> dict[str, object]:
            return {"SendQuota": quota}

    client: Any = Client()

    assert Ses(lambda: client, LETTERHEAD, lambda: NOW).allowance() is None

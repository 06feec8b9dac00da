"""What SNS posts is heard, and whatever else is posted is refused: fault 24."""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.test import TestResponse

from digest.errors import BadMessage, FetchError
from digest.events import certificates
from digest.events.certificates import Certificates
from digest.events.sns import Verifier
from digest.models import EventKind, EventRow, Standing
from tests.aws_stub import AwsStub
from tests.ses_events import ADDRESS, AT, CERTIFICATE_URL, TOPIC, Signer, moment, text
from tests.test_ses import credentials
from tests.visitor import Installation, StoppedClock, installation

__all__ = ["credentials"]

OTHER_TOPIC = TOPIC.replace("123456789012", "999999999999")
HOUR = timedelta(hours=1)


class Sns:
    """SNS, one who is not, and what was fetched to tell them apart."""

    def __init__(self, own: Signer, stranger: Signer) -> None:
        self.own, self.stranger = own, stranger
        self.fetched: list[str] = []
        self.down = False

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if self.down:
            raise FetchError("not now")
        return (self.own if url == CERTIFICATE_URL else self.stranger).certificate


@pytest.fixture(scope="module")
def keys() -> tuple[Signer, Signer]:
    return Signer(), Signer()


@pytest.fixture
def sns(keys: tuple[Signer, Signer]) -> Sns:
    return Sns(*keys)


@pytest.fixture
def here(tmp_path: Path, sns: Sns) -> Iterator[Installation]:
    with installation(tmp_path, limits="off", sns_topics=TOPIC) as made:
        made.clock.now = AT
        trust(made, sns.fetch)
        yield made


def trust(here: Installation, fetch: Callable[[str], bytes]) -> None:
    known = Certificates(fetch, here.clock)
    here.app.extensions["sns"] = Verifier(here.services.settings.sns_topics, known, here.clock)


def post(here: Installation, body: dict[str, Any] | str | bytes) -> TestResponse:
    raw = json.dumps(body) if isinstance(body, dict) else body
    return here.visitor().post("/hooks/ses", data=raw, content_type="text/plain; charset=UTF-8")


def heard(here: Installation) -> list[EventKind]:
    with here.services.sessions() as session:
        return [row.kind for row in session.query(EventRow)]


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_event_is_heard(here: Installation, sns: Sns, version: str) -> None:
    reader = here.reader()

    answer = post(here, sns.own.message(text("Complaint"), SignatureVersion=version))

    assert (answer.status_code, answer.text) == (200, "Thank you.\n")
    assert heard(here) == [EventKind.COMPLAINED]
    assert here.kept(reader).standing is Standing.COMPLAINED


def test_a_subject_is_signed_too_where_there_is_one(here: Installation, sns: Sns) -> None:
    answer = post(here, sns.own.message(text("Send"), Subject="Amazon SES Email Event"))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("fields", "signed_text"),
    [
        (
            {"Type": "Notification", "Message": "Hello", "Subject": "A subject"},
            (
                "Message\nHello\nMessageId\nm1\nSubject\nA subject\nTimestamp\n{at}\n"
                "TopicArn\n{topic}\nType\nNotification\n"
            ),
        ),
        (
            {
                "Type": "SubscriptionConfirmation",
                "Message": "Hello",
                "SubscribeURL": "https://x",
                "Token": "t",
            },
            (
                "Message\nHello\nMessageId\nm1\nSubscribeURL\nhttps://x\nTimestamp\n{at}\n"
                "Token\nt\nTopicArn\n{topic}\nType\nSubscriptionConfirmation\n"
            ),
        ),
    ],
)
def test_what_is_signed_is_what_the_documentation_of_sns_says(
    sns: Sns, fields: dict[str, str], signed_text: str
) -> None:
    text = signed_text.format(at=moment(AT), topic=TOPIC).encode()
    signature = base64.b64encode(sns.own.key.sign(text, PKCS1v15(), SHA256())).decode()
    message = sns.own.message(MessageId="m1", **fields) | {"Signature": signature}
    known = Certificates(sns.fetch, StoppedClock(AT))

    genuine = Verifier([TOPIC], known, StoppedClock(AT)).genuine(json.dumps(message).encode())

    assert genuine["Message"] == "Hello"


def test_attributes_and_fields_that_are_new_are_left_alone(here: Installation, sns: Sns) -> None:
    message = sns.own.message(text("Send"))
    message["MessageAttributes"] = {"kind": {"Type": "String", "Value": "x"}}

    assert post(here, message).status_code == 200


def test_a_replay_does_no_harm(here: Installation, sns: Sns) -> None:
    reader = here.reader()
    message = sns.own.message(text("Complaint"))

    first = post(here, message)
    after_one = here.rows()
    answers = [post(here, message) for _ in range(3)]

    assert {each.status_code for each in (first, *answers)} == {200}
    assert here.rows() == after_one
    assert here.kept(reader).standing is Standing.COMPLAINED


def test_a_certificate_is_fetched_once(here: Installation, sns: Sns) -> None:
    for _ in range(3):
        post(here, sns.own.message(text("Send")))

    assert sns.fetched == [CERTIFICATE_URL]


def test_where_the_certificate_cannot_be_had_sns_is_to_try_again(
    here: Installation, sns: Sns
) -> None:
    sns.down = True
    during = post(here, sns.own.message(text("Send")))
    sns.down = False
    after = post(here, sns.own.message(text("Send")))

    assert (during.status_code, after.status_code) == (503, 200)


def other(field: str, value: object) -> Callable[[Sns], dict[str, Any]]:
    """A message of SNS in which a field was changed after it was signed."""
    return lambda sns: sns.own.message(text("Complaint")) | {field: value}


def signed(**fields: Any) -> Callable[[Sns], dict[str, Any]]:
    """A message with odd fields, which SNS itself has signed."""
    return lambda sns: sns.own.message(text("Complaint"), **fields)


def forged(**fields: Any) -> Callable[[Sns], dict[str, Any]]:
    """A message that somebody else has signed."""
    return lambda sns: sns.stranger.message(text("Complaint"), **fields)


def certificate(url: str) -> Callable[[Sns], dict[str, Any]]:
    """A message of a stranger, with a certificate of theirs at this address."""
    return forged(SigningCertURL=url)


def without(field: str) -> Callable[[Sns], dict[str, Any]]:
    def made(sns: Sns) -> dict[str, Any]:
        message = sns.own.message(text("Complaint"))
        del message[field]
        return message

    return made


CHINESE_TOPIC = "arn:aws-cn:sns:cn-north-1:123456789012:daybreak"
CHINESE_URL = CERTIFICATE_URL.replace("eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn")


@pytest.mark.parametrize(
    ("topic", "url", "why"),
    [
        (CHINESE_TOPIC, CHINESE_URL, None),
        (CHINESE_TOPIC, CHINESE_URL.replace(".com.cn", ".com"), "topic's region"),
        (TOPIC, CERTIFICATE_URL.replace(".com/", ".com.cn/"), "topic's region"),
    ],
)
def test_a_certificate_is_of_the_part_of_aws_that_its_topic_is_in(
    sns: Sns, topic: str, url: str, why: str | None
) -> None:
    clock = StoppedClock(AT)
    certificates = Certificates(lambda _url: sns.own.certificate, clock)
    message = sns.own.message(TopicArn=topic, SigningCertURL=url)
    verifier = Verifier([topic], certificates, clock)

    with nullcontext() if why is None else pytest.raises(BadMessage, match=why):
        verifier.genuine(json.dumps(message).encode())


NAME = CERTIFICATE_URL.rpartition("/")[2]
AMAZON = "https://sns.eu-west-1.amazonaws.com"

FORGERIES: dict[str, Callable[[Sns], dict[str, Any] | str | bytes]] = {
    "another message": other("Message", text("Send")),
    "another id": other("MessageId", "x"),
    "another moment": other("Timestamp", moment(AT + timedelta(seconds=1))),
    "a subject added": other("Subject", "x"),
    "another type": other("Type", "UnsubscribeConfirmation"),
    "another version": other("SignatureVersion", "1"),
    "a stranger's key": forged(),
    "a stranger's key, by version 1": forged(SignatureVersion="1"),
    "a signature of nothing": other("Signature", ""),
    "a signature that is no base64": other("Signature", "%%%"),
    "a signature in other letters": other("Signature", "é" * 40),
    "a signature of zeros": other("Signature", base64.b64encode(bytes(256)).decode()),
}
CERTIFICATES = {
    "a bucket": certificate(f"https://s3.amazonaws.com/bucket/{NAME}"),
    "a host of Amazon's customers": certificate(f"https://sns.amazonaws.com.evil.example/{NAME}"),
    "any host of Amazon": certificate(f"https://x.amazonaws.com/{NAME}"),
    "a user before the host": certificate(
        f"https://sns.eu-west-1.amazonaws.com@evil.example/{NAME}"
    ),
    "a host that ends alike": certificate(f"https://evil-sns.eu-west-1.amazonaws.com/{NAME}"),
    "a host before the host": certificate(f"https://evil.sns.eu-west-1.amazonaws.com/{NAME}"),
    "another region": certificate(CERTIFICATE_URL.replace("eu-west-1", "us-east-1")),
    "China's host": certificate(CERTIFICATE_URL.replace(".com/", ".com.cn/")),
    "no region": certificate(f"https://sns.amazonaws.com/{NAME}"),
    "plain http": certificate(CERTIFICATE_URL.replace("https", "http")),
    "capitals": certificate(CERTIFICATE_URL.replace("https", "HTTPS")),
    "a port": certificate(f"{AMAZON}:8443/{NAME}"),
    "a folder": certificate(f"{AMAZON}/x/{NAME}"),
    "a way up": certificate(f"{AMAZON}/../{NAME}"),
    "a query": certificate(f"{CERTIFICATE_URL}?x"),
    "a fragment": certificate(f"{CERTIFICATE_URL}#x"),
    "a line break": certificate(f"{CERTIFICATE_URL}\n"),
    "a dot of another kind": certificate(CERTIFICATE_URL.replace(".amazonaws", "。amazonaws")),
    "digits of another kind": certificate(CERTIFICATE_URL.replace("eu-west-1", "eu-west-١")),
    "any other name": certificate(f"{AMAZON}/SimpleNotificationService.pem"),
    "an open redirect": certificate(f"{AMAZON}/?Action=x&url=https://evil.example/{NAME}"),
    "the cloud's own keys": certificate("https://169.254.169.254/latest/meta-data"),
    "a file": certificate("file:///etc/passwd"),
    "no address": certificate(""),
}
STRANGERS = {
    "a stranger's topic": signed(TopicArn=OTHER_TOPIC),
    "a topic in another region": signed(TopicArn=TOPIC.replace("eu-west-1", "us-east-1")),
    "a topic whose name begins alike": signed(TopicArn=f"{TOPIC}-2"),
    "a topic in capitals": signed(TopicArn=TOPIC.upper()),
    "no topic": without("TopicArn"),
    "a list of topics": other("TopicArn", [TOPIC]),
    "an object as a topic": other("TopicArn", {"arn": TOPIC}),
    "a stranger's subscription": lambda sns: sns.own.confirmation(TopicArn=OTHER_TOPIC),
    "an old message": signed(Timestamp="2020-01-01T00:00:00.000Z"),
    "a message from before": signed(Timestamp=moment(AT - 6 * HOUR)),
    "a message of the future": signed(Timestamp=moment(AT + timedelta(minutes=6))),
    "no moment": signed(Timestamp="yesterday"),
    "the beginning of time": signed(Timestamp="0001-01-01T00:00:00.000Z"),
    "an unknown type": signed(Type="Evil"),
    "a type that is a list": other("Type", ["Notification"]),
    "a message that is an object": other("Message", {"eventType": "Complaint"}),
    "a subject that is a number": other("Subject", 17),
    "no message": without("Message"),
    "no signature": without("Signature"),
    "no address of a certificate": without("SigningCertURL"),
    "no type": without("Type"),
    "no moment at all": without("Timestamp"),
    "no id": without("MessageId"),
    "a confirmation without its token": lambda sns: sns.own.confirmation(Token=None),
    "nothing": lambda _: b"",
    "no JSON": lambda _: b"Type=Notification&Message=x",
    "a list": lambda _: b"[]",
    "a list of the message": lambda sns: json.dumps([sns.own.message()]),
    "null": lambda _: b"null",
    "NaN": lambda _: b'{"TopicArn": NaN}',
    "a field twice": lambda sns: json.dumps(sns.own.message())[:-1] + f', "TopicArn": "{TOPIC}"}}',
    "brackets without end": lambda _: b"[" * 200_000,
    "objects without end": lambda _: b'{"a":' * 50_000,
    "a number without end": lambda _: b'{"TopicArn": ' + b"9" * 100_000 + b"}",
    "Latin letters of another set": lambda sns: json.dumps(
        sns.own.message("é"), ensure_ascii=False
    ).encode("latin-1"),
    "UTF-16": lambda sns: json.dumps(sns.own.message()).encode("utf-16"),
    "a mark before it": lambda sns: b"\xef\xbb\xbf" + json.dumps(sns.own.message()).encode(),
    "half a pair": lambda sns: json.dumps(sns.own.message("\ud800")),
    "an event without its envelope": lambda _: text("Complaint"),
}


def refused(here: Installation, body: dict[str, Any] | str | bytes) -> None:
    reader = here.reader()
    before = here.rows()

    answer = post(here, body)

    assert (answer.status_code, answer.text) == (400, "Refused.\n")
    assert here.rows() == before
    assert here.kept(reader).standing is Standing.ACTIVE


@pytest.mark.parametrize("attack", FORGERIES.values(), ids=FORGERIES)
def test_fault_24_what_was_forged_or_changed_is_refused(
    here: Installation, sns: Sns, attack: Callable[[Sns], dict[str, Any]]
) -> None:
    refused(here, attack(sns))


@pytest.mark.parametrize(
    "attack", [*CERTIFICATES.values(), *STRANGERS.values()], ids=[*CERTIFICATES, *STRANGERS]
)
def test_fault_24_strangers_are_refused_before_anything_is_fetched(
    here: Installation, sns: Sns, attack: Callable[[Sns], dict[str, Any] | str | bytes]
) -> None:
    refused(here, attack(sns))

    assert sns.fetched == []


def test_there_are_more_than_forty_attacks() -> None:
    assert len(FORGERIES) + len(CERTIFICATES) + len(STRANGERS) > 40


def test_fault_24_what_is_too_large_is_not_read(here: Installation, sns: Sns) -> None:
    answer = post(here, sns.own.message("x" * 300_000))

    assert (answer.status_code, answer.text) == (413, "Refused.\n")
    assert sns.fetched == []


def test_the_largest_message_of_sns_is_read(here: Installation, sns: Sns) -> None:
    # 256 KiB, larger than any form may be.
    headers = [{"name": "X-Filling", "value": "x" * 200_000}]
    told = json.loads(text("Send"))
    told["mail"]["headers"] = headers

    assert post(here, sns.own.message(json.dumps(told))).status_code == 200


@pytest.mark.parametrize("message", ["Hello", "{}", text("Send")[:-1], '{"eventType": "Other"}'])
def test_what_sns_signed_and_nobody_understands_is_refused(
    here: Installation, sns: Sns, message: str
) -> None:
    refused(here, sns.own.message(message))


def test_a_greeting_of_a_new_topic_is_welcome(here: Installation, sns: Sns) -> None:
    greeting = "Successfully validated SNS topic for Amazon SES event publishing."

    assert post(here, sns.own.message(greeting)).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_nothing_but_a_post_is_heard(here: Installation, sns: Sns, method: str) -> None:
    body = json.dumps(sns.own.message(text("Complaint")))

    answer = here.visitor().open("/hooks/ses", method=method.upper(), data=body)

    assert answer.status_code == 405
    assert heard(here) == []


def test_where_no_topic_is_ours_there_is_no_hook(tmp_path: Path, sns: Sns) -> None:
    with installation(tmp_path / "other", limits="off") as made:
        answer = post(made, sns.own.message(text("Complaint")))

        assert answer.status_code == 404
        assert heard(made) == []


def test_no_address_and_no_token_is_logged(
    here: Installation, sns: Sns, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    post(here, sns.own.message(text("Complaint")))
    post(here, sns.own.confirmation(TopicArn=OTHER_TOPIC))
    post(here, sns.stranger.message(text("Complaint")))

    assert ADDRESS not in caplog.text
    assert "2336412f37" not in caplog.text
    assert "refused a message: signed by somebody else, or changed" in caplog.text


# Subscriptions


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[AwsStub]:
    assert credentials is None
    with AwsStub() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", running.url)
        yield running


@pytest.mark.parametrize("version", ["1", "2"])
def test_fault_24_a_subscription_is_confirmed_by_the_api(
    here: Installation, sns: Sns, aws: AwsStub, version: str
) -> None:
    answer = post(here, sns.own.confirmation(SignatureVersion=version))

    assert answer.status_code == 200
    [asked] = aws.confirmed
    assert (asked["Action"], asked["TopicArn"], asked["Token"]) == (
        "ConfirmSubscription",
        TOPIC,
        "2336412f37",
    )
    assert asked["AuthenticateOnUnsubscribe"] == "true"
    assert aws.regions == {"eu-west-1"}
    # The address in it was not opened, only the certificate's.
    assert sns.fetched == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "attack",
    [
        lambda sns: sns.own.confirmation(TopicArn=OTHER_TOPIC),
        lambda sns: sns.stranger.confirmation(),
        lambda sns: sns.own.confirmation() | {"Token": "another"},
        lambda sns: sns.own.confirmation() | {"SubscribeURL": "https://evil.example/"},
        lambda sns: sns.own.message() | {"Type": "SubscriptionConfirmation", "Token": "x"},
        lambda sns: sns.own.confirmation(Timestamp=moment(AT - 7 * HOUR)),
    ],
)
def test_fault_24_a_stranger_s_subscription_is_not_confirmed(
    here: Installation, sns: Sns, aws: AwsStub, attack: Callable[[Sns], dict[str, Any]]
) -> None:
    refused(here, attack(sns))

    assert aws.calls == []


def test_a_confirmation_that_sns_refuses_comes_again(
    here: Installation, sns: Sns, aws: AwsStub
) -> None:
    aws.error = (400, "InvalidParameter")

    assert post(here, sns.own.confirmation()).status_code == 503


def test_the_end_of_a_subscription_is_logged_and_nothing_else(
    here: Installation, sns: Sns, aws: AwsStub, caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(here, sns.own.confirmation(Type="UnsubscribeConfirmation"))

    assert answer.status_code == 200
    assert aws.calls == []
    assert f"no longer subscribed to {TOPIC}" in caplog.text


# Certificates


def checked(fetch: Callable[[str], bytes], signer: Signer, clock: StoppedClock) -> None:
    message = signer.message()
    Verifier([TOPIC], Certificates(fetch, clock), clock).genuine(json.dumps(message).encode())


@pytest.mark.parametrize("days", [-2, 400])
def test_a_certificate_that_is_not_valid_now_proves_nothing(days: int) -> None:
    signer = Signer(valid_from=AT - timedelta(days=days), days=1)

    with pytest.raises(BadMessage, match="not valid now"):
        checked(lambda _: signer.certificate, signer, StoppedClock(AT))


@pytest.mark.parametrize("document", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nAA==\n"])
def test_what_is_no_certificate_proves_nothing(sns: Sns, document: bytes) -> None:
    with pytest.raises(BadMessage, match="no certificate"):
        checked(lambda _: document, sns.own, StoppedClock(AT))


def test_a_key_of_another_kind_proves_nothing(sns: Sns) -> None:
    key = elliptic(SECP256R1())
    name = x509.Name([])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, AT - HOUR, AT + HOUR)
    pem = made.sign(key, SHA256()).public_bytes(Encoding.PEM)

    with pytest.raises(BadMessage, match="another kind"):
        checked(lambda _: pem, sns.own, StoppedClock(AT))


@pytest.mark.parametrize("version", ["0", "3", "", "01"])
def test_only_two_versions_are_known(here: Installation, sns: Sns, version: str) -> None:
    refused(here, sns.own.message(SignatureVersion=version))

    assert sns.fetched == []


def test_made_up_addresses_are_fetched_a_few_times_a_minute_at_most(
    here: Installation, sns: Sns
) -> None:
    answers = [
        post(
            here, sns.own.message(SigningCertURL=f"{AMAZON}/SimpleNotificationService-{n:032x}.pem")
        )
        for n in range(certificates.FETCHES + 3)
    ]

    statuses = [each.status_code for each in answers]
    assert statuses == [400] * certificates.FETCHES + [503] * 3
    assert len(sns.fetched) == certificates.FETCHES


def test_a_busy_minute_is_no_leave_to_fetch_for_ever(
    sns: Sns, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Certificates(lambda _: sns.own.certificate, StoppedClock(AT))
    monkeypatch.setattr(certificates, "WITHIN", 0.0)
    for n in range(certificates.FETCHES + 2):
        with pytest.raises(BadMessage, match="somebody else"):
            known.check(f"{n}", "2", b"", b"")
    monkeypatch.undo()

    with pytest.raises(FetchError, match="too many"):
        known.check("one more", "2", b"", b"")


def test_a_certificate_that_is_over_is_fetched_anew() -> None:
    over = Signer(valid_from=AT - timedelta(days=9), days=1)
    renewed = Signer()
    answers = iter([over.certificate, renewed.certificate])
    known = Certificates(lambda _: next(answers), StoppedClock(AT))
    verifier = Verifier([TOPIC], known, StoppedClock(AT))
    message = json.dumps(renewed.message()).encode()

    with pytest.raises(BadMessage, match="not valid now"):
        verifier.genuine(message)

    assert verifier.genuine(message)["TopicArn"] == TOPIC


def test_a_signature_has_one_spelling(here: Installation, sns: Sns) -> None:
    message = sns.own.message(text("Complaint"))

    refused(
        here, message | {"Signature": message["Signature"][:9] + " " + message["Signature"][9:]}
    )


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "169.254.169.254",
        "sns.eu-west-1.amazonaws.com.evil.example",
        "s3.amazonaws.com",
    ],
)
def test_the_door_of_certificates_leads_to_sns_alone(host: str) -> None:
    with pytest.raises(FetchError, match="not a host of SNS"):
        certificates.fetched("https://daily.example.org")(f"https://{host}/{NAME}")

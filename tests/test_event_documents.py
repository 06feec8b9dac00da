"""What SES publishes is understood in both of its shapes, and nothing else is."""

import json
import time
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadMessage
from digest.events.documents import event_of
from digest.models import Bounce, EventKind
from tests.ses_events import ADDRESS, AT, DETAILS, NOTIFIED, document, text

KINDS = {
    "Send": EventKind.SENT,
    "Delivery": EventKind.DELIVERED,
    "Bounce": EventKind.BOUNCED,
    "Complaint": EventKind.COMPLAINED,
    "Reject": EventKind.REJECTED,
    "Rendering Failure": EventKind.RENDERING_FAILED,
    "DeliveryDelay": EventKind.DELAYED,
    "Subscription": EventKind.SUBSCRIPTION,
}


def test_there_is_a_document_for_every_kind() -> None:
    assert set(KINDS.values()) == set(EventKind)
    assert set(KINDS) == set(DETAILS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_published_event_is_understood(kind: str) -> None:
    event = event_of(text(kind, delivery=42, message_id="0102-abc-000000"))

    assert event is not None
    assert (event.kind, event.delivery_id, event.message_id) == (KINDS[kind], 42, "0102-abc-000000")
    assert event.recipients == (ADDRESS,)
    assert (AT - event.at).total_seconds() in (0, 1)


@pytest.mark.parametrize("kind", NOTIFIED)
def test_a_feedback_notification_is_understood(kind: str) -> None:
    told = text(kind, delivery=42, message_id="0102-abc-000000", shape="notificationType")

    event = event_of(told)

    assert event is not None
    assert (event.kind, event.delivery_id, event.message_id) == (KINDS[kind], 42, "0102-abc-000000")
    assert event.recipients == (ADDRESS,)


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("Permanent", Bounce.PERMANENT),
        ("Transient", Bounce.TRANSIENT),
        ("Undetermined", Bounce.UNDETERMINED),
        ("Something new", Bounce.UNDETERMINED),
    ],
)
def test_a_bounce_is_for_good_only_where_it_says_so(said: str, understood: Bounce) -> None:
    event = event_of(text("Bounce", bounceType=said))

    assert event is not None
    assert event.bounce is understood


def test_a_bounce_is_about_whom_we_wrote_to_wherever_their_mail_was_sent_on() -> None:
    told = text("Bounce", bouncedRecipients=[{"emailAddress": "mira@elsewhere.example"}])

    event = event_of(told)

    assert event is not None
    assert event.recipients == (ADDRESS,)


def test_an_address_may_come_with_a_name_and_in_capitals() -> None:
    told = document("Complaint")
    told["mail"]["destination"] = ["Mira Bell <Mira@Example.ORG>"]

    event = event_of(json.dumps(told))

    assert event is not None
    assert event.recipients == (ADDRESS,)


def test_without_a_destination_the_particulars_name_whom_it_is_about() -> None:
    told = document("Complaint")
    del told["mail"]["destination"]

    event = event_of(json.dumps(told))

    assert event is not None
    assert event.recipients == (ADDRESS,)


def test_who_says_that_it_is_no_spam_does_not_complain() -> None:
    assert event_of(text("Complaint", complaintFeedbackType="not-spam")) is None


@pytest.mark.parametrize("kind", ["Open", "Click"])
def test_what_we_never_ask_for_is_of_no_matter(kind: str) -> None:
    told = document("Send") | {"eventType": kind}

    assert event_of(json.dumps(told)) is None


@pytest.mark.parametrize(
    "greeting",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        json.dumps({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have"}),
    ],
)
def test_greetings_of_a_new_topic_are_of_no_matter(greeting: str) -> None:
    assert event_of(greeting) is None


@pytest.mark.parametrize("delivery", ["x", "", "4 2", "-1", "1.5", "٤٢", "9" * 19])
def test_what_is_no_id_of_ours_is_none(delivery: str) -> None:
    event = event_of(text("Send", delivery=delivery))

    assert event is not None
    assert event.delivery_id is None


def test_moments_are_kept_in_utc() -> None:
    event = event_of(text("Delivery", timestamp="2026-11-20T07:00:00+02:00"))

    assert event is not None
    assert event.at == datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own zone is far from UTC."""
    with monkeypatch.context() as context:
        context.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize("said", ["2026-11-20T05:00:00", "2026-11-20T07:00:00+02:00"])
def test_the_zone_of_the_machine_has_no_say(said: str) -> None:
    event = event_of(text("Delivery", timestamp=said))

    assert event is not None
    assert event.at == datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert event.at.tzinfo is UTC


def test_where_nobody_is_named_it_is_about_nobody() -> None:
    told = document("Send", delivery=42)
    del told["mail"]["destination"]

    event = event_of(json.dumps(told))

    assert event is not None
    assert (event.delivery_id, event.recipients) == (42, ())


@pytest.mark.parametrize(("length", "heeded"), [(320, True), (321, False)])
def test_what_is_longer_than_an_address_can_be_is_none(length: int, heeded: bool) -> None:  # noqa: FBT001
    address = "x" * (length - len("@example.org")) + "@example.org"
    told = document("Send")
    told["mail"]["destination"] = [address]

    event = event_of(json.dumps(told))

    assert event is not None
    assert event.recipients == ((address,) if heeded else ())


def test_an_event_is_logged_without_its_address() -> None:
    assert ADDRESS not in repr(event_of(text("Bounce")))


def changed(kind: str = "Bounce", mail: dict[str, Any] | None = None, **fields: Any) -> str:
    told = document(kind) | fields
    if mail is not None:
        told["mail"] = {**told["mail"], **mail}
    return json.dumps(told)


ODD = {
    "nothing": "",
    "no JSON": "Hello",
    "no object": "[]",
    "a number": "17",
    "cut off": text("Bounce")[:-1],
    "twice the same key": '{"eventType": "Send",' + text("Send")[1:],
    "NaN": changed(odd=float("nan")),
    "half a pair": changed(mail={"messageId": "\ud800"}),
    "half a pair elsewhere": changed(odd=["\udfff"]),
    "an integer without end": '{"eventType": ' + "1" * 5000 + "}",
    "nested without end": "[" * 100_000,
    "nested below a key": '{"mail":' * 50_000,
    "huge": changed(odd="x" * 400_000),
    "no kind": json.dumps({"mail": {}}),
    "no known kind": changed(eventType="Received"),
    "a kind that is no text": changed(eventType=["Bounce"]),
    "no mail": json.dumps({"eventType": "Send"}),
    "a mail that is a list": json.dumps(document("Send") | {"mail": []}),
    "no id": changed(mail={"messageId": None}),
    "an empty id": changed(mail={"messageId": ""}),
    "an id with a null character": changed(mail={"messageId": "a\0b"}),
    "an id with a line break": changed(mail={"messageId": "a\nb"}),
    "an id that is too long": changed(mail={"messageId": "x" * 201}),
    "no bounce": changed(bounce=None),
    "a bounce that is text": changed(bounce="Permanent"),
    "no type of bounce": changed(bounce={"timestamp": "2026-11-20T06:00:00Z"}),
    "no moment": changed(bounce={"bounceType": "Permanent", "timestamp": 17}),
    "an odd moment": changed(bounce={"bounceType": "Permanent", "timestamp": "yesterday"}),
    "a moment before time": changed(
        bounce={"bounceType": "Permanent", "timestamp": "0001-01-01T00:00:00+23:00"}
    ),
    "tags that are a list": changed(mail={"tags": ["delivery"]}),
    "a tag that is no list": changed(mail={"tags": {"delivery": "42"}}),
    "headers that are no list": changed(mail={"headers": {"X-Daybreak-Delivery": "42"}}),
    "a header that is text": changed(mail={"headers": ["X-Daybreak-Delivery: 42"]}),
    "a destination that is text": changed(mail={"destination": ADDRESS}),
    "a destination of numbers": changed(mail={"destination": [17]}),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_is_no_event_is_refused_in_our_own_words(odd: str) -> None:
    with pytest.raises(BadMessage) as refused:
        event_of(odd)

    assert len(str(refused.value)) < 40
    assert ADDRESS not in str(refused.value)


PLACES = (
    *("eventType", "mail", "mail messageId", "mail tags", "mail tags delivery"),
    *("mail destination", "mail headers", "details", "details timestamp", "details bounceType"),
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    kind=st.sampled_from(sorted(DETAILS)),
    places=st.lists(st.sampled_from(PLACES), min_size=1, max_size=3),
    value=json_values,
)
def test_whatever_stands_anywhere_it_is_an_event_or_refused(
    kind: str, places: list[str], value: object
) -> None:
    told = document(kind, delivery=42)
    for place in places:
        *way, last = place.replace("details", DETAILS[kind][0]).split(" ")
        inner = told
        for name in way:
            inner = inner.get(name) if isinstance(inner.get(name), dict) else {}  # type: ignore[assignment]
        inner[last] = deepcopy(value)

    try:
        event = event_of(json.dumps(told))
    except BadMessage:
        return
    assert event is None or event.message_id

"""Hearing of events: the topic that SES publishes to, and the queue that keeps them for us."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from digest.provisioning import policies
from digest.provisioning.account import Clients, found
from digest.provisioning.step import Hand, Step
from digest.provisioning.wanted import Wanted

TWO_WEEKS = 14 * 24 * 3600
"""The longest that SQS keeps a message, in seconds."""

LENT_FOR = 120
"""Seconds that a message is ours before it is given out again."""

TRIES = 5


def steps(clients: Clients, wanted: Wanted, hand: Hand) -> Iterator[Step]:
    yield _topic(clients.sns, wanted, hand)
    dead = {"MessageRetentionPeriod": str(TWO_WEEKS)}
    yield _queue(clients.sqs, wanted, hand, ("dead-letter queue", wanted.dead_letters), dead)
    yield _queue(clients.sqs, wanted, hand, ("queue", wanted.queue), of_queue(wanted))
    yield _subscription(clients.sns, wanted, hand)


def of_queue(wanted: Wanted) -> dict[str, str]:
    """Return the attributes of the queue that events are read from."""
    redrive = {"deadLetterTargetArn": wanted.dead_letters_arn, "maxReceiveCount": str(TRIES)}
    return {
        "MessageRetentionPeriod": str(TWO_WEEKS),
        "VisibilityTimeout": str(LENT_FOR),
        "RedrivePolicy": json.dumps(redrive),
        "Policy": json.dumps(policies.of_queue(wanted)),
    }


def _topic(sns: Any, wanted: Wanted, hand: Hand) -> Step:  # noqa: ANN401  a client of boto3
    arn, policy = wanted.topic_arn, policies.of_topic(wanted)
    there = found(sns.get_topic_attributes, TopicArn=arn)

    def allow() -> None:
        value = json.dumps(policy)
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=value)

    def create() -> None:
        sns.create_topic(Name=wanted.topic)
        allow()

    if there is None:
        return hand.create("topic", wanted.topic, create)
    differs = "" if _read(there["Attributes"].get("Policy")) == policy else "who may publish to it"
    return hand.change("topic", wanted.topic, differs, allow)


def _queue(
    sqs: Any,  # noqa: ANN401
    wanted: Wanted,
    hand: Hand,
    named: tuple[str, str],
    attributes: dict[str, str],
) -> Step:
    what, name = named
    url = wanted.queue_url(name)
    there = found(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])

    def create() -> None:
        sqs.create_queue(QueueName=name, Attributes=attributes)

    def change() -> None:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)

    if there is None:
        return hand.create(what, name, create)
    return hand.change(what, name, _differing(there.get("Attributes", {}), attributes), change)


def _differing(there: Mapping[str, str], attributes: Mapping[str, str]) -> str:
    return ", ".join(
        name for name, value in attributes.items() if _read(there.get(name)) != _read(value)
    )


def _read(value: str | None) -> object:
    """Return *value* as it can be compared: SQS writes the numbers in its JSON either way."""
    if value is None or not value.startswith("{"):
        return value
    return json.loads(value, parse_int=str)


def _subscription(sns: Any, wanted: Wanted, hand: Hand) -> Step:  # noqa: ANN401
    raw, name = {"RawMessageDelivery": "true"}, f"{wanted.topic} to {wanted.queue}"
    arn = subscribed(sns, wanted)

    def subscribe() -> None:
        sns.subscribe(
            TopicArn=wanted.topic_arn,
            Protocol="sqs",
            Endpoint=wanted.queue_arn,
            Attributes=raw,
            ReturnSubscriptionArn=True,
        )

    def unwrap() -> None:
        sns.set_subscription_attributes(
            SubscriptionArn=arn,
            AttributeName="RawMessageDelivery",
            AttributeValue=raw["RawMessageDelivery"],
        )

    if arn is None:
        return hand.create("subscription", name, subscribe)
    there = found(sns.get_subscription_attributes, SubscriptionArn=arn) or {"Attributes": {}}
    is_raw = there["Attributes"].get("RawMessageDelivery", "false").lower() == "true"
    return hand.change("subscription", name, "" if is_raw else "raw delivery", unwrap)


def subscribed(sns: Any, wanted: Wanted) -> str | None:  # noqa: ANN401
    """Return the ARN of the queue's subscription to the topic, or None."""
    page: dict[str, str] = {}
    while True:
        answer = found(sns.list_subscriptions_by_topic, TopicArn=wanted.topic_arn, **page)
        for each in (answer or {}).get("Subscriptions", ()):
            # One that waits to be confirmed has a word in place of its ARN.
            arn = str(each["SubscriptionArn"])
            if each["Endpoint"] == wanted.queue_arn and arn.startswith("arn:"):
                return arn
        if not answer or not answer.get("NextToken"):
            return None
        page = {"NextToken": answer["NextToken"]}

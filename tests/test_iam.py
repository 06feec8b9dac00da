"""The policies in deploy/iam allow what the code asks of AWS, and nothing more."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest import aws, provisioning
from digest.dns import Resolver
from digest.events.queue import Message, Queue
from digest.events.subscribing import confirm
from digest.mail.ses import Ses
from digest.mail.transport import Accepted
from digest.provisioning import Clients, Sender
from digest.provisioning.step import Deed
from tests.aws_account import REGION, account, empty, surroundings
from tests.aws_stub import QUEUE_URL, AwsStub
from tests.name_server import NameServer
from tests.ses_account import SesAccount
from tests.ses_stub import SesStub
from tests.test_message import DIGEST, LETTERHEAD, NOW

POLICIES = Path(__file__).parents[1] / "deploy" / "iam"

ALLOWED_BY = {
    # A raw message needs both (Amazon SES developer guide, "Controlling access").
    "ses:SendEmail": {"ses:SendEmail", "ses:SendRawEmail"},
    "sqs:DeleteMessageBatch": {"sqs:DeleteMessage"},
    # Whose credentials these are, everybody may ask.
    "sts:GetCallerIdentity": set[str](),
}


class Asked:
    """The operations that clients of boto3 were asked for, as actions of IAM."""

    def __init__(self) -> None:
        self.operations: set[str] = set()

    def of(self, client: Any) -> Any:
        client.meta.events.register("before-call", self._note)
        return client

    def actions(self) -> set[str]:
        return {
            action for each in self.operations for action in ALLOWED_BY.get(each, frozenset({each}))
        }

    def _note(self, model: Any, **_: Any) -> None:
        service = model.service_model.signing_name
        self.operations.add(f"{service}:{model.name}")


def allowed(name: str) -> set[str]:
    statements = policy(name)["Statement"]
    actions = [each["Action"] for each in statements]
    return {word for each in actions for word in ([each] if isinstance(each, str) else each)}


def policy(name: str) -> Any:
    return json.loads((POLICIES / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[str, SesAccount]]:
    with account() as both:
        yield both


@pytest.fixture
def ses(world: tuple[str, SesAccount]) -> SesAccount:
    empty(*world)
    return world[1]


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def clients(ses: SesAccount, asked: Asked) -> Iterator[Clients]:
    assert ses.calls == []
    with closing(provisioning.clients(REGION)) as opened:
        for each in (opened.ses, opened.sns, opened.sqs, opened.sts):
            asked.of(each)
        yield opened


def test_setting_up_asks_for_what_its_policy_allows(
    clients: Clients, ses: SesAccount, asked: Asked
) -> None:
    def run() -> set[Deed]:
        wanted = provisioning.wanted("example.org", REGION)
        report = provisioning.set_up(clients, wanted, lambda _line: None, dry_run=False)
        return {step.deed for step in report.steps}

    assert run() == {Deed.CREATED}
    spoil(ses)
    assert Deed.CHANGED in run()

    assert asked.actions() == allowed("setup")


def spoil(ses: SesAccount) -> None:
    """Change everything in the account that setting up would change back."""
    ses.sets["daybreak"].update(ReputationOptions={}, SuppressionOptions={})
    ses.destinations["daybreak"]["daybreak-events"]["Enabled"] = False
    dkim = ses.identities["example.org"]["DkimAttributes"]
    dkim.update(SigningEnabled=False, NextSigningKeyLength="RSA_1024_BIT")
    with closing(aws.sqs(REGION)) as sqs, closing(aws.sns(REGION)) as sns:
        url = sqs.get_queue_url(QueueName="daybreak-events")["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
        [subscription] = sns.list_subscriptions()["Subscriptions"]
        sns.set_subscription_attributes(
            SubscriptionArn=subscription["SubscriptionArn"],
            AttributeName="RawMessageDelivery",
            AttributeValue="false",
        )


def test_checking_asks_for_what_its_policy_allows(clients: Clients, asked: Asked) -> None:
    with closing(provisioning.clients(REGION)) as others:
        wanted = provisioning.wanted("example.org", REGION)
        provisioning.set_up(others, wanted, lambda _line: None, dry_run=False)
    sender = Sender(
        domain="example.org",
        region=REGION,
        mailbox="Daybreak <digest@example.org>",
        configuration_set="daybreak",
        queue_url="https://sqs.eu-west-1.amazonaws.com/123456789012/daybreak-events",
    )

    with NameServer() as dns:
        list(provisioning.examine(clients, Resolver(dns.address), sender))
    provisioning.probe(clients, sender, lambda: datetime.now(UTC))

    assert asked.actions() == allowed("check")


def test_the_service_asks_for_what_its_policy_allows(
    asked: Asked, ses: SesAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SesStub() as stub, AwsStub() as queue:
        for name, value in surroundings(queue.url, ses).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", stub.url)
        stub.suppressed["ann@example.org"] = ("BOUNCE", datetime.now(UTC))
        with closing(Ses(lambda: asked.of(aws.ses(REGION)), LETTERHEAD, lambda: NOW)) as transport:
            assert isinstance(transport.send(DIGEST), Accepted)
            assert transport.allowance()
            assert len(transport.barred(None, None).barred) == 1
            assert transport.readmit("ann@example.org")
        read = Queue(lambda: asked.of(aws.sqs(REGION)), QUEUE_URL)
        queue.put("a message")
        [message] = read.receive()
        read.delete([message])
        read.close()

    assert isinstance(message, Message)
    assert asked.actions() == allowed("service")


def test_hooks_ask_for_what_their_policy_allows(
    asked: Asked, ses: SesAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:daybreak-events"
    with AwsStub() as stub:
        for name, value in surroundings(stub.url, ses).items():
            monkeypatch.setenv(name, value)
        confirm({"TopicArn": topic, "Token": "t" * 40}, lambda region: asked.of(aws.sns(region)))

    assert asked.actions() == allowed("hooks")


@pytest.mark.parametrize("name", ["service", "hooks", "check", "setup"])
def test_a_policy_is_narrow(name: str) -> None:
    for statement in policy(name)["Statement"]:
        actions, resources = statement["Action"], statement["Resource"]

        assert "*" not in json.dumps(actions)
        if resources == "*":
            # These know no narrower resource (service authorization reference).
            assert set([actions] if isinstance(actions, str) else actions) <= {
                "ses:GetAccount",
                "ses:ListSuppressedDestinations",
                "ses:GetSuppressedDestination",
                "ses:DeleteSuppressedDestination",
                "sns:GetSubscriptionAttributes",
                "sns:SetSubscriptionAttributes",
            }


def test_there_is_no_policy_that_no_test_holds() -> None:
    assert {path.stem for path in POLICIES.glob("*.json")} == {"service", "hooks", "check", "setup"}

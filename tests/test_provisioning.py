"""What sending through SES needs is made once, looked at, and mended where it differs."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from digest import provisioning
from digest.errors import BadInput
from digest.events.documents import _KINDS
from digest.provisioning import Clients, Report, hearing, sending
from digest.provisioning.setting_up import whose
from digest.provisioning.step import Deed
from digest.provisioning.wanted import Wanted
from digest.settings.values import QUEUE
from tests.aws_account import ACCOUNT, REGION, account, empty
from tests.servers import free_port
from tests.ses_account import TOKENS, ZONE, SesAccount


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[str, SesAccount, Clients]]:
    with account() as (moto, ses), closing(provisioning.clients(REGION)) as clients:
        yield moto, ses, clients


@pytest.fixture
def ses(aws: tuple[str, SesAccount, Clients]) -> SesAccount:
    moto, ses, _ = aws
    empty(moto, ses)
    return ses


@pytest.fixture
def clients(aws: tuple[str, SesAccount, Clients], ses: SesAccount) -> Clients:
    assert ses.calls == []
    return aws[2]


@pytest.fixture
def wanted(clients: Clients) -> Wanted:
    return whose(clients, provisioning.wanted("example.org", REGION))


def set_up(clients: Clients, *, dry_run: bool = False, **named: str) -> Report:
    wished = provisioning.wanted("example.org", REGION, **named)
    return provisioning.set_up(clients, wished, lambda _line: None, dry_run=dry_run)


def deeds(report: Report) -> set[Deed]:
    return {step.deed for step in report.steps}


def changed(report: Report) -> list[tuple[str, str]]:
    return [(step.what, step.detail) for step in report.steps if step.deed is not Deed.PRESENT]


def attributes(clients: Clients, url: str) -> dict[str, str]:
    found = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return dict(found)


def test_an_empty_account_gets_everything(clients: Clients, ses: SesAccount) -> None:
    report = set_up(clients)

    assert deeds(report) == {Deed.CREATED}
    assert [step.what for step in report.steps] == [
        "configuration set",
        "topic",
        "dead-letter queue",
        "queue",
        "subscription",
        "event destination",
        "identity",
        "MAIL FROM",
    ]
    assert ses.sets["daybreak"]["SuppressionOptions"]["SuppressedReasons"] == sending.REASONS
    assert ses.sets["daybreak"]["ReputationOptions"]["ReputationMetricsEnabled"]
    identity = ses.identities["example.org"]
    assert identity["DkimAttributes"]["NextSigningKeyLength"] == "RSA_2048_BIT"
    assert identity["MailFromAttributes"]["MailFromDomain"] == "mail.example.org"


def test_a_dry_run_says_the_same_and_does_nothing(clients: Clients, ses: SesAccount) -> None:
    report = set_up(clients, dry_run=True)

    assert deeds(report) == {Deed.WOULD_CREATE}
    assert len(report.steps) == 8
    assert ses.changes == []
    assert clients.sns.list_topics()["Topics"] == []
    assert "QueueUrls" not in clients.sqs.list_queues()


def test_a_second_run_finds_everything_and_changes_nothing(
    clients: Clients, ses: SesAccount
) -> None:
    set_up(clients)
    before = ses.changes

    again = set_up(clients)

    assert deeds(again) == {Deed.PRESENT}
    assert ses.changes == before


def test_a_mail_s_event_goes_through_to_the_queue(clients: Clients, wanted: Wanted) -> None:
    set_up(clients)

    clients.sns.publish(TopicArn=wanted.topic_arn, Message='{"eventType": "Send"}')

    answer = clients.sqs.receive_message(QueueUrl=wanted.queue_url(wanted.queue))
    assert [each["Body"] for each in answer["Messages"]] == ['{"eventType": "Send"}']


def test_the_queue_lets_the_topic_alone_write(clients: Clients, wanted: Wanted) -> None:
    set_up(clients)

    found = attributes(clients, wanted.queue_url(wanted.queue))

    [statement] = json.loads(found["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": wanted.topic_arn}}
    assert json.loads(found["RedrivePolicy"])["deadLetterTargetArn"] == wanted.dead_letters_arn
    assert found["MessageRetentionPeriod"] == str(hearing.TWO_WEEKS)


def test_the_topic_lets_ses_alone_publish_and_for_this_account(
    clients: Clients, wanted: Wanted
) -> None:
    set_up(clients)

    found = clients.sns.get_topic_attributes(TopicArn=wanted.topic_arn)["Attributes"]

    [statement] = json.loads(found["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "ses.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {
        "AWS:SourceAccount": ACCOUNT,
        "AWS:SourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/daybreak",
    }


def test_every_kind_of_event_that_is_understood_is_asked_for(
    clients: Clients, ses: SesAccount
) -> None:
    set_up(clients)

    understood = {name.upper().replace(" ", "_") for name in _KINDS} - {"DELIVERYDELAY"}
    assert set(sending.EVENTS) == understood | {"DELIVERY_DELAY"}
    [destination] = ses.destinations["daybreak"].values()
    assert destination["MatchingEventTypes"] == list(sending.EVENTS)


def test_what_differs_is_changed_and_nothing_else(
    clients: Clients, ses: SesAccount, wanted: Wanted
) -> None:
    set_up(clients)
    ses.destinations["daybreak"]["daybreak-events"].update(
        Enabled=False, MatchingEventTypes=["BOUNCE", "OPEN"]
    )
    ses.sets["daybreak"]["SuppressionOptions"] = {"SuppressedReasons": ["BOUNCE"]}
    ses.sets["daybreak"]["ReputationOptions"] = {"ReputationMetricsEnabled": False}
    ses.identities["example.org"]["DkimAttributes"].update(
        SigningEnabled=False, NextSigningKeyLength="RSA_1024_BIT"
    )
    policy = attributes(clients, wanted.queue_url(wanted.queue))["Policy"]
    clients.sqs.set_queue_attributes(
        QueueUrl=wanted.queue_url(wanted.queue),
        # moto forgets the policy where it is not said again.
        Attributes={"VisibilityTimeout": "7", "MessageRetentionPeriod": "60", "Policy": policy},
    )

    mended = set_up(clients)

    assert changed(mended) == [
        ("configuration set", "reputation metrics"),
        ("configuration set", "reasons of suppression"),
        ("queue", "MessageRetentionPeriod, VisibilityTimeout"),
        ("event destination", "switched off, kinds of events"),
        ("identity", "length of the key, signing is off"),
    ]
    assert deeds(set_up(clients)) == {Deed.PRESENT}


def test_an_opened_topic_and_a_wrapping_subscription_are_mended(
    clients: Clients, wanted: Wanted
) -> None:
    set_up(clients)
    clients.sns.set_topic_attributes(
        TopicArn=wanted.topic_arn,
        AttributeName="Policy",
        AttributeValue='{"Version": "2012-10-17", "Statement": []}',
    )
    [subscription] = clients.sns.list_subscriptions()["Subscriptions"]
    clients.sns.set_subscription_attributes(
        SubscriptionArn=subscription["SubscriptionArn"],
        AttributeName="RawMessageDelivery",
        AttributeValue="false",
    )

    mended = set_up(clients)

    assert changed(mended) == [
        ("topic", "who may publish to it"),
        ("subscription", "raw delivery"),
    ]
    assert deeds(set_up(clients)) == {Deed.PRESENT}


def test_a_mail_from_that_is_there_stays_unless_another_is_asked_for(
    clients: Clients, ses: SesAccount
) -> None:
    set_up(clients, mail_from="bounce.example.org")

    untouched = set_up(clients)
    assert changed(untouched) == []
    assert untouched.records[-3].name == "bounce.example.org"

    moved = set_up(clients, mail_from="mail.example.org")
    assert changed(moved) == [("MAIL FROM", "was bounce.example.org")]
    found = ses.identities["example.org"]["MailFromAttributes"]
    assert found["MailFromDomain"] == "mail.example.org"


def test_a_key_of_the_operator_s_own_stays(clients: Clients, ses: SesAccount) -> None:
    set_up(clients)
    ses.identities["example.org"]["DkimAttributes"].update(
        SigningAttributesOrigin="EXTERNAL", NextSigningKeyLength="RSA_1024_BIT"
    )

    again = set_up(clients)

    assert changed(again) == []
    assert [each.kind for each in again.records] == ["MX", "TXT", "TXT"]


def test_two_installations_share_an_account(clients: Clients, ses: SesAccount) -> None:
    set_up(clients)

    second = set_up(clients, name="staging")

    assert [step.what for step in second.steps if step.deed is Deed.PRESENT] == [
        "identity",
        "MAIL FROM",
    ]
    assert set(ses.sets) == {"daybreak", "staging"}


def test_a_failure_midway_says_what_is_done_and_is_made_good_by_another_run(
    clients: Clients, ses: SesAccount
) -> None:
    ses.refuses["CreateConfigurationSetEventDestination"] = "TooManyRequestsException"
    broken = set_up(clients)
    assert "CreateConfigurationSetEventDestination was refused" in broken.error
    assert "run the same command again" in broken.error
    assert [step.what for step in broken.steps][-1] == "subscription"

    ses.refuses.clear()
    again = set_up(clients)

    assert again.error == ""
    assert [what for what, _ in changed(again)] == ["event destination", "identity", "MAIL FROM"]


def test_what_is_not_allowed_is_said_with_the_policy_that_allows_it(
    clients: Clients, ses: SesAccount
) -> None:
    ses.refuses["GetConfigurationSet"] = "AccessDeniedException"

    refused = set_up(clients)

    assert "GetConfigurationSet is not allowed" in refused.error
    assert "deploy/iam" in refused.error


def test_the_records_are_those_that_ses_looks_for(clients: Clients) -> None:
    found = [(each.name, each.kind, each.value) for each in set_up(clients).records]

    assert found == [
        *((f"{key}._domainkey.example.org", "CNAME", f"{key}.{ZONE}") for key in TOKENS),
        ("mail.example.org", "MX", f"10 feedback-smtp.{REGION}.amazonses.com"),
        ("mail.example.org", "TXT", "v=spf1 include:amazonses.com ~all"),
        ("_dmarc.example.org", "TXT", "v=DMARC1; p=none; rua=mailto:dmarc@example.org"),
    ]


def test_the_settings_are_ones_that_the_service_takes(clients: Clients) -> None:
    report = set_up(clients, name="staging")

    assert report.settings["DIGEST_MAIL_URL"] == f"ses://{REGION}?configuration_set=staging"
    assert QUEUE.fullmatch(report.settings["DIGEST_SQS_QUEUE_URL"])


def test_the_way_out_of_the_sandbox_is_left_only_in_the_sandbox(
    clients: Clients, ses: SesAccount
) -> None:
    outside = set_up(clients).left
    ses.account["ProductionAccessEnabled"] = False

    inside = set_up(clients).left

    assert len(inside) == len(outside) + 1
    assert any("sandbox" in each for each in inside)


def test_china_has_addresses_of_its_own() -> None:
    there = Wanted(domain="example.org", region="cn-north-1", account=ACCOUNT, partition="aws-cn")

    assert there.topic_arn == f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:daybreak-events"
    assert QUEUE.fullmatch(there.queue_url(there.queue))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"domain": "example"}, "--domain"),
        ({"domain": "exa mple.org"}, "--domain"),
        ({"domain": "http://example.org"}, "--domain"),
        ({"domain": "a@example.org"}, "--domain"),
        ({"domain": ""}, "--domain"),
        ({"region": "Ireland"}, "--region"),
        ({"name": "day break"}, "--name"),
        ({"name": "d" * 52}, "--name"),
        ({"mail_from": "mail.example.com"}, "--mail-from"),
        ({"mail_from": "example.org"}, "--mail-from"),
        ({"reports_to": "dmarc"}, "--reports-to"),
        ({"reports_to": "a,b@example.org"}, "--reports-to"),
    ],
)
def test_what_cannot_be_a_name_is_refused_by_its_option(
    named: dict[str, str], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        provisioning.wanted(**{"domain": "example.org", "region": REGION, **named})


def test_a_domain_in_other_letters_is_written_as_the_dns_does() -> None:
    assert provisioning.wanted("Bücher.Example.", REGION).domain == "xn--bcher-kva.example"


def test_without_credentials_nothing_is_begun(
    ses: SesAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with closing(provisioning.clients(REGION)) as clients, pytest.raises(BadInput, match="AWS_"):
        set_up(clients)
    assert ses.calls == []


def test_credentials_that_ended_are_said(clients: Clients, ses: SesAccount) -> None:
    ses.refuses["GetConfigurationSet"] = "ExpiredTokenException"

    with pytest.raises(BadInput, match="AWS does not accept these credentials"):
        set_up(clients)


def test_an_account_that_cannot_be_reached_is_said(
    ses: SesAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{free_port()}")

    with closing(provisioning.clients(REGION)) as clients:
        report = set_up(clients)

    assert ses.calls == []
    assert "AWS cannot be reached" in report.error

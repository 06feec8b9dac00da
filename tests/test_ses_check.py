"""`digest ses check`: what is not ready to send is found, with what to do about it."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest

from digest import doctor, provisioning
from digest.dns import Resolver
from digest.doctor import Finding, Status
from digest.errors import BadInput
from digest.provisioning import Clients, Sender
from digest.provisioning.setting_up import whose
from digest.settings import read_settings
from tests.aws_account import REGION, account, empty
from tests.name_server import NameServer, txt
from tests.ses_account import TOKENS, ZONE, SesAccount
from tests.visitor import PRODUCTION

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/daybreak-events"
SENDER = Sender(
    domain="example.org",
    region=REGION,
    mailbox="Daybreak <digest@example.org>",
    configuration_set="daybreak",
    queue_url=QUEUE_URL,
)


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[str, SesAccount, Clients]]:
    with account() as (moto, ses), closing(provisioning.clients(REGION)) as clients:
        yield moto, ses, clients


@pytest.fixture
def clients(aws: tuple[str, SesAccount, Clients]) -> Clients:
    return aws[2]


@pytest.fixture
def ses(aws: tuple[str, SesAccount, Clients]) -> SesAccount:
    """An account in which everything is set up and verified."""
    moto, ses, clients = aws
    empty(moto, ses)
    wanted = provisioning.wanted("example.org", REGION)
    report = provisioning.set_up(clients, wanted, lambda _line: None, dry_run=False)
    assert not report.error
    ses.verify("example.org")
    return ses


@pytest.fixture
def dns() -> Iterator[NameServer]:
    """A name server with all that setting up has asked for."""
    with NameServer() as server:
        for token in TOKENS:
            server.zone[f"{token}._domainkey.example.org", "CNAME"] = [f"{token}.{ZONE}."]
        mail_from = "mail.example.org"
        server.zone[mail_from, "MX"] = [f"10 feedback-smtp.{REGION}.amazonses.com."]
        server.zone[mail_from, "TXT"] = txt("v=spf1 include:amazonses.com ~all")
        publish(server, "v=DMARC1; p=none; rua=mailto:dmarc@example.org")
        yield server


def publish(server: NameServer, record: str, domain: str = "example.org") -> None:
    server.zone[f"_dmarc.{domain}", "TXT"] = txt(record)


@pytest.fixture
def resolver(dns: NameServer) -> Resolver:
    return Resolver(dns.address, patience=1)


def findings(clients: Clients, resolver: Resolver, sender: Sender = SENDER) -> dict[str, Finding]:
    return {each.name: each for each in provisioning.examine(clients, resolver, sender)}


def wrong(found: dict[str, Finding]) -> dict[str, Status]:
    return {name: each.status for name, each in found.items() if each.status is not Status.OK}


@pytest.mark.usefixtures("ses")
def test_all_is_well_after_setting_up_and_publishing(clients: Clients, resolver: Resolver) -> None:
    found = findings(clients, resolver)

    assert wrong(found) == {}
    assert {each.remedy for each in found.values()} == {""}
    assert set(found) == {
        "account",
        "sandbox",
        "quota",
        "suppression",
        "identity",
        "dkim",
        "dkim dns",
        "mail from",
        "mx",
        "spf",
        "alignment",
        "dmarc",
        "config set",
        "events",
        "queue",
        "writers",
        "dead queue",
    }


def test_an_account_without_anything_is_told_what_to_run(
    aws: tuple[str, SesAccount, Clients], resolver: Resolver
) -> None:
    moto, ses, clients = aws
    empty(moto, ses)

    found = findings(clients, resolver)

    assert wrong(found) == dict.fromkeys(("identity", "config set", "queue"), Status.ERROR)
    assert found["identity"].remedy == "digest ses setup --domain example.org --region eu-west-1"


def test_the_account_s_own_troubles_are_found(
    ses: SesAccount, clients: Clients, resolver: Resolver
) -> None:
    ses.account["ProductionAccessEnabled"] = False
    ses.account["SendingEnabled"] = False
    ses.account["SendQuota"]["SentLast24Hours"] = 49_000.0

    assert wrong(findings(clients, resolver)) == {
        "account": Status.ERROR,
        "sandbox": Status.ERROR,
        "quota": Status.WARNING,
    }


def test_an_account_under_review_is_a_warning(
    ses: SesAccount, clients: Clients, resolver: Resolver
) -> None:
    ses.account["EnforcementStatus"] = "PROBATION"

    assert wrong(findings(clients, resolver)) == {"account": Status.WARNING}


def test_an_account_without_a_daily_quota_is_well(
    ses: SesAccount, clients: Clients, resolver: Resolver
) -> None:
    ses.account["SendQuota"]["Max24HourSend"] = -1.0

    assert wrong(findings(clients, resolver)) == {}


def test_what_ses_has_not_found_yet_is_said(
    ses: SesAccount, clients: Clients, resolver: Resolver
) -> None:
    identity = ses.identities["example.org"]
    identity["VerifiedForSendingStatus"] = False
    identity["DkimAttributes"]["Status"] = "PENDING"
    identity["MailFromAttributes"]["MailFromDomainStatus"] = "FAILED"

    found = findings(clients, resolver)

    pending = ("identity", "dkim", "mail from", "alignment")
    assert wrong(found) == dict.fromkeys(pending, Status.ERROR)
    assert "72 hours" in found["dkim"].remedy
    assert found["alignment"].detail == "with From example.org: nothing aligned"
    assert "whose status is PENDING" in found["alignment"].remedy


@pytest.mark.usefixtures("ses")
def test_records_that_are_missing_or_wrong_are_named(
    clients: Clients, dns: NameServer, resolver: Resolver
) -> None:
    dns.zone[f"{TOKENS[1]}._domainkey.example.org", "CNAME"] = ["elsewhere.example.net."]
    dns.zone["mail.example.org", "MX"].append("20 backup.example.net.")
    dns.zone["mail.example.org", "TXT"] = txt("v=spf1 -all")
    del dns.zone["_dmarc.example.org", "TXT"]

    found = findings(clients, resolver)

    assert wrong(found) == dict.fromkeys(("dkim dns", "mx", "spf", "dmarc"), Status.ERROR)
    assert found["dkim dns"].detail == f"not there: {TOKENS[1]}._domainkey.example.org"
    assert "no other" in found["mx"].remedy
    assert "include:amazonses.com" in found["spf"].remedy
    assert "_dmarc.example.org" in found["dmarc"].remedy


@pytest.mark.usefixtures("ses")
@pytest.mark.parametrize(
    ("record", "status", "says"),
    [
        ("v=DMARC1; p=reject; rua=mailto:d@example.org", Status.OK, ""),
        ("v=DMARC1; p=none", Status.WARNING, "rua"),
        ("v=DMARC1; p=reject; pct=20; rua=mailto:d@example.org", Status.WARNING, "take pct out"),
        ("v=DMARC1; p=none; aspf=x; rua=mailto:d@example.org", Status.WARNING, "mend aspf=x"),
        ("v=DMARC1; p=off", Status.ERROR, "publish TXT"),
    ],
)
def test_a_dmarc_record_is_read_by_rfc_9989(
    clients: Clients,
    dns: NameServer,
    resolver: Resolver,
    *,
    record: str,
    status: Status,
    says: str,
) -> None:
    publish(dns, record)

    found = findings(clients, resolver)["dmarc"]

    assert found.status is status
    assert says in found.remedy


@pytest.mark.usefixtures("ses")
def test_a_sender_below_the_identity_is_covered_and_aligned(
    clients: Clients, resolver: Resolver
) -> None:
    below = Sender(domain="news.example.org", region=REGION, configuration_set="daybreak")

    found = findings(clients, resolver, below)

    assert found["identity"].detail == "example.org is verified"
    assert found["alignment"].detail == "with From news.example.org: DKIM and SPF aligned"
    assert "_dmarc.example.org" in found["dmarc"].detail


@pytest.mark.usefixtures("ses")
def test_strict_alignment_leaves_such_a_sender_alone(
    clients: Clients, dns: NameServer, resolver: Resolver
) -> None:
    publish(dns, "v=DMARC1; p=none; adkim=s; aspf=s; rua=mailto:d@example.org")
    below = Sender(domain="news.example.org", region=REGION, configuration_set="daybreak")

    found = findings(clients, resolver, below)["alignment"]

    assert found.status is Status.ERROR
    assert "verify news.example.org itself" in found.remedy


def test_without_a_mail_from_of_its_own_dkim_is_enough(
    ses: SesAccount, clients: Clients, resolver: Resolver
) -> None:
    ses.identities["example.org"]["MailFromAttributes"] = {}

    found = findings(clients, resolver)

    assert wrong(found) == {"mail from": Status.WARNING}
    assert "enough" in found["alignment"].detail


def test_a_key_of_the_operator_s_own_is_left_to_ses(
    ses: SesAccount, clients: Clients, dns: NameServer, resolver: Resolver
) -> None:
    ses.identities["example.org"]["DkimAttributes"]["SigningAttributesOrigin"] = "EXTERNAL"
    for token in TOKENS:
        del dns.zone[f"{token}._domainkey.example.org", "CNAME"]

    assert wrong(findings(clients, resolver)) == {}


@pytest.mark.usefixtures("ses")
def test_a_key_that_stands_in_the_place_of_its_cname_is_there(
    clients: Clients, dns: NameServer, resolver: Resolver
) -> None:
    for token in TOKENS:
        name = f"{token}._domainkey.example.org"
        del dns.zone[name, "CNAME"]
        dns.zone[name, "TXT"] = txt("p=MIIBIjANBgkq")

    assert wrong(findings(clients, resolver)) == {}


def test_mail_that_we_sign_ourselves_needs_no_key_of_ses(
    ses: SesAccount, clients: Clients, dns: NameServer, resolver: Resolver
) -> None:
    ses.identities["example.org"]["DkimAttributes"]["Status"] = "PENDING"
    for token in TOKENS:
        del dns.zone[f"{token}._domainkey.example.org", "CNAME"]
    own = replace(SENDER, selector="ours")
    before = findings(clients, resolver, own)
    dns.zone["ours._domainkey.example.org", "TXT"] = txt("v=DKIM1; k=rsa; p=MIIBIjANBgkq")

    after = findings(clients, resolver, own)

    assert before["dkim dns"].status is Status.ERROR
    assert after["dkim dns"].status is Status.OK
    assert "ours._domainkey.example.org" in after["dkim dns"].detail
    assert "DKIM" not in before["alignment"].detail
    assert "DKIM and SPF aligned" in after["alignment"].detail


def test_our_own_key_counts_where_we_sign_and_not_where_ses_does(tmp_path: Path) -> None:
    by_relay = {"mail_url": "smtp://email-smtp.eu-west-1.amazonaws.com:587"}
    signing = PRODUCTION | {"dkim_key_file": tmp_path / "dkim.pem", "dkim_selector": "ours"}

    relayed = provisioning.sender(read_settings(**signing | by_relay), region=REGION)
    handed = provisioning.sender(read_settings(**signing | {"mail_url": f"ses://{REGION}"}))

    assert (relayed.selector, handed.selector) == ("ours", "")


@pytest.mark.usefixtures("ses")
def test_a_name_server_that_fails_is_no_verdict(
    clients: Clients, dns: NameServer, resolver: Resolver
) -> None:
    dns.fails = True

    found = findings(clients, resolver)

    assert wrong(found) == dict.fromkeys(
        ("dkim dns", "mail from", "alignment", "dmarc"), Status.WARNING
    )
    assert doctor.well(list(found.values()))


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        (["SEND", "DELIVERY"], Status.ERROR),
        (["BOUNCE", "COMPLAINT", "SEND", "DELIVERY"], Status.WARNING),
        ([], Status.ERROR),
    ],
)
def test_events_that_nobody_hears_of_are_found(
    ses: SesAccount, clients: Clients, resolver: Resolver, kinds: list[str], status: Status
) -> None:
    ses.destinations["daybreak"]["daybreak-events"]["MatchingEventTypes"] = kinds

    assert wrong(findings(clients, resolver)) == {"events": status}


def test_a_paused_configuration_set_is_found(
    ses: SesAccount, clients: Clients, resolver: Resolver
) -> None:
    ses.sets["daybreak"]["SendingOptions"]["SendingEnabled"] = False

    assert wrong(findings(clients, resolver)) == {"config set": Status.ERROR}


@pytest.mark.usefixtures("ses")
def test_a_queue_that_anybody_may_write_to_is_found(clients: Clients, resolver: Resolver) -> None:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    clients.sqs.set_queue_attributes(QueueUrl=QUEUE_URL, Attributes={"Policy": policy})

    found = findings(clients, resolver)

    assert found["writers"].status is Status.ERROR
    assert "believed" in found["writers"].detail


@pytest.mark.usefixtures("ses")
def test_dead_letters_are_counted(clients: Clients, resolver: Resolver) -> None:
    clients.sqs.send_message(QueueUrl=f"{QUEUE_URL}-dead", MessageBody="what is this?")

    found = findings(clients, resolver)["dead queue"]

    assert found.status is Status.WARNING
    assert found.detail == "1 not understood"


def test_what_may_not_be_looked_at_is_a_warning_and_the_rest_is_looked_at(
    ses: SesAccount, clients: Clients, resolver: Resolver
) -> None:
    ses.refuses["GetAccount"] = "AccessDeniedException"

    found = findings(clients, resolver)

    assert wrong(found) == {"account": Status.WARNING}
    assert "deploy/iam/check.json" in found["account"].remedy
    assert "identity" in found


def test_a_probe_is_a_real_mail_to_the_simulator(ses: SesAccount, clients: Clients) -> None:
    found = provisioning.probe(clients, SENDER, lambda: NOW)

    [sent] = ses.sent
    message = message_from_bytes(sent["Content"]["Raw"]["Data"])
    assert found.status is Status.OK
    assert sent["Destination"] == {"ToAddresses": ["success@simulator.amazonses.com"]}
    assert sent["ConfigurationSetName"] == "daybreak"
    assert message["From"] == "Daybreak <digest@example.org>"


def test_a_probe_that_is_refused_says_why(ses: SesAccount, clients: Clients) -> None:
    ses.refuses["SendEmail"] = "MessageRejected"

    found = provisioning.probe(clients, SENDER, lambda: NOW)

    assert found.status is Status.ERROR
    assert "MessageRejected" in found.detail


def test_the_sender_is_the_one_of_the_settings() -> None:
    settings = read_settings(
        **{
            **PRODUCTION,
            "mail_url": "ses://eu-west-1?configuration_set=daybreak",
            "sqs_queue_url": QUEUE_URL,
        }
    )

    found = provisioning.sender(settings)

    assert found == Sender(
        domain="example.org",
        region="eu-west-1",
        mailbox="Daybreak <daily@example.org>",
        configuration_set="daybreak",
        queue_url=QUEUE_URL,
    )


def test_what_is_said_counts_more_than_the_settings() -> None:
    found = provisioning.sender(
        read_settings(), domain="example.net", region="us-east-1", name="staging"
    )

    assert (found.domain, found.region, found.configuration_set) == (
        "example.net",
        "us-east-1",
        "staging",
    )
    assert found.mailbox == "Daybreak <digest@example.net>"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({}, "does not go out through SES"),
        ({"region": "eu-west-1"}, "--domain"),
        ({"region": "eu-west-1", "domain": "x"}, "--domain"),
    ],
)
def test_a_sender_that_nobody_named_is_asked_for(named: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        provisioning.sender(read_settings(), **named)


@pytest.mark.usefixtures("ses")
def test_whose_credentials_these_are_is_asked_of_aws(clients: Clients) -> None:
    assert whose(clients, provisioning.wanted("example.org", REGION)).account == "123456789012"

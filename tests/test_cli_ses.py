"""`digest ses` as an operator types it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.cli import cli
from digest.cli.context import errors_in_words
from tests.aws_account import REGION, account, empty
from tests.name_server import NameServer
from tests.ses_account import TOKENS, SesAccount

SETUP = ["ses", "setup", "--domain", "example.org", "--region", REGION]
CHECK = ["ses", "check", "--domain", "example.org", "--region", REGION, "--name", "daybreak"]


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[str, SesAccount]]:
    with account() as both:
        yield both


@pytest.fixture
def ses(aws: tuple[str, SesAccount]) -> SesAccount:
    empty(*aws)
    return aws[1]


@pytest.fixture
def command() -> CliRunner:
    return CliRunner()


@pytest.mark.usefixtures("ses")
def test_setup_prints_what_it_did_and_what_is_left(command: CliRunner) -> None:
    said = command.invoke(cli, SETUP)

    assert said.exit_code == 0, said.output
    assert "Account 123456789012, eu-west-1:" in said.output
    assert "  created    queue daybreak-events\n" in said.output
    assert f"  {TOKENS[0]}._domainkey.example.org\n      CNAME  " in said.output
    assert "v=DMARC1; p=none; rua=mailto:dmarc@example.org" in said.output
    assert "pct" not in said.output
    assert "DIGEST_MAIL_URL=ses://eu-west-1?configuration_set=daybreak" in said.output
    assert "digest ses check" in said.output


def test_a_dry_run_says_that_ses_will_name_the_keys(command: CliRunner, ses: SesAccount) -> None:
    said = command.invoke(cli, [*SETUP, "--dry-run"])

    assert said.exit_code == 0, said.output
    assert "only looking" in said.output
    assert "  to create  identity example.org\n" in said.output
    assert "DKIM's three CNAME records" in said.output
    assert ses.changes == []


@pytest.mark.usefixtures("ses")
def test_setup_as_json_is_one_document(command: CliRunner) -> None:
    said = command.invoke(cli, [*SETUP, "--json"])

    told = json.loads(said.stdout)
    assert told["ok"] is True
    assert told["account"] == "123456789012"
    assert {each["deed"] for each in told["steps"]} == {"created"}
    assert len(told["records"]) == 6


def test_setup_that_breaks_off_ends_with_1_and_says_that_it_can_be_repeated(
    command: CliRunner, ses: SesAccount
) -> None:
    ses.refuses["CreateEmailIdentity"] = "LimitExceededException"

    said = command.invoke(cli, SETUP)

    assert said.exit_code == 1
    assert "created    event destination" in said.stdout
    assert "run the same command again" in said.stderr


def test_setup_that_breaks_off_says_so_in_json_too(command: CliRunner, ses: SesAccount) -> None:
    ses.refuses["CreateEmailIdentity"] = "LimitExceededException"

    said = command.invoke(cli, [*SETUP, "--json"])

    assert said.exit_code == 1
    assert json.loads(said.stdout)["ok"] is False
    assert len(json.loads(said.stdout)["steps"]) == 6


def test_a_wrong_domain_ends_with_2(
    command: CliRunner, ses: SesAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, errors_in_words():
        command.invoke(
            cli, ["ses", "setup", "--domain", "x", "--region", REGION], catch_exceptions=False
        )

    assert ended.value.code == 2
    assert "--domain" in capsys.readouterr().err
    assert ses.calls == []


def test_check_ends_with_1_and_has_remedies(
    command: CliRunner, ses: SesAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with NameServer() as dns:
        monkeypatch.setenv("DIGEST_DNS_SERVER", dns.address)
        monkeypatch.setenv("DIGEST_STATE_DIR", str(tmp_path / "var"))
        said = command.invoke(cli, [*CHECK, "--json", "--probe"])

    told = json.loads(said.stdout)
    assert said.exit_code == 1
    assert told["ok"] is False
    assert all(set(each) == {"name", "status", "detail", "remedy"} for each in told["findings"])
    assert [each["name"] for each in told["findings"]][-1] == "probe"
    assert len(ses.sent) == 1


def test_check_for_a_person_is_as_doctor_s(
    command: CliRunner, ses: SesAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ses.identities == {}
    with NameServer() as dns:
        monkeypatch.setenv("DIGEST_DNS_SERVER", dns.address)
        said = command.invoke(cli, CHECK)

    assert said.exit_code == 1
    assert "ERROR   identity    SES knows neither example.org" in said.output
    assert "-> digest ses setup --domain example.org --region eu-west-1" in said.output

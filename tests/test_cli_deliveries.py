"""`digest deliveries`: what the operator sees of single mails, and what they may say."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from digest.cli import cli
from digest.cli.context import errors_in_words
from digest.models import AddressChange, DeliveryKind, DeliveryState
from digest.services import Services
from digest.settings import Settings
from tests import make
from tests.test_events import mail_to, reader, row

EMAIL = "ann@example.org"
NIGHT = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    return CliRunner()


def listed(command: CliRunner, *arguments: str) -> list[dict[str, object]]:
    said = command.invoke(cli, ["deliveries", "list", "--json", *arguments])
    assert said.exit_code == 0, said.output
    found: list[dict[str, object]] = json.loads(said.stdout)
    return found


def ids(command: CliRunner, *arguments: str) -> list[object]:
    return [each["id"] for each in listed(command, *arguments)]


def test_a_delivery_is_listed_by_ids_and_moments_without_an_address(
    services: Services, command: CliRunner
) -> None:
    reader_id = reader(services, EMAIL)
    when = {"dedupe_key": "2026-11-20", "created_at": NIGHT, "sending_at": NIGHT}
    delivery_id = mail_to(services, reader_id, DeliveryState.UNKNOWN, error="time-out", **when)

    [found] = listed(command)

    assert found == {
        "id": delivery_id,
        "subscriber": reader_id,
        "kind": "digest",
        "day": "2026-11-20",
        "state": "unknown",
        "decided_at": "2026-11-19T23:30:00Z",
        "sending_at": "2026-11-19T23:30:00Z",
        "error": "time-out",
    }


@pytest.mark.parametrize("form", [["--json"], []])
def test_addresses_are_shown_on_demand_only(
    services: Services, command: CliRunner, form: list[str]
) -> None:
    mail_to(services, reader(services, EMAIL))

    plain = command.invoke(cli, ["deliveries", "list", *form])
    open_ = command.invoke(cli, ["deliveries", "list", "--addresses", *form])

    assert EMAIL not in plain.output
    assert EMAIL in open_.output


def test_one_state_can_be_asked_for(services: Services, command: CliRunner) -> None:
    reader_id = reader(services)
    of = {state: mail_to(services, reader_id, state) for state in DeliveryState}

    assert ids(command) == list(of.values())
    for state, delivery_id in of.items():
        assert ids(command, "--state", state.value) == [delivery_id]


def test_a_day_is_the_reader_s_for_digests_and_utc_s_for_others(
    services: Services, command: CliRunner
) -> None:
    reader_id = reader(services)
    digest = mail_to(services, reader_id, dedupe_key="2026-11-20", created_at=NIGHT)
    link = mail_to(services, reader_id, kind=DeliveryKind.LINK, dedupe_key="1", created_at=NIGHT)
    mail_to(services, reader_id, dedupe_key="2026-11-18", created_at=make.LONG_AGO)

    assert ids(command, "--day", "2026-11-20") == [digest]
    assert ids(command, "--day", "2026-11-19") == [link]


def test_a_mail_of_midnight_is_of_the_day_that_begins(
    services: Services, command: CliRunner
) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    asked_for: dict[str, Any] = {"kind": DeliveryKind.LINK, "dedupe_key": "2026-11-18"}
    link = mail_to(services, reader(services), created_at=midnight, **asked_for)

    assert ids(command, "--day", "2026-11-20") == [link]
    assert ids(command, "--day", "2026-11-19") == []
    assert ids(command, "--day", "2026-11-18") == []
    assert [each["day"] for each in listed(command)] == [None]


def test_the_newest_come_last_and_only_so_many(services: Services, command: CliRunner) -> None:
    reader_id = reader(services)
    made = [mail_to(services, reader_id) for _ in range(5)]

    assert ids(command, "--limit", "3") == made[-3:]


def test_a_line_is_fit_for_a_terminal(services: Services, command: CliRunner) -> None:
    delivery_id = mail_to(services, reader(services), DeliveryState.PENDING)

    said = command.invoke(cli, ["deliveries", "list"])

    [line] = said.stdout.splitlines()
    assert line.split()[0] == str(delivery_id)
    assert "pending" in line
    assert "None" not in line


@pytest.mark.parametrize(
    ("word", "state", "said"),
    [
        ("sent", DeliveryState.SENT, "counts as sent"),
        ("resend", DeliveryState.PENDING, "goes out again with the next sweep"),
    ],
)
def test_the_operator_settles_what_is_unknown(
    services: Services, command: CliRunner, word: str, state: DeliveryState, said: str
) -> None:
    delivery_id = mail_to(services, reader(services), DeliveryState.UNKNOWN)

    result = command.invoke(cli, ["deliveries", "settle", str(delivery_id), word])

    assert (result.exit_code, result.stdout) == (0, f"Delivery {delivery_id} {said}.\n")
    assert row(services, delivery_id).state is state


@pytest.mark.usefixtures("command")
def test_what_is_sent_is_not_settled(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    delivery_id = mail_to(services, reader(services), DeliveryState.SENT)

    with pytest.raises(SystemExit) as ended, errors_in_words():
        cli.main(["deliveries", "settle", str(delivery_id), "resend"], standalone_mode=False)

    assert ended.value.code == 2
    assert f"Delivery {delivery_id} is sent: nobody doubts it." in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["0", "sent"], ["x", "sent"], ["1", "again"], ["1"], [str(2**63), "sent"]]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_odd_words_are_refused(command: CliRunner, arguments: list[str]) -> None:
    result: Result = command.invoke(cli, ["deliveries", "settle", *arguments])

    assert result.exit_code == 2


def change_of(services: Services, reader_id: int, number: int) -> int:
    with services.sessions.begin() as session:
        change = AddressChange(
            subscriber_id=reader_id,
            email=f"new{number}@example.org",
            address_hash=f"{number:064x}",
            former_email=f"old{number}@example.org",
            asked_at=NIGHT,
        )
        session.add(change)
        session.flush()
        return change.id


def test_a_mail_about_a_change_is_listed_with_the_address_it_goes_to(
    services: Services, command: CliRunner
) -> None:
    reader_id = reader(services, EMAIL)
    change = change_of(services, reader_id, 1)
    change_of(services, reader_id, 2)
    for kind in DeliveryKind:
        mail_to(services, reader_id, kind=kind, dedupe_key=f"{change}")

    found = [(each["kind"], each["address"]) for each in listed(command, "--addresses")]

    assert sorted(found) == [
        ("change", "new1@example.org"),
        ("confirmation", EMAIL),
        ("digest", EMAIL),
        ("link", EMAIL),
        ("notice", "old1@example.org"),
    ]


def test_an_address_that_is_forgotten_is_not_listed(services: Services, command: CliRunner) -> None:
    with services.sessions.begin() as session:
        make.delivery(session, make.subscriber(session), kind=DeliveryKind.NOTICE, dedupe_key="7")

    assert [each["address"] for each in listed(command, "--addresses")] == [None]

"""A mail URL names a transport; what it gets wrong is said without its password."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.errors import BadSettings
from digest.mail.message import as_bytes
from digest.mail.opening import open_transport
from digest.mail.transport import Accepted, Allowance, NotSent, Reaction, why
from tests.relay import Relay
from tests.ses_stub import SesStub
from tests.test_message import DIGEST, LETTERHEAD, NOW


def outbox(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def test_an_outbox_keeps_each_mail_as_it_would_go_out(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "outbox"
    transport = open_transport(f"outbox:{folder}", LETTERHEAD, lambda: NOW)

    outcome = transport.send(DIGEST)
    transport.close()

    [path] = outbox(folder)
    assert path.name == "20261120T063000.000000Z-42.eml"
    assert outcome == Accepted(path.name)
    assert path.read_bytes() == as_bytes(DIGEST, LETTERHEAD, NOW)


def test_a_delivery_that_is_sent_twice_shows_twice(tmp_path: Path) -> None:
    transport = open_transport(f"outbox:{tmp_path}", LETTERHEAD, lambda: NOW)

    outcomes = [transport.send(DIGEST) for _ in range(3)]

    assert [Accepted(path.name) for path in outbox(tmp_path)] == sorted(outcomes, key=str)
    assert len(outbox(tmp_path)) == 3


def test_the_names_in_an_outbox_sort_by_time(tmp_path: Path) -> None:
    start = datetime(2026, 9, 30, 23, 59, 59, 999_999, tzinfo=UTC)
    moments = [start + n * timedelta(microseconds=1) for n in range(12)]
    ticking = iter(moments)
    transport = open_transport(f"outbox:{tmp_path}", LETTERHEAD, lambda: next(ticking))

    outcomes = [transport.send(DIGEST) for _ in moments]

    assert [Accepted(path.name) for path in outbox(tmp_path)] == outcomes


def test_an_outbox_that_cannot_be_written_to_is_tried_again_later(tmp_path: Path) -> None:
    blocked = tmp_path / "outbox"
    blocked.write_text("not a folder")
    transport = open_transport(f"outbox:{blocked}", LETTERHEAD, lambda: NOW)

    outcome = transport.send(DIGEST)

    assert isinstance(outcome, NotSent)
    assert outcome.kind == Reaction.LATER


def test_an_outbox_has_no_limits(tmp_path: Path) -> None:
    assert open_transport(f"outbox:{tmp_path}", LETTERHEAD).allowance() == Allowance()


def test_user_and_password_of_a_url_are_unquoted() -> None:
    with Relay(login=("ann@example.org", "p:/?#@ss%")) as relay:
        url = f"smtp://ann%40example.org:p%3A%2F%3F%23%40ss%25@127.0.0.1:{relay.port}"
        transport = open_transport(url, LETTERHEAD)
        outcome = transport.send(DIGEST)
        transport.close()

    assert isinstance(outcome, Accepted)
    assert relay.logins == [("ann@example.org", "p:/?#@ss%")]


def test_smtps_speaks_tls() -> None:
    with Relay(tls=True) as relay:
        transport = open_transport(f"smtps://127.0.0.1:{relay.port}", LETTERHEAD)
        outcome = transport.send(DIGEST)
        transport.close()

    assert isinstance(outcome, Accepted)


@pytest.mark.parametrize(
    ("url", "rate"),
    [
        ("smtp://mail.example.org", None),
        ("smtps://mail.example.org/?rate=2.5", 2.5),
        ("smtp://ann:secret@mail.example.org:25?rate=10", 10.0),
        ("smtp://[::1]:25?rate=10", 10.0),
    ],
)
def test_the_rate_of_a_relay_is_in_its_url(url: str, rate: float | None) -> None:
    assert open_transport(url, LETTERHEAD).allowance() == Allowance(rate=rate)


def test_ses_is_named_by_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    with SesStub(region="ap-southeast-2") as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", stub.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
        url = "ses://ap-southeast-2?configuration_set=daybreak"
        transport = open_transport(url, LETTERHEAD, lambda: NOW)
        transport.send(DIGEST)
        transport.close()

    [taken] = stub.accepted
    assert taken.request["ConfigurationSetName"] == "daybreak"


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("", "outbox:DIR"),
        ("outbox", "outbox:DIR"),
        ("outbox:", "outbox:var/outbox"),
        ("sendmail:", "smtps://HOST"),
        ("smtp://", "smtp://mail.example.org"),
        ("smtp:mail.example.org", "%2F"),
        ("smtp://:587", "smtp://mail.example.org"),
        ("smtp://a..b", "smtp://mail.example.org"),
        ("smtp://mail.example.org:smtp", "587"),
        ("smtp://mail.example.org:99999", "587"),
        ("smtp://[::1", "587"),
        ("smtp://ann:hunter2/3@mail.example.org", "587"),
        ("smtp://ann:hunter2#@mail.example.org", "%23"),
        ("smtp://ann:hunter2?@mail.example.org", "%3F"),
        ("smtp://ann@mail.example.org", "user:password"),
        ("smtp://:hunter2@mail.example.org", "user:password"),
        ("smtp://ann:hunter2%0A@mail.example.org", "ASCII"),
        ("smtp://ann:hunter2%C3%A9@mail.example.org", "ASCII"),
        ("smtp://mail.example.org?rate=fast", "rate=10"),
        ("smtp://mail.example.org?rate=0", "rate=10"),
        ("smtp://mail.example.org?rate=inf", "rate=10"),
        ("smtp://mail.example.org?rate=1&rate=2", "once"),
        ("smtp://mail.example.org?tls=no", "rate="),
        ("smtp://mail.example.org?rate", "rate="),
        ("ses://", "ses://eu-west-1"),
        ("ses://ireland", "ses://eu-west-1"),
        ("ses://eu-west-1:443", "ses://eu-west-1"),
        ("ses://eu-west-1?configuration_set=", "letters"),
        ("ses://eu-west-1?configuration_set=a%20b", "letters"),
        ("ses://eu-west-1?rate=10", "configuration_set="),
    ],
)
def test_a_bad_url_is_refused_with_its_remedy(url: str, remedy: str) -> None:
    with pytest.raises(BadSettings, match="DIGEST_MAIL_URL") as refused:
        open_transport(url, LETTERHEAD)

    assert remedy in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_reason_is_one_short_line_without_addresses() -> None:
    said = "550\r\n no <ann.o'neil+x@mail.example.org>, nor mailto:eve@example.org; " + 900 * "x"

    reason = why(said)

    assert reason.startswith("550 no <(address)>, nor mailto:(address); xxx")
    assert len(reason) == 300


def test_a_reason_holds_nothing_that_a_database_cannot() -> None:
    assert why("550 no\x00such\x1b[2Juser \ud800!") == "550 no such [2Juser !"

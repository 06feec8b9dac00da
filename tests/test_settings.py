from pathlib import Path
from typing import Any

import pytest

from digest import mailboxes
from digest.errors import BadSettings
from digest.mail.message import Letterhead
from digest.settings import Settings, read_settings

PRODUCTION: dict[str, str] = {
    "DIGEST_MAIL_URL": "ses://eu-west-1",
    "DIGEST_BASE_URL": "https://digest.example.org",
    "DIGEST_SECRET_KEYS": "n" * 32,
    "DIGEST_SUPPRESSION_KEY": "s" * 32,
    "DIGEST_SENDER": "Daybreak <digest@example.org>",
    "DIGEST_POSTAL_ADDRESS": "1 Any Street",
    "DIGEST_SOURCES": "huggingface",
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    def read(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return read_settings()

    return read


def test_with_nothing_set_it_runs_on_this_machine_alone(read: Any, tmp_path: Path) -> None:
    settings = read()

    assert settings.embedded
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.outbox == tmp_path / "var" / "outbox"
    assert settings.queue == tmp_path / "var" / "queue"
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/var/daybreak.db"
    assert settings.sender
    assert settings.reply_to == settings.sender
    assert settings.postal_address


def test_the_port_is_part_of_the_address(read: Any) -> None:
    assert read(PORT="9001").base_url == "http://127.0.0.1:9001"


def test_a_dotenv_file_is_read_and_the_environment_outranks_it(read: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DIGEST_SITE_NAME=Dawn\nDIGEST_FETCH_AT=06:30\nOTHER=1\n")

    settings = read(DIGEST_FETCH_AT="07:15")

    assert (settings.site_name, settings.fetch_at) == ("Dawn", "07:15")


def test_an_empty_variable_is_as_good_as_none(read: Any) -> None:
    assert read(DIGEST_SITE_NAME="", DIGEST_MAIL_URL="").embedded


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "http", "integer"),
        ("DIGEST_DATABASE_URL", "mysql://localhost/x", "write sqlite:///path/to/file.db"),
        ("DIGEST_DATABASE_URL", "mysql://localhost/x", r"write .* postgresql://"),
        ("DIGEST_DATABASE_URL", "nonsense", "write sqlite:///"),
        ("DIGEST_DATABASE_URL", "postgresql+psycopg://u@h:port/x", "write sqlite:///"),
        ("DIGEST_DATABASE_URL", "sqlite://", "memory will not do; write sqlite:///"),
        ("DIGEST_DATABASE_URL", "sqlite:///", "memory will not do; write sqlite:///"),
        ("DIGEST_DATABASE_URL", "sqlite:///:memory:", "memory will not do; write sqlite:///"),
        ("DIGEST_BROKER_URL", "amqp://localhost", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "redis", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "redis://", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "redis:///0", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "redis://host:port/0", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "redis://host:70000/0", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "redis://:a/b@host/0", "a / in the password as %2F"),
        ("DIGEST_BROKER_URL", "redis://[host/0", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "redis://host/zero", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", " redis://host/0", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "REDIS://host/0", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "redis://host/0?socket_timeout=1", "write redis://host:6379/0"),
        ("DIGEST_BROKER_URL", "filesystem:///var/queue", "or filesystem://"),
        ("DIGEST_MAIL_URL", "carrier-pigeon:", "write outbox:var/outbox"),
        ("DIGEST_MAIL_URL", "outbox:", "write outbox:var/outbox"),
        ("DIGEST_MAIL_URL", "outbox", "write outbox:var/outbox"),
        ("DIGEST_BASE_URL", "digest.example.org", "write https://digest.example.org"),
        ("DIGEST_BASE_URL", "ftp://digest.example.org", "write https://digest.example.org"),
        ("DIGEST_BASE_URL", "https://", "write https://digest.example.org"),
        ("DIGEST_BASE_URL", "https://x.org/?a=b", "write https://digest.example.org"),
        ("DIGEST_BASE_URL", "https://x.org/#top", "write https://digest.example.org"),
        ("DIGEST_BASE_URL", "https://x.org:web", "write https://digest.example.org"),
        ("DIGEST_BASE_URL", "https://x.org/papers", "leave '/papers' out"),
        ("DIGEST_BASE_URL", "https://[x.org", "write https://digest.example.org"),
        ("DIGEST_SECRET_KEYS", "short", "openssl rand -hex 32"),
        ("DIGEST_SECRET_KEYS", f"{'n' * 32},short", "openssl rand -hex 32"),
        ("DIGEST_SUPPRESSION_KEY", "short", "openssl rand -hex 32"),
        ("DIGEST_SENDER", "Daybreak", "write Name <name@example.org>"),
        ("DIGEST_SENDER", "a@example.org\nBcc: b@example.org", "line breaks"),
        ("DIGEST_SENDER", "a b@example.org", "write Name <name@example.org>"),
        ("DIGEST_SENDER", "a@example.org, b@example.org", "write Name <name@example.org>"),
        ("DIGEST_SENDER", "A <a@example.org>, b@example.org", "write Name <name@example.org>"),
        ("DIGEST_REPLY_TO", "nobody", "write Name <name@example.org>"),
        ("DIGEST_SITE_NAME", "x" * 41, "at most 40"),
        ("DIGEST_SITE_NAME", " ", "at least 1"),
        ("DIGEST_SITE_NAME", "Day\nbreak", "line breaks"),
        ("DIGEST_POSTAL_ADDRESS", "1 Any Street\x07Berlin", "control characters"),
        ("DIGEST_FETCH_AT", "25:00", "write HH:MM in UTC"),
        ("DIGEST_FETCH_AT", f"{'0' * 5000}:00", "write HH:MM in UTC"),
        ("DIGEST_FETCH_AT", "5", "write HH:MM in UTC"),
        ("DIGEST_FETCH_AT", "05:60", "write HH:MM in UTC"),
        ("DIGEST_FETCH_AT", "5:0", "write HH:MM in UTC"),
        ("DIGEST_SOURCES", "twitter", "choose from huggingface"),
        ("DIGEST_SOURCES", "arxiv", "write arxiv:cs.AI"),
        ("DIGEST_SOURCES", "sample:now", "choose from huggingface"),
        ("DIGEST_SOURCES", ",", "at least one source"),
        ("DIGEST_PROXIES", "-1", "greater than or equal to 0"),
        ("DIGEST_LIMITS", "maybe", "'on' or 'off'"),
        ("DIGEST_ALLOW_PRIVATE_ADDRESSES", "perhaps", "boolean"),
        ("DIGEST_UNSUBSCRIBE_ADDRESS", "nobody", "write unsubscribe@example.org"),
        ("DIGEST_UNSUBSCRIBE_ADDRESS", "a*b*@example.org", "write unsubscribe@example.org"),
        ("DIGEST_UNSUBSCRIBE_ADDRESS", "please-unsubscribe-me+*@example.org", "no such address"),
        ("DIGEST_UNSUBSCRIBE_ADDRESS", "out@example.org", "nobody reads what is sent there"),
        ("DIGEST_IMAP_URL", "imaps://u:p@mail.example.org", "UNSUBSCRIBE_ADDRESS too"),
        ("DIGEST_DKIM_SELECTOR", "Day break", "before ._domainkey"),
        ("DIGEST_DKIM_SELECTOR", "a" * 64, "before ._domainkey"),
        ("DIGEST_DKIM_SELECTOR", "a..b", "before ._domainkey"),
        ("DIGEST_ALARM_URL", "alarms.example.org", "write https://alarms.example.org"),
        ("DIGEST_ALARM_URL", "ftp://alarms.example.org", "write https://alarms.example.org"),
        ("DIGEST_ALARM_MAIL_URL", "ses://eu-west-1", "write smtp://user:password@host:587"),
        ("DIGEST_ALARM_MAIL_TO", "nobody", "write Name <name@example.org>"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(
    read: Any, variable: str, value: str, remedy: str
) -> None:
    with pytest.raises(BadSettings, match=f"(?s){variable}: .*{remedy}"):
        read(**{variable: value})


@pytest.mark.parametrize("name", ["Daybreak", "A, B", 'Zürich "x" <y>', "a@b", "back\\slash"])
def test_any_name_of_the_site_makes_a_sender(read: Any, name: str) -> None:
    settings = read(DIGEST_SITE_NAME=name)

    head = Letterhead(
        sender=settings.sender,
        reply_to=settings.reply_to,
        site_name=settings.site_name,
        base_url=settings.base_url,
    )
    assert mailboxes.split(head.sender) == (name, "daybreak@localhost")


def test_a_dotenv_file_in_another_encoding_is_named(read: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("DIGEST_SITE_NAME=Zürich".encode("latin-1"))

    with pytest.raises(BadSettings, match=r"\.env: it is not UTF-8"):
        read()


def test_each_of_several_wrong_values_is_named(read: Any) -> None:
    with pytest.raises(BadSettings) as raised:
        read(DIGEST_FETCH_AT="noon", DIGEST_LIMITS="maybe", PORT="x")

    named = {line.partition(":")[0] for line in str(raised.value).splitlines()}
    assert named == {"DIGEST_FETCH_AT", "DIGEST_LIMITS", "PORT"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DIGEST_SECRET_KEYS", "hunter2"),
        ("DIGEST_MAIL_URL", "smtpx://ann:hunter2@mail.example.org"),
        ("DIGEST_DATABASE_URL", "mysql://ann:hunter2@localhost/x"),
    ],
)
def test_no_message_shows_a_secret(read: Any, variable: str, value: str) -> None:
    with pytest.raises(BadSettings) as raised:
        read(**{variable: value})

    assert "hunter2" not in str(raised.value)


def test_production_with_all_it_needs_is_accepted(read: Any) -> None:
    settings = read(**PRODUCTION)

    assert not settings.embedded
    assert settings.mail_scheme == "ses"


@pytest.mark.parametrize(
    "missing",
    [
        "DIGEST_SECRET_KEYS",
        "DIGEST_SUPPRESSION_KEY",
        "DIGEST_SENDER",
        "DIGEST_POSTAL_ADDRESS",
    ],
)
def test_production_needs(read: Any, missing: str) -> None:
    with pytest.raises(BadSettings, match=f"{missing}: needed to send real mail"):
        read(**{**PRODUCTION, missing: ""})


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("DIGEST_MAIL_URL", "outbox:var/outbox", "sends nothing"),
        ("DIGEST_BASE_URL", "http://digest.example.org", "must begin with https://"),
        ("DIGEST_SOURCES", "huggingface,sample", "never mailed out"),
        ("DIGEST_LIMITS", "off", "embedded mode only"),
    ],
)
def test_production_refuses(read: Any, variable: str, value: str, why: str) -> None:
    with pytest.raises(BadSettings, match=f"{variable}: .*{why}"):
        read(**{**PRODUCTION, variable: value})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.2"])
def test_real_mail_from_this_machine_may_link_to_plain_http(read: Any, host: str) -> None:
    settings = read(**{**PRODUCTION, "DIGEST_BASE_URL": f"http://{host}:8000/"})

    assert not settings.embedded
    assert settings.base_url == f"http://{host}:8000"


@pytest.mark.parametrize("host", ["localhost.example.org", "127.0.0.1.nip.io", "0.0.0.0"])  # noqa: S104
def test_a_host_that_only_looks_like_this_machine_is_not_it(read: Any, host: str) -> None:
    with pytest.raises(BadSettings, match="sends nothing"):
        read(DIGEST_BASE_URL=f"http://{host}")


def test_a_password_may_hold_any_character(read: Any) -> None:
    settings = read(**{**PRODUCTION, "DIGEST_MAIL_URL": "smtp://ann:p[w@mail.example.org"})

    assert settings.mail_scheme == "smtp"


def test_a_child_process_gets_these_very_settings(read: Any) -> None:
    settings = read(
        **{
            **PRODUCTION,
            "DIGEST_SECRET_KEYS": f"{'n' * 32}, {'o' * 32}",
            "DIGEST_SOURCES": "huggingface, arxiv:cs.AI+cs.LG",
            "DIGEST_PROXIES": "2",
            "DIGEST_ALLOW_PRIVATE_ADDRESSES": "true",
            "DIGEST_DKIM_KEY_FILE": "key.pem",
            "DIGEST_IMAP_URL": "imaps://u:p@mail.example.org/Out",
            "DIGEST_UNSUBSCRIBE_ADDRESS": "out+*@example.org",
            "DIGEST_DISPOSABLE_DOMAINS_FILE": "disposable.txt",
            "DIGEST_DKIM_SELECTOR": "s2026",
            "DIGEST_ALARM_URL": "https://alarms.example.org/hunter2",
            "DIGEST_ALARM_MAIL_URL": "smtps://u:p@mail.example.org",
            "DIGEST_ALARM_MAIL_TO": "ann@example.org",
            "PORT": "9001",
        }
    )

    child = read(**settings.environment())

    assert child == settings
    assert len(child.secret_keys) == 2


def test_relative_places_are_of_the_folder_it_was_started_in(
    read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read(
        DIGEST_STATE_DIR="state",
        DIGEST_MAIL_URL="outbox:mails",
        DIGEST_DATABASE_URL="sqlite:///kept/x.db",
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    child = read(**settings.environment())

    assert child.state_dir == tmp_path / "state"
    assert child.outbox == tmp_path / "mails"
    assert child.database_url.get_secret_value() == f"sqlite:///{tmp_path}/kept/x.db"


def test_secrets_are_not_shown(read: Any) -> None:
    shown = repr(read(**PRODUCTION))

    assert "n" * 32 not in shown
    assert "s" * 32 not in shown


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_url_is_taken_in_each_of_its_spellings(scheme: str) -> None:
    settings = read_settings(database_url=f"{scheme}://ann:pw@db/daybreak")

    assert settings.database_url.get_secret_value() == "postgresql+psycopg://ann:pw@db/daybreak"


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://host:6379/0",
        "redis://:p%2Fw@[::1]:6379/1",
        "rediss://user:word@host/0?ssl_cert_reqs=required",
    ],
)
def test_an_address_of_a_broker_is_taken_as_it_is(read: Any, url: str) -> None:
    assert read(DIGEST_BROKER_URL=url).broker_url.get_secret_value() == url

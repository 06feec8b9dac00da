"""Secrets by files: containers and systemd hand them over so."""

from pathlib import Path
from typing import Any

import pytest

from digest.errors import BadSettings
from digest.settings import Settings, read_settings
from digest.settings.secret_files import secrets
from digest.settings.values import name_server

KEY = "k" * 32


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def given(name: str, content: bytes) -> Path:
        path = tmp_path / name.lower()
        path.write_bytes(content)
        monkeypatch.setenv(f"{name}_FILE", str(path))
        return path

    return given


def test_every_setting_with_a_secret_can_be_a_file() -> None:
    assert {"database_url", "mail_url", "secret_keys", "suppression_key", "imap_url"} <= set(
        secrets(Settings)
    )
    assert "sender" not in secrets(Settings)


def test_a_secret_is_read_from_its_file_without_the_space_around_it(given: Any) -> None:
    given("DIGEST_SUPPRESSION_KEY", f"{KEY}\n".encode())
    given("DIGEST_SECRET_KEYS", f" {KEY}1,{KEY}2 \r\n".encode())

    settings = read_settings()

    assert settings.suppression_key is not None
    assert settings.suppression_key.get_secret_value() == KEY
    assert [key.get_secret_value() for key in settings.secret_keys] == [f"{KEY}1", f"{KEY}2"]


def test_keys_in_a_file_may_have_a_line_each(given: Any) -> None:
    given("DIGEST_SECRET_KEYS", f"{KEY}1\r\n{KEY}2\n".encode())

    settings = read_settings()

    assert [key.get_secret_value() for key in settings.secret_keys] == [f"{KEY}1", f"{KEY}2"]


def test_a_file_can_be_named_in_dot_env_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    (tmp_path / ".env").write_text(f"DIGEST_SUPPRESSION_KEY_FILE={tmp_path / 'key'}\n")

    settings = read_settings()

    assert settings.suppression_key is not None
    assert settings.suppression_key.get_secret_value() == KEY


def test_what_is_set_itself_counts_more_and_the_file_is_not_even_looked_at(
    given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given("DIGEST_DATABASE_URL", b"postgresql://file/name").unlink()
    monkeypatch.setenv("DIGEST_DATABASE_URL", "postgresql://environment/name")

    assert "environment" in read_settings().database_url.get_secret_value()


def test_an_empty_variable_leaves_it_to_the_file(
    given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given("DIGEST_DATABASE_URL", b"postgresql://file/name")
    monkeypatch.setenv("DIGEST_DATABASE_URL", "")

    assert "file" in read_settings().database_url.get_secret_value()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_variable(
    given: Any, content: bytes | None, message: str
) -> None:
    path = given("DIGEST_MAIL_URL", content or b"")
    if content is None:
        path.unlink()

    with pytest.raises(BadSettings, match=f"DIGEST_MAIL_URL_FILE: .*{message}"):
        read_settings()


def test_what_is_wrong_in_a_file_is_said_without_it(given: Any) -> None:
    given("DIGEST_SUPPRESSION_KEY", b"too-short")

    with pytest.raises(BadSettings, match="DIGEST_SUPPRESSION_KEY") as refused:
        read_settings()

    assert "too-short" not in str(refused.value)


def test_a_child_process_gets_the_values(given: Any) -> None:
    given("DIGEST_SUPPRESSION_KEY", KEY.encode())

    assert read_settings().environment()["DIGEST_SUPPRESSION_KEY"] == KEY


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
    ],
)
def test_a_name_server_is_an_address_and_a_port(text: str, server: tuple[str, int]) -> None:
    assert name_server(text) == server


@pytest.mark.parametrize(
    "text", ["dns.example.org", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2", "2001:db8::1", ":53"]
)
def test_what_is_no_name_server_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_DNS_SERVER", text)

    with pytest.raises(BadSettings, match="DIGEST_DNS_SERVER"):
        read_settings()

"""What is typed at the commands' limits, and beyond them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from digest import migrations
from digest.sources.compression import MAX_INFLATED
from tests import make
from tests.test_cli import FEEDS, Digest, digest, production

__all__ = ["digest", "production"]

COPY = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), open(sys.argv[2], 'wb'))"


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:00Z", "0001-01-01T00:00+14:00", "1999-12-31", "2200-01-01T00:00Z"]
)
def test_a_moment_at_the_calendars_end_is_refused(digest: Digest, moment: str) -> None:
    ended = digest("send-due", "--now", moment)

    assert ended.code == 2
    assert f"'{moment}' is not in the years 2000 to 2199" in ended.err


@pytest.mark.parametrize("moment", ["2000-01-01T00:00+14:00", "2199-12-31T23:59-12:00"])
def test_the_first_and_the_last_moment_are_taken(digest: Digest, moment: str) -> None:
    assert digest("send-due", "--now", moment).code == 0


@pytest.mark.parametrize(
    ("day", "why"), [("0001-01-01", "before the year 2000"), ("9999-12-31", "is in the future")]
)
@pytest.mark.parametrize(
    "words",
    [("fetch", "--source", "sample", "--day"), ("backfill", "--from", "2026-11-02", "--to")],
)
def test_a_day_at_the_calendars_end_is_refused(
    digest: Digest, words: tuple[str, ...], day: str, why: str
) -> None:
    ended = digest(*words, day)

    assert ended.code == 2
    assert why in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("why", ["", " ", "\n"])
def test_stopping_needs_a_reason(digest: Digest, why: str) -> None:
    ended = digest("stop", "--why", why)

    assert ended.code == 2
    assert "--why" in ended.err
    assert "not stopped" in digest("doctor").out


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_document(digest: Digest, device: str) -> None:
    ended = digest("fetch", "--file", device, "--kind", "feed")

    assert ended.code == 2
    assert f"{device}: neither a file nor a pipe" in ended.err


def test_a_file_that_cannot_be_read_is_named(digest: Digest) -> None:
    ended = digest("fetch", "--file", "/proc/self/mem", "--kind", "feed")

    assert ended.code == 2
    assert "/proc/self/mem: cannot be read: Input/output error" in ended.err


def test_a_file_that_is_too_large_is_refused(digest: Digest, tmp_path: Path) -> None:
    with (tmp_path / "vast").open("wb") as file:
        file.truncate(MAX_INFLATED + 1)

    ended = digest("fetch", "--file", "vast", "--kind", "feed")

    assert ended.code == 2
    assert "vast: holds more than 300 MB" in ended.err


def test_a_document_may_come_through_a_pipe(digest: Digest, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    document = FEEDS / "huggingface_2026.json"
    with subprocess.Popen([sys.executable, "-c", COPY, document, tmp_path / "pipe"]):
        ended = digest("fetch", "--file", "pipe", "--kind", "huggingface")

    assert ended.code == 0
    assert " new, 0 seen" in ended.out


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://[::1", "Invalid port"),
        ("https://papers.example.org:99999/rss", "no address that may be read"),
        ("https://papers.example.org:0/rss", "no address that may be read"),
        ("https://papers.example.org:port/rss", "Invalid port"),
        ("https://papers.example.org:8443/rss", "only https on its usual port"),
        ("http://papers.example.org/rss", "only https on its usual port"),
        ("https://ann:hunter2@papers.example.org/rss", "with no user"),
        ("https://", "no address that may be read"),
        ("https:///rss", "no address that may be read"),
        ("https://./rss", "no address that may be read"),
        ("https://papers..org/rss", "no address that may be read"),
        ("https://pa pers.org/rss", "no address that may be read"),
        ("https://%00.org/rss", "no address that may be read"),
        ("https://" + "a" * 64 + ".org/rss", "no address that may be read"),
        ("https://" + "a." * 127 + "org/rss", "no address that may be read"),
        ("https://\N{SNOWMAN}.example.org/rss", "Invalid IDNA hostname"),
        ("https://xn--a.example.org/rss", "not allowed"),
        ("https://papers.example.org/\n", "non-printable"),
        ("ftp://papers.example.org/rss", "no address that may be read"),
        ("file:///etc/passwd", "no address that may be read"),
        ("javascript:alert(1)", "no address that may be read"),
        ("papers.example.org/rss", "no address that may be read"),
        ("//papers.example.org/rss", "no address that may be read"),
        ("", "no address that may be read"),
    ],
)
def test_what_is_no_address_of_a_source_is_refused(digest: Digest, url: str, why: str) -> None:
    for command in ("test", "add"):
        ended = digest("source", command, url)

        assert ended.code == 2
        assert why in ended.err
        assert "write it as https://www.biorxiv.org/rss/recent.rss" in ended.err
        assert "hunter2" not in ended.err


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:99999/rss", "https://127.0.0.1:-1/", "http://["]
)
def test_a_private_address_has_to_be_one_as_well(
    digest: Digest, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DIGEST_ALLOW_PRIVATE_ADDRESSES", "true")

    assert digest("source", "test", url).code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("source", "test", "https://papers.example.org/caf\udce9"),
        ("source", "pause", "caf\udce9"),
        ("papers", "pick", "caf\udce9"),
        ("fetch", "--file", "caf\udce9.json", "--kind", "jsonl"),
        ("subscribe", "caf\udce9@example.org"),
        ("subscribe", "ann@example.org", "--keyword", "caf\udce9"),
        ("stop", "--why", "caf\udce9"),
        ("caf\udce9",),
    ],
)
def test_what_is_typed_in_another_encoding_is_refused(
    digest: Digest, words: tuple[str, ...]
) -> None:
    ended = digest(*words)

    assert ended.code == 2
    assert "caf\\udce9" in ended.err
    assert "is not in UTF-8" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", [("web",), ("send-due",), ("stop", "--why", "a test")])
def test_in_production_no_command_works_on_old_tables(
    digest: Digest, production: str, command: tuple[str, ...]
) -> None:
    ended = digest(*command)

    assert ended.code == 2
    assert "run `digest migrate` first" in ended.err
    assert migrations.age(production) is not migrations.Age.CURRENT


@pytest.mark.parametrize("command", ["web", "send-due", "migrate"])
def test_no_command_works_on_tables_of_a_later_version(
    digest: Digest, production: str, command: str
) -> None:
    migrations.migrate(production)
    make.from_the_future(production)

    ended = digest(command)

    assert ended.code == 2
    assert "newer than this version" in ended.err
    assert "digest migrate" not in ended.err

"""The commands, as an operator types them: what they print, and how they end."""

import gzip
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_string
from pathlib import Path

import click
import pytest

from digest import migrations
from digest.cli import cli, main
from digest.topics import taxonomy
from tests.newsstand import Item, Newsstand, announcements, archived, listed, rss
from tests.visitor import PRODUCTION

FEEDS = Path(__file__).with_name("feeds")
ANN = "ann@example.org"


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.out.splitlines()[-1])
        return found


Digest = Callable[..., Ended]


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Digest]:
    """Run a command in this process, in an empty folder and with no settings."""
    root = logging.getLogger()
    loggers = [root, logging.getLogger("digest"), logging.getLogger("workers")]
    before = [(each.level, each.handlers[:]) for each in loggers]

    def run(*words: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["digest", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    yield run
    for each, (level, handlers) in zip(loggers, before, strict=True):
        each.level, each.handlers[:] = level, handlers


def commands(group: click.Group = cli, *path: str) -> Iterator[tuple[str, ...]]:
    here = click.Context(group)
    for name in group.list_commands(here):
        command = group.get_command(here, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Set up an installation in production; return the URL of its database, which is empty."""
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(f"DIGEST_{name.upper()}", value)
    url = f"sqlite:///{tmp_path / 'production.db'}"
    monkeypatch.setenv("DIGEST_DATABASE_URL", url)
    return url


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_explains_itself(digest: Digest, command: tuple[str, ...]) -> None:
    ended = digest(*command, "--help")

    assert ended.code == 0
    summary = ended.out.split("\n\n")[1].strip()
    assert len(summary.split()) >= 4
    assert "." in summary or "Examples:" in ended.out


@pytest.mark.parametrize("command", ["up", "fetch", "subscribe", "preview", "send-due"])
def test_what_people_type_daily_has_examples(digest: Digest, command: str) -> None:
    ended = digest(command, "--help")

    assert f"  digest {command}" in ended.out.partition("Examples:")[2]


def test_without_a_command_it_shows_them_all(digest: Digest) -> None:
    ended = digest("--help")

    assert ended.code == 0
    assert all(f"  {name} " in ended.out for (name, *_) in commands())


@pytest.mark.parametrize(
    ("words", "named", "remedy"),
    [
        (("subscribe", "ann@@example"), "ann@@example", "not an e-mail address"),
        (("subscribe", ANN, "--topic", "astrology"), "astrology", "digest topics list"),
        (("subscribe", ANN, "--hour", "24"), "'24'", "from 0 to 23"),
        (("subscribe", ANN, "--hour", "x"), "'x'", "from 0 to 23"),
        (("subscribe", ANN, "--zone", "Mars/Olympus"), "Mars/Olympus", "Europe/Berlin"),
        (("subscribe", ANN, "--cadence", "hourly"), "hourly", "weekdays"),
        (("subscribe", ANN, "--cadence", "days"), "days", "at least one"),
        (("subscribe", ANN, "--day", "funday"), "funday", "mon, tue"),
        (("subscribe", ANN, "--keyword", "k" * 101), "kkkk", "100 characters"),
        (("subscribe",), "EMAIL", "--help"),
        (("fetch", "--day", "yesterday"), "yesterday", "2026-11-20"),
        (("fetch", "--day", "2026-13-01"), "2026-13-01", "2026-11-20"),
        (("fetch", "--day", "2199-01-01"), "2199-01-01", "today is"),
        (("fetch", "--source", "gazette"), "gazette", "huggingface"),
        (("fetch", "--file", "gone.json", "--kind", "arxiv"), "gone.json", "does not exist"),
        (("fetch", "--kind", "arxiv"), "--kind", "--file"),
        (("fetch", "--file", FEEDS / "arxiv_kinds.xml"), "--file", "--kind"),
        (("fetch", "--file", FEEDS / "arxiv_kinds.xml", "--kind", "rss"), "rss", "arxiv"),
        (("send-due", "--now", "noon"), "noon", "2026-11-20T07:00Z"),
        (("preview",), "address", "--sample"),
        (("preview", ANN), ANN, "digest subscribe"),
        (("preview", ANN, "--sample"), "address", "--sample"),
        (("preview", "--sample", "--format", "pdf"), "pdf", "eml"),
        (("up", "--port", "70000"), "70000", "65535"),
        (("stop",), "--why", "--help"),
        (("sendd-ue",), "sendd-ue", "--help"),
    ],
)
def test_bad_input_is_named_with_its_remedy(
    digest: Digest, words: tuple[str | Path, ...], named: str, remedy: str
) -> None:
    ended = digest(*words)

    assert ended.code == 2
    assert named in ended.err
    assert remedy in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("DIGEST_FETCH_AT", "25:00", "HH:MM"),
        ("DIGEST_DATABASE_URL", "mysql://host/name", "postgresql"),
        ("DIGEST_DATABASE_URL", "sqlite:///:memory:", "sqlite:///path"),
        ("DIGEST_BROKER_URL", "amqp://host", "redis://"),
        ("DIGEST_MAIL_URL", "pigeon://loft", "ses://"),
        ("DIGEST_BASE_URL", "daybreak.example", "https://"),
        ("DIGEST_SOURCES", "gazette", "huggingface"),
        ("DIGEST_SECRET_KEYS", "short", "openssl rand"),
        ("PORT", "eighty", "PORT"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(
    digest: Digest, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, remedy: str
) -> None:
    monkeypatch.setenv(variable, value)

    ended = digest("send-due")

    assert ended.code == 2
    assert ended.err.startswith(f"Error: {variable}")
    assert remedy in ended.err


@pytest.mark.parametrize("kind", ["arxiv", "huggingface"])
def test_an_unreadable_document_is_refused(digest: Digest, tmp_path: Path, kind: str) -> None:
    (tmp_path / "noise").write_bytes(bytes(range(256)))

    ended = digest("fetch", "--file", "noise", "--kind", kind)

    assert ended.code == 2
    assert ended.err.startswith("Error: ")
    assert "Traceback" not in ended.err


def test_in_production_the_database_is_not_changed_unasked(digest: Digest, production: str) -> None:
    refused = digest("send-due")
    migrated, again = digest("migrate"), digest("migrate")
    accepted = digest("send-due")

    assert refused.code == 2
    assert "digest migrate" in refused.err
    assert (migrated.code, again.code) == (0, 0)
    assert "up to date now" in migrated.out
    assert "Nothing to do" in again.out
    assert accepted.code == 0
    assert migrations.age(production) is migrations.Age.CURRENT


def test_a_database_that_does_not_answer_is_said_in_a_sentence(
    digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql+psycopg://ann:secret@127.0.0.1:9/none"
    monkeypatch.setenv("DIGEST_DATABASE_URL", url)

    ended = digest("send-due")

    assert ended.code == 1
    assert "DIGEST_DATABASE_URL" in ended.err
    assert "secret" not in ended.err
    assert "Traceback" not in ended.err


def test_a_file_that_is_no_database_is_said_in_a_sentence(
    digest: Digest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "letter.db").write_text("Dear Ann, this is no database. " * 50)
    monkeypatch.setenv("DIGEST_DATABASE_URL", f"sqlite:///{tmp_path / 'letter.db'}")

    ended = digest("send-due")

    assert ended.code == 1
    assert "not a database (DIGEST_DATABASE_URL)" in ended.err


@pytest.mark.parametrize("command", ["send-due", "migrate", "up"])
def test_a_state_folder_that_cannot_be_is_named(
    digest: Digest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("DIGEST_STATE_DIR", str(tmp_path / "taken"))

    ended = digest(command)

    assert ended.code == 2
    assert f"{tmp_path / 'taken'}: File exists" in ended.err
    assert "DIGEST_STATE_DIR" in ended.err


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("huggingface", "huggingface_2026.json"),
        ("huggingface", "huggingface_odd_rows.json"),
        ("arxiv", "arxiv_kinds.xml"),
        ("arxiv", "arxiv_atom.xml"),
    ],
)
def test_a_saved_document_is_counted_and_new_only_once(
    digest: Digest, kind: str, name: str
) -> None:
    words = ("fetch", "--file", FEEDS / name, "--kind", kind, "--json")

    first, second = digest(*words), digest(*words)

    assert (first.code, second.code) == (0, 0)
    assert set(first.last_line) == {"new", "seen", "skipped"}
    assert first.last_line["new"] > 0
    assert second.last_line["new"] == 0
    assert sum(first.last_line.values()) == sum(second.last_line.values()) == entries(name)


def entries(name: str) -> int:
    document = (FEEDS / name).read_text()
    if name.endswith(".json"):
        return len(json.loads(document))
    return document.count("<item>") + document.count("<entry>")


def test_counts_are_words_for_people(digest: Digest) -> None:
    ended = digest("fetch", "--source", "sample")

    assert ended.out == "48 new, 0 seen, 0 skipped\n"


def test_the_sample_is_refused_beside_real_papers(digest: Digest) -> None:
    digest("fetch", "--file", FEEDS / "huggingface_2026.json", "--kind", "huggingface")

    ended = digest("fetch", "--source", "sample", "--json")

    assert ended.code == 2
    assert "sample: the sample papers are invented" in ended.err
    assert ended.out == ""


def test_whom_one_adds_has_a_digest_with_the_next_sweep(digest: Digest) -> None:
    digest("fetch", "--source", "sample")

    added = digest("subscribe", ANN, "--topic", "galaxies", "--hour", "7", "--confirmed")
    sent, again = digest("send-due"), digest("send-due")

    assert added.code == 0
    assert sent.last_line == {"planned": 1, "sent": 1, "unknown": 0, "failed": 0, "skipped": 0}
    assert again.last_line == {"planned": 0, "sent": 0, "unknown": 0, "failed": 0, "skipped": 0}
    [mail] = Path("var/outbox").glob("*.eml")
    assert f"To: {ANN}" in mail.read_text()


def test_whom_one_asks_has_a_confirmation_and_counts_too(digest: Digest) -> None:
    asked = digest("subscribe", ANN)
    sent = digest("send-due")

    assert "confirmation" in asked.out
    assert sent.last_line == {"planned": 0, "sent": 1, "unknown": 0, "failed": 0, "skipped": 0}


def test_who_is_subscribed_is_not_added_again(digest: Digest) -> None:
    digest("subscribe", ANN, "--confirmed")

    ended = digest("subscribe", ANN.upper(), "--confirmed")

    assert ended.code == 2
    assert f"{ANN} is subscribed already" in ended.err


def test_now_plans_a_later_day(digest: Digest) -> None:
    digest("fetch", "--source", "sample")
    digest("subscribe", ANN, "--cadence", "daily", "--confirmed")
    digest("send-due")
    in_two_days = datetime.now(UTC) + timedelta(days=2)

    sent = digest("send-due", "--now", in_two_days.isoformat())

    assert sent.last_line == {"planned": 1, "sent": 1, "unknown": 0, "failed": 0, "skipped": 0}
    assert len(list(Path("var/outbox").glob("*.eml"))) == 2


def test_a_moment_without_a_zone_is_utc(digest: Digest) -> None:
    ended = digest("send-due", "--now", "2026-11-21T07:00")

    assert ended.last_line["planned"] == 0
    assert ended.code == 0


def test_the_sample_can_be_previewed_without_any_database(digest: Digest, tmp_path: Path) -> None:
    text, html, eml = (digest("preview", "--sample", "--format", each).out for each in FORMATS)

    assert "Sample day" in text
    assert html.lstrip().lower().startswith("<!doctype html>")
    mail = message_from_string(eml)
    assert mail["To"] == "mira@example.org"
    assert [part.get_content_type() for part in mail.walk()][1:] == ["text/plain", "text/html"]
    assert list(tmp_path.iterdir()) == []


FORMATS = ("text", "html", "eml")


def test_a_preview_is_the_digest_that_comes_and_is_not_recorded(digest: Digest) -> None:
    digest("fetch", "--source", "sample")
    digest("subscribe", ANN, "--topic", "galaxies", "--confirmed")

    first, second = digest("preview", ANN), digest("preview", f" {ANN.title()} ")
    sent = digest("send-due")

    assert "You follow Galaxies" in first.out
    # A link holds the second in which it was signed.
    assert re.sub(r"http\S+", "", first.out) == re.sub(r"http\S+", "", second.out)
    assert sent.last_line["sent"] == 1


def test_a_preview_of_nothing_says_why(digest: Digest) -> None:
    digest("subscribe", ANN, "--confirmed")

    ended = digest("preview", ANN)

    assert ended.code == 2
    assert "no digest to preview" in ended.err


def test_topics_are_listed(digest: Digest) -> None:
    listed, as_json = digest("topics", "list"), digest("topics", "list", "--json")

    slugs = [topic.slug for topic in taxonomy.topics()]
    assert len(slugs) >= 40
    assert all(f"  {slug} " in listed.out for slug in slugs)
    assert [topic["slug"] for topic in json.loads(as_json.out)] == slugs


def test_sending_stops_and_goes_on(digest: Digest) -> None:
    digest("subscribe", ANN)

    digest("stop", "--why", "trying it out")
    stopped = digest("send-due")
    unwell = digest("doctor")
    digest("resume")
    resumed = digest("send-due")

    assert (stopped.last_line["sent"], resumed.last_line["sent"]) == (0, 1)
    assert unwell.code == 1
    assert "trying it out" in unwell.out


def test_the_reason_of_a_stop_is_one_plain_line(digest: Digest) -> None:
    digest("stop", "--why", "the relay\nis \x1b[31mdown\u202e")

    assert "UTC: the relay is [31mdown\n" in digest("doctor").out


def test_doctor_is_well_after_a_sweep(digest: Digest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_SOURCES", "sample")
    digest("fetch")
    digest("send-due")

    ended = digest("doctor", "--json")

    report = json.loads(ended.out)
    assert ended.code == 0
    assert report["ok"] is True
    assert {frozenset(each) for each in report["findings"]} == {
        frozenset({"name", "status", "detail", "remedy"})
    }
    assert {each["status"] for each in report["findings"]} == {"ok"}


def test_doctor_warns_of_what_has_not_begun(digest: Digest) -> None:
    ended = digest("doctor")

    assert ended.code == 0
    assert "WARNING" in ended.out
    assert "-> digest fetch" in ended.out


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_doctor_finds_a_database_that_is_out_of_date(
    digest: Digest, production: str, words: tuple[str, ...]
) -> None:
    ended = digest("doctor", *words)

    assert production
    assert ended.code == 1
    assert "out of date" in ended.out
    assert "digest migrate" in ended.out


def test_doctor_finds_a_database_that_does_not_answer(
    digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql+psycopg://ann:secret@127.0.0.1:9/none"
    monkeypatch.setenv("DIGEST_DATABASE_URL", url)

    ended = digest("doctor", "--json")

    [finding] = json.loads(ended.out)["findings"]
    assert ended.code == 1
    assert (finding["name"], finding["status"]) == ("database", "error")
    assert "DIGEST_DATABASE_URL" in finding["remedy"]
    assert "secret" not in ended.out + ended.err


PAIR = [
    Item(id="2611.00104", title="Lamps for Deep Mines"),
    Item(id="2611.00105", title="Bells Under the Sea"),
]
ODD = Item(id="2611.00106", title="")


def lines(*rows: object) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


PAPER = {
    "id": "2611.00104",
    "title": "Lamps for Deep Mines",
    "abstract": "We measure lamps.",
    "authors": ["Maud Ellery"],
    "categories": ["cs.LG"],
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", ["feed", "jsonl", "huggingface", "arxiv"])
def test_every_kind_of_document_is_read_packed_or_not(
    digest: Digest, tmp_path: Path, kind: str, *, packed: bool
) -> None:
    body = {
        "feed": rss(PAIR),
        "jsonl": lines(PAPER, {**PAPER, "id": "2611.00105", "title": "Bells"}),
        "huggingface": listed(*PAIR),
        "arxiv": announcements(PAIR),
    }[kind]
    (tmp_path / "document").write_bytes(gzip.compress(body) if packed else body)

    words = ("fetch", "--file", "document", "--kind", kind, "--json")
    first, second = digest(*words), digest(*words)

    assert (first.code, first.err) == (0, "")
    assert first.last_line == {"new": 2, "seen": 0, "skipped": 0}
    assert second.last_line == {"new": 0, "seen": 2, "skipped": 0}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("arxiv", announcements(PAIR)[:-30]),
        ("arxiv", archived(PAIR)[:-30]),
        ("feed", rss(PAIR)[:-30]),
    ],
    ids=["arxiv", "archive", "feed"],
)
def test_of_a_broken_document_the_readable_entries_are_kept(
    digest: Digest, tmp_path: Path, kind: str, body: bytes
) -> None:
    (tmp_path / "document").write_bytes(body)

    ended = digest("fetch", "--file", "document", "--kind", kind, "--json")

    assert ended.code == 3
    assert ended.last_line["new"] >= 1
    assert ended.err.strip()
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("huggingface", b'{"error": "Not found"}', "a JSON object with the keys: error"),
        ("huggingface", listed(1, "two"), "of 2 entries none can be read"),
        ("huggingface", b"<html>", "an HTML page"),
        ("arxiv", b"", "an empty document"),
        ("arxiv", announcements(PAIR)[:30], "breaks off"),
        ("feed", rss([ODD]), "of 1 entries none can be read"),
        ("feed", b"[]", "a JSON document"),
        ("jsonl", b"1\n2\n3\n", "no lines of JSON objects"),
        ("jsonl", b'{"id": 1}\n{}\n', "of 2 entries none can be read"),
        ("jsonl", gzip.compress(lines(PAPER))[:40], "cut short"),
        ("huggingface", gzip.compress(listed(*PAIR))[:40], "cut short"),
        ("jsonl", b"\x1f\x8bnonsense", "damaged"),
        ("feed", (FEEDS / "arxiv_query_error.xml").read_bytes(), "error: incorrect id format"),
    ],
)
def test_a_document_of_which_nothing_can_be_read_is_refused(
    digest: Digest, tmp_path: Path, kind: str, body: bytes, why: str
) -> None:
    (tmp_path / "document").write_bytes(body)

    ended = digest("fetch", "--file", "document", "--kind", kind, "--json")

    assert ended.code == 2
    assert why in ended.err
    assert ended.err.startswith("Error: document: ")
    assert (ended.last_line["new"], ended.last_line["seen"]) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("jsonl", "\n".join(json.dumps({**PAPER, "id": f"2611.{n:05}"}) for n in range(500))),
        ("feed", rss(Item(id=f"{n}", title=f"Tides, part {n}") for n in range(500)).decode()),
        ("arxiv", announcements(Item(id=f"2611.{n:05}", title="T") for n in range(500)).decode()),
        ("arxiv", archived(Item(id=f"2611.{n:05}", title="T") for n in range(500)).decode()),
        ("huggingface", listed(*(Item(id=f"2611.{n:05}", title="T") for n in range(500))).decode()),
    ],
    ids=["jsonl", "feed", "arxiv", "archive", "huggingface"],
)
def test_of_a_package_that_is_cut_short_the_readable_entries_are_kept(
    digest: Digest, tmp_path: Path, kind: str, body: str
) -> None:
    packed = gzip.compress(body.encode())
    (tmp_path / "cut").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "whole").write_bytes(packed)

    cut = digest("fetch", "--file", "cut", "--kind", kind, "--json")
    whole = digest("fetch", "--file", "whole", "--kind", kind, "--json")

    assert cut.code == 3
    assert "packed by gzip, but cut short" in cut.err
    assert 0 < cut.last_line["new"] < 500
    assert cut.last_line["skipped"] <= 1
    assert (whole.code, whole.last_line["seen"]) == (0, cut.last_line["new"])
    assert sum(whole.last_line.values()) == 500


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-8-sig"])
@pytest.mark.parametrize("kind", ["jsonl", "huggingface"])
def test_json_in_another_encoding_is_fine(
    digest: Digest, tmp_path: Path, kind: str, encoding: str
) -> None:
    paper = {**PAPER, "title": "Lamps for Señor Müller"}
    row = {"paper": {**paper, "summary": "We measure lamps.", "authors": []}}
    said = json.dumps(paper if kind == "jsonl" else [row], ensure_ascii=False)
    (tmp_path / "document").write_bytes(said.encode(encoding))

    ended = digest("fetch", "--file", "document", "--kind", kind, "--json")

    assert (ended.code, ended.err) == (0, "")
    assert ended.last_line == {"new": 1, "seen": 0, "skipped": 0}


def test_a_line_that_breaks_off_costs_itself_only(digest: Digest, tmp_path: Path) -> None:
    (tmp_path / "document").write_bytes(lines(PAPER, PAPER)[:-30])

    ended = digest("fetch", "--file", "document", "--kind", "jsonl", "--json")

    assert ended.last_line == {"new": 1, "seen": 0, "skipped": 1}
    assert "line 2: no JSON" in ended.err


def test_entries_of_which_none_can_be_read_are_counted(digest: Digest, tmp_path: Path) -> None:
    (tmp_path / "document").write_bytes(listed(1, "two", None))

    ended = digest("fetch", "--file", "document", "--kind", "huggingface", "--json")

    assert ended.last_line == {"new": 0, "seen": 0, "skipped": 3}


def test_arxivs_error_is_no_paper(digest: Digest) -> None:
    ended = digest("fetch", "--file", FEEDS / "arxiv_query_error.xml", "--kind", "arxiv", "--json")

    assert ended.code == 2
    assert "incorrect id format for lantern" in ended.err
    assert ended.last_line == {"new": 0, "seen": 0, "skipped": 0}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("huggingface", b"[]"),
        ("arxiv", announcements([])),
        ("arxiv", archived([])),
        ("feed", rss([])),
        ("jsonl", b""),
    ],
    ids=["huggingface", "arxiv", "archive", "feed", "jsonl"],
)
def test_a_document_that_is_well_formed_and_empty_is_fine(
    digest: Digest, tmp_path: Path, kind: str, body: bytes
) -> None:
    (tmp_path / "document").write_bytes(body)

    ended = digest("fetch", "--file", "document", "--kind", kind, "--json")

    assert (ended.code, ended.err) == (0, "")
    assert ended.last_line == {"new": 0, "seen": 0, "skipped": 0}


def test_an_encoding_that_was_guessed_and_read_whole_is_fine(digest: Digest) -> None:
    ended = digest("fetch", "--file", FEEDS / "feed_wrong_charset.xml", "--kind", "feed", "--json")

    assert ended.code == 0
    assert ended.last_line["new"] >= 1


def test_entries_that_are_skipped_in_a_whole_document_are_explained(
    digest: Digest, tmp_path: Path
) -> None:
    (tmp_path / "document").write_bytes(rss([*PAIR, ODD]))

    ended = digest("fetch", "--file", "document", "--kind", "feed", "--json")

    assert ended.code == 0
    assert ended.last_line == {"new": 2, "seen": 0, "skipped": 1}
    assert "entry 3: it has no title" in ended.err


@pytest.mark.parametrize(
    ("words", "named", "remedy"),
    [
        (("source", "pause", "gazette"), "gazette", "digest source list"),
        (("source", "add"), "URL", "--help"),
        (("papers", "drop", "lanterns"), "lanterns", "here or at arXiv"),
        (("backfill", "--from", "2026-11-02"), "--to", "--help"),
        (
            ("backfill", "--from", "2026-11-03", "--to", "2026-11-02"),
            "2026-11-03",
            "after --to 2026-11-02",
        ),
        (
            ("backfill", "--from", "2026-11-02", "--to", "2199-11-02"),
            "2199-11-02",
            "is in the future",
        ),
        (
            ("backfill", "--from", "2026-11-02", "--to", "2026-11-03", "--set", "cs LG"),
            "cs LG",
            "cs.AI+cs.LG",
        ),
    ],
)
def test_bad_input_about_sources_is_named_with_its_remedy(
    digest: Digest, words: tuple[str, ...], named: str, remedy: str
) -> None:
    ended = digest(*words)

    assert ended.code == 2
    assert named in ended.err
    assert remedy in ended.err
    assert "Traceback" not in ended.err


def test_a_source_that_does_not_answer_is_an_error(
    digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGEST_ALLOW_PRIVATE_ADDRESSES", "true")
    with Newsstand() as stand:
        digest("source", "add", stand.feed("/rss", PAIR[0]), "--yes")
        stand.broken = {"/rss"}
        ended = digest("fetch", "--source", "feed:127.0.0.1", "--json")

    assert ended.code == 1
    assert "feed:127.0.0.1: " in ended.err
    assert "answered 500" in ended.err
    assert ended.last_line == {"new": 0, "seen": 0, "skipped": 0}


def test_an_operator_may_put_the_reason_of_a_stop_in_a_new_way(digest: Digest) -> None:
    digest("stop", "--why", "trying it out")
    digest("stop", "--why", "the relay is being moved")

    assert "the relay is being moved" in digest("doctor").out

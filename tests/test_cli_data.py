"""The commands about what is kept: import, export, erase, prune."""

import csv
import io
import json
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from digest import subscribers
from digest.cli import main
from digest.database import connect
from digest.models import AddressChange, DeliveryState, Subscriber
from digest.services import build
from digest.settings import read_settings
from tests import make

HEAD = "email,zone,hour,cadence,topics,keywords,consent_at,consent_source\n"
ANN = "ann@example.org,Europe/Berlin,7,daily,,tree search,2025-03-01,the old list\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


Digest = Callable[..., Ended]


@pytest.fixture
def digest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> Digest:
    """Run a command in this process, with an empty database."""
    monkeypatch.setenv("DIGEST_DATABASE_URL", database_url)

    def run(*words: str | Path, typed: str | None = None) -> Ended:
        monkeypatch.setattr(sys, "argv", ["digest", *map(str, words)])
        if typed is not None:
            monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def readers(tmp_path: Path) -> Path:
    path = tmp_path / "readers.csv"
    path.write_text(HEAD + ANN)
    return path


def test_a_list_is_imported_and_exported_again(
    digest: Digest, readers: Path, tmp_path: Path
) -> None:
    imported = digest("import", readers)
    exported = digest("export", tmp_path / "out.csv")
    printed = digest("export")

    written = (tmp_path / "out.csv").read_text()
    [row] = csv.DictReader(io.StringIO(written))
    assert (imported.code, exported.code, printed.code) == (0, 0, 0)
    assert imported.out == ("1 added, 0 added as pending, 0 known, 0 suppressed, 0 gone, 0 bad\n")
    assert (row["email"], row["standing"]) == ("ann@example.org", "active")
    assert (row["consent_at"][:10], row["consent_source"]) == ("2025-03-01", "the old list")
    assert exported.out.startswith("1 readers in ")
    assert printed.out.splitlines() == written.splitlines()
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600


def test_an_export_that_cannot_be_written_leaves_what_was_there(
    digest: Digest, tmp_path: Path
) -> None:
    ended = digest("export", tmp_path / "no-such-folder" / "out.csv")

    assert ended.code == 2
    assert "no-such-folder" in ended.err
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".csv"] == []


def test_bad_lines_end_in_code_3_and_can_be_mended_and_read(
    digest: Digest, readers: Path, tmp_path: Path
) -> None:
    bad = "".join(f"reader{n}@example.org,,{n},,,,,\n" for n in range(24, 50))
    readers.write_text(HEAD + bad + ANN)
    rejects = tmp_path / "rejects.csv"

    ended = digest("import", readers, "--rejects", rejects, "--json")
    told = [line for line in ended.err.splitlines() if line.startswith("line ")]
    rows = list(csv.DictReader(io.StringIO(rejects.read_text())))
    rejects.write_text(rejects.read_text().replace(",,24,", ",,4,"))
    again = digest("import", rejects)

    assert ended.code == again.code == 3
    assert json.loads(ended.out) == {
        "active": 1,
        "pending": 0,
        "known": 0,
        "suppressed": 0,
        "left": 0,
        "bad": 26,
    }
    assert len(told) == 20
    assert told[0].startswith("line 2: The hour is a number from 0 to 23, not '24'")
    assert f"... and 6 more lines; {rejects} has all of them" in ended.err
    assert [row["line"] for row in rows] == [str(n) for n in range(2, 28)]
    assert "0 added, 1 added as pending" in again.out
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600


def test_a_list_is_not_written_over_by_its_own_bad_lines(digest: Digest, readers: Path) -> None:
    before = readers.read_text()

    ended = digest("import", readers, "--rejects", readers)

    assert ended.code == 2
    assert "is the file that is read" in ended.err
    assert readers.read_text() == before


def test_bad_lines_are_for_the_operator_alone_in_a_file_that_was_there(
    digest: Digest, readers: Path, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.csv"
    rejects.write_text("of yesterday, and much longer than what is written today" * 9)
    rejects.chmod(0o644)

    digest("import", readers, "--rejects", rejects)

    assert rejects.read_text().startswith("email,")
    assert "yesterday" not in rejects.read_text()
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,zone\nAnn,UTC\n", "names no column 'email'"),
        ("", "empty"),
        ("email\nno address\n", "line 2: "),
    ],
)
def test_a_file_of_which_nothing_can_be_used_ends_in_code_2(
    text: str, words: str, digest: Digest, readers: Path
) -> None:
    readers.write_text(text)

    ended = digest("import", readers)

    assert ended.code == 2
    assert words in ended.err


def test_a_column_that_means_nothing_is_named(digest: Digest, readers: Path) -> None:
    readers.write_text("email,shoe size\nann@example.org,42\n")

    ended = digest("import", readers)

    assert ended.code == 0
    assert "'shoe size'" in ended.err


def test_a_dry_run_adds_nobody(digest: Digest, readers: Path) -> None:
    dry = digest("import", readers, "--dry-run")
    printed = digest("export")

    assert dry.out.startswith("1 would be added, ")
    assert len(printed.out.splitlines()) == 1


def test_consent_is_said_for_a_list_that_has_none(digest: Digest, readers: Path) -> None:
    readers.write_text("Ann <ann@example.org>\nbo@example.org\n")

    ended = digest(
        "import", readers, "--consent-source", "the old list", "--consent-at", "2025-03-01"
    )

    assert ended.out.startswith("2 added, 0 added as pending")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--consent-source", "x"], "go together"),
        (["--consent-at", "2025-03-01"], "go together"),
        (["--consent-at", "2025-03-01", "--consent-source", "x"], "consent columns of its own"),
        (["--format", "excel"], "excel"),
        (["--format", "listmonk"], "no column 'status'"),
        (["--rejects", "no-such-folder/r.csv"], "no-such-folder"),
    ],
)
def test_what_contradicts_the_list_is_refused(
    words: list[str], told: str, digest: Digest, readers: Path
) -> None:
    ended = digest("import", readers, *words)

    assert ended.code == 2
    assert told in ended.err
    assert len(digest("export").out.splitlines()) == 1


def test_a_list_that_is_not_there_is_named(digest: Digest, tmp_path: Path) -> None:
    ended = digest("import", tmp_path / "none.csv")

    assert ended.code == 2
    assert "none.csv: cannot be read: No such file" in ended.err


def test_erasing_says_what_goes_and_asks_first(digest: Digest, readers: Path) -> None:
    digest("import", readers)

    no = digest("erase", "Ann@example.org", typed="n\n")
    there = digest("export").out
    yes = digest("erase", "ann@example.org", "--yes")
    gone = digest("export").out
    again = digest("import", readers)

    assert no.code == 1
    assert "subscriber 1, interest 1, consent 1" in sorted_kinds(no.out)
    assert "ann@example.org" in there
    assert yes.out.endswith("Erased.\n")
    assert "ann@example.org" not in gone
    assert again.out == "0 added, 0 added as pending, 0 known, 1 suppressed, 0 gone, 0 bad\n"


def sorted_kinds(out: str) -> str:
    kinds = out.splitlines()[0].partition(": ")[2].split(", ")
    return ", ".join(sorted(kinds, key=["subscriber 1", "interest 1", "consent 1"].index))


def test_an_address_that_its_reader_moved_away_from_is_erased_as_well(
    digest: Digest, readers: Path
) -> None:
    digest("import", readers)
    built = build(read_settings())
    now, name = built.clock(), built.keys.address_hash
    with built.sessions.begin() as session:
        reader = session.scalars(select(Subscriber).with_for_update()).one()
        new = "ann@new.example"
        subscribers.ask_to_move(session, reader, new, address_hash=name(new), now=now)
        change = session.scalars(select(AddressChange.id)).one()
    subscribers.move(built.sessions, change, 0, now=now, wait=0)
    built.close()

    no = digest("erase", "ann@example.org", typed="n\n")
    yes = digest("erase", "ann@example.org", "--yes")
    again = digest("erase", "ann@example.org", "--yes")
    there = digest("export").out

    assert no.code == 1
    assert "moved from there" in no.out
    assert "digest erase ann@new.example" in no.out
    assert yes.out.endswith("Erased.\n")
    assert again.code == 2
    assert "ann@new.example" in there
    assert "ann@example.org" not in there


@pytest.mark.parametrize("email", ["nobody@example.org", "no address"])
def test_erasing_nobody_is_told(email: str, digest: Digest) -> None:
    ended = digest("erase", email, "--yes")

    assert ended.code == 2
    assert email in ended.err


def test_pruning_counts_what_goes(digest: Digest, database_url: str) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=500)
    sessions = sessionmaker(connect(database_url))
    with sessions.begin() as session:
        ann = make.subscriber(session)
        for days in (0, 1, 2):
            at = long_ago + timedelta(days=days)
            key = at.date().isoformat()
            make.delivery(session, ann, created_at=at, dedupe_key=key, state=DeliveryState.SENT)
    sessions.kw["bind"].dispose()

    dry = digest("prune", "--dry-run")
    done = digest("prune", "--json")

    assert dry.out == "2 deliveries and 0 events would go.\n"
    assert json.loads(done.out) == {"deliveries": 2, "events": 0}


def test_pruning_names_its_limit(digest: Digest) -> None:
    ended = digest("prune", "--days", "59")

    assert ended.code == 2
    assert "at least 60" in ended.err

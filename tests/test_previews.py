"""Every kind of mail can be looked at, in every language; nothing is sent or recorded."""

from email import message_from_bytes, policy
from functools import cache

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session

from digest import edition, previews
from digest.cli import cli
from digest.errors import BadInput
from digest.language import languages
from digest.models import Base
from digest.previews import Kind
from digest.services import Services
from digest.settings import read_settings
from tests import lint_mail, make
from tests.conftest import FRIDAY
from tests.digests import text_of

UNLEAVABLE = (Kind.CONFIRMATION, Kind.CHANGE, Kind.MOVED, Kind.NOTICE)
HEADLINES = {
    Kind.DIGEST: "Good morning.",
    Kind.FIRST: "Welcome. Here is your first digest.",
    Kind.WEEKLY: "Your week in papers.",
    Kind.MONTHLY: "Your month in papers.",
    Kind.FEW: "Good morning.",
    Kind.ONE: "Good morning.",
    Kind.NOTHING: "A quiet day.",
    Kind.CONFIRMATION: "Confirm your subscription",
    Kind.LINK: "Your link",
    Kind.CHANGE: "Confirm your new address",
    Kind.MOVED: "Your address was changed",
    Kind.NOTICE: "Something needs you",
}


@cache
def sample(kind: Kind, language: str = "en") -> str:
    return previews.of_sample(read_settings(), "html", kind, language, FRIDAY).decode()


def dump(session: Session) -> dict[str, list[tuple[object, ...]]]:
    return {
        table.name: [tuple(row) for row in session.execute(sa.select(table))]
        for table in Base.metadata.sorted_tables
    }


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", Kind)
def test_a_preview_of_the_sample_day_passes_the_lint(kind: Kind, language: str) -> None:
    html = sample(kind, language)

    found = lint_mail.problems(html, leavable=kind not in UNLEAVABLE, lang=language)
    assert found == []


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_what_it_is_called(kind: Kind) -> None:
    assert text_of(sample(kind), "h1") == [HEADLINES[kind]]


@pytest.mark.parametrize(
    ("kind", "papers"), [(Kind.DIGEST, 10), (Kind.FEW, 3), (Kind.ONE, 1), (Kind.NOTHING, 0)]
)
def test_a_digest_has_so_many_papers(kind: Kind, papers: int) -> None:
    assert len(text_of(sample(kind), "h3")) == papers


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", Kind)
def test_a_readers_mail_is_in_their_language_and_leaves_no_trace(
    services: Services, kind: Kind
) -> None:
    with services.sessions.begin() as session:
        for _ in range(4):
            make.paper(session, now=FRIDAY)
        make.fetched(session, at=FRIDAY)
        make.subscriber(session, email="ann@example.org", language="de")
        edition.build(session, FRIDAY)
    with services.sessions() as session:
        before = dump(session)

    mail = message_from_bytes(
        previews.of_reader(services, "ann@example.org", "eml", kind), policy=policy.default
    )

    assert mail["Content-Language"] == "de"
    with services.sessions() as session:
        assert dump(session) == before


@pytest.mark.parametrize("kind", [Kind.DIGEST, Kind.FEW, Kind.NOTHING])
def test_before_anything_was_read_there_is_no_digest_to_preview(
    services: Services, kind: Kind
) -> None:
    with services.sessions.begin() as session:
        make.subscriber(session, email="ann@example.org")

    with pytest.raises(BadInput, match="There is no digest to preview"):
        previews.of_reader(services, "ann@example.org", "text", kind)


def test_the_command_writes_any_of_them() -> None:
    ran = CliRunner().invoke(cli, ["preview", "--sample", "--kind", "weekly", "--language", "de"])

    assert ran.exit_code == 0
    assert "Die Arbeiten Ihrer Woche." in ran.stdout


@pytest.mark.parametrize(
    "words", [["--kind", "yearly"], ["--language", "tlh"]], ids=lambda words: words[1]
)
def test_what_there_is_not_is_refused(words: list[str]) -> None:
    ran = CliRunner().invoke(cli, ["preview", "--sample", *words])

    assert ran.exit_code != 0
    assert ran.stdout == ""

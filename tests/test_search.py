"""Searching, on both databases: what is found, in which order, and that nothing is an error."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from digest import edition
from digest.database import Sessions, connect
from digest.models import Paper
from digest.search import parse, search
from digest.search.query import Field, Term
from tests import make
from tests.test_migrations import configured, scratch

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
BEFORE_THE_SEARCH = "20261120_first_tables"


@pytest.fixture
def library(session: Session) -> Session:
    """Four papers."""
    make.paper(
        session,
        now=NOW,
        title="Sparse Attention for Long Documents",
        abstract="Networks that read CPU/GPU manuals with a GPT-4 model.",
        authors=["Zoë Poincaré", "Will Ang"],
        organization="Northlake AI",
    )
    make.paper(
        session,
        now=NOW,
        title="A Field Guide to Galaxies",
        abstract="Attention is all you need to see a sparse galaxy.",
        authors=["Ann Quill"],
        organization="Saint-Aurèle Observatory",
    )
    make.paper(
        session,
        now=NOW,
        title="Grasping",
        abstract="Robots that grasp.",
        summary="A robot learns to hold an egg.",
        summary_by="Somebody",
        keywords=["manipulation"],
        authors=["Ann Robot"],
    )
    make.paper(session, now=NOW, title="Nothing at All", authors=["Bo Quillon"])
    return session


def titles(session: Session, query: str) -> list[str]:
    return [card.title.split()[0] for card in search(session, query, 20).cards]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sparse attention", {"Sparse", "A"}),
        ("SPARSE documents", {"Sparse"}),
        ("document", {"Sparse"}),
        ("robots", {"Grasping"}),
        ("egg", {"Grasping"}),
        ("manipulation", {"Grasping"}),
        ("gpu", {"Sparse"}),
        ("gpt 4", {"Sparse"}),
        ("GPT-4", {"Sparse"}),
        ("poincare", {"Sparse"}),
        ("Poincaré", {"Sparse"}),
        ("sparse galaxy", {"A"}),
        ('"sparse galaxy"', {"A"}),
        ('"galaxy sparse"', set()),
        ('"attention is all you need"', {"A"}),
        ('"attention for long', {"Sparse"}),
        ("attention -galaxies", {"Sparse"}),
        ('attention -"all you need"', {"Sparse"}),
        ("the attention of a galaxy", {"A"}),
        ("author:quill", {"A"}),
        ('author:"ann quill"', {"A"}),
        ("author:will", {"Sparse"}),
        ("author:ann -title:grasping", {"A"}),
        ("AUTHOR:Ann robots", {"Grasping"}),
        ("org:northlake", {"Sparse"}),
        ('org:"saint aurele"', {"A"}),
        ("attention org:northlake -author:ann", {"Sparse"}),
        ("title:attention", {"Sparse"}),
        ("title:egg", set()),
        ("nobody:ann attention", set()),
        ("zebra", set()),
        ("-attention", set()),
        ("the", set()),
        ("", set()),
    ],
)
def test_a_query_finds_what_has_all_of_it(library: Session, query: str, found: set[str]) -> None:
    assert set(titles(library, query)) == found


def test_a_word_in_the_title_counts_for_more_than_one_in_the_abstract(session: Session) -> None:
    make.paper(session, now=NOW, upvotes=500, title="Other", abstract="On kelp.")
    make.paper(session, now=NOW, upvotes=1, title="Kelp", abstract="Other.")

    assert titles(session, "kelp") == ["Kelp", "Other"]


def test_of_several_words_those_in_the_title_count(session: Session) -> None:
    make.paper(session, now=NOW, upvotes=90, title="None of it", abstract="Red kelp forests.")
    make.paper(session, now=NOW, upvotes=50, title="Kelp", abstract="Red kelp forests.")
    make.paper(session, now=NOW, upvotes=10, title="Red kelp", abstract="Red kelp forests.")

    assert titles(session, "red kelp forest") == ["Red", "Kelp", "None"]


def test_upvotes_break_ties_and_then_the_newer_paper_is_first(session: Session) -> None:
    for upvotes, title in ((3, "Three kelp"), (80, "Eighty kelp"), (3, "Third kelp")):
        make.paper(session, now=NOW, upvotes=upvotes, title=title)

    assert titles(session, "kelp") == ["Eighty", "Third", "Three"]


def test_the_trend_breaks_the_ties_of_upvotes(session: Session) -> None:
    make.paper(session, now=NOW, upvotes=9, title="Today kelp")
    make.paper(session, now=NOW - timedelta(days=9), upvotes=9, title="Old kelp")
    edition.build(session, NOW)

    assert titles(session, "kelp") == ["Today", "Old"]


def test_results_come_in_pages_and_all_are_counted(session: Session) -> None:
    for upvotes in range(7):
        make.paper(session, now=NOW, upvotes=upvotes, title=f"{upvotes} kelp")

    found = search(session, "kelp", 3, 3)

    assert [card.upvotes for card in found.cards] == [3, 2, 1]
    assert (found.total, found.reachable) == (7, 7)


def test_behind_the_last_page_there_is_nothing(library: Session) -> None:
    assert search(library, "attention", 20, 20).cards == ()


def test_a_topic_is_known_by_its_words_before_there_is_an_edition(session: Session) -> None:
    make.paper(session, now=NOW, title="Chain-of-Thought for eggs")
    make.paper(session, now=NOW, title="Eggs")

    assert titles(session, "topic:reasoning") == ["Chain-of-Thought"]
    assert titles(session, "eggs -topic:reasoning") == ["Eggs"]
    assert titles(session, "topic:reasoning ham") == []


def test_a_topic_is_what_the_newest_edition_says_of_its_papers(session: Session) -> None:
    very = "chain of thought, test-time compute, self-consistency, reasoning models " * 3
    make.paper(session, now=NOW, title="Much reasoning", abstract=very)
    make.paper(session, now=NOW, title="Eggs", abstract="Boiling eggs asks for self-consistency.")
    edition.build(session, NOW)
    make.paper(session, now=NOW, title="Later", abstract="A chain of thought.")

    assert set(titles(session, "topic:reasoning")) == {"Much", "Later"}


def test_what_is_no_topic_finds_nothing_and_is_named(library: Session) -> None:
    query = parse("attention topic:alchemy")

    assert query.unknown_topics == ("alchemy",)
    assert search(library, query, 20).total == 0


def test_invented_papers_are_found_only_while_there_are_no_others(session: Session) -> None:
    make.paper(session, now=NOW, title="Kelp", sample=True)

    before = titles(session, "kelp")
    make.paper(session, now=NOW, title="Something else")
    after = search(session, "kelp", 20)

    assert before == ["Kelp"]
    assert (after.cards, after.total) == ((), 0)


def test_a_paper_that_changes_is_found_by_its_new_words_alone(session: Session) -> None:
    paper = make.paper(session, now=NOW, title="Kelp", abstract="Old words.")

    paper.title = "Whales"
    paper.authors = ["Ann Whale"]
    session.flush()

    assert titles(session, "kelp") == []
    assert titles(session, "title:whales author:whale old") == ["Whales"]


def test_a_paper_that_is_gone_is_not_found(session: Session) -> None:
    paper = make.paper(session, now=NOW, title="Kelp")
    make.paper(session, now=NOW, title="Kelp too")

    session.delete(paper)
    session.flush()

    assert [card.title for card in search(session, "kelp", 20).cards] == ["Kelp too"]


ODD = (
    *('"', '""', "-", "--", "'", "a'b", "(", ")", "*", "a*", "^a", ":", "a:", "author:", 'org:""'),
    *("AND", "a OR", "NOT a", "NEAR(a b)", "a & | !", "<->", "a:*", "\\", "%", "_", ";", "\0", "{"),
    *(
        "topic:",
        "topic:-",
        "-topic:x",
        "²",
        "ª",
        "Ǆ",
        "İ",
        "日本語",
        "🦆",
        "e\u0301",
        "\u202e",
        "1e999",
    ),
    *("x" * 5000, "a " * 5000, '"' * 300, "-a " * 200, "topic:reasoning " * 20),
)


@pytest.mark.parametrize("query", ODD)
def test_nothing_that_can_be_typed_is_an_error(library: Session, query: str) -> None:
    assert search(library, query, 20).total >= 0
    assert search(library, f"{query} attention", 20).total >= 0


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=st.text())
def test_no_text_is_an_error(library: Session, query: str) -> None:
    assert search(library, query, 20).total >= 0


def test_a_query_is_taken_apart() -> None:
    query = parse('Été author:"De la Cruz" -state-of-the-art topic:"Long Context"')

    assert query.wanted == (
        Term(Field.ANYWHERE, ("ete",)),
        Term(Field.AUTHOR, ("de", "la", "cruz")),
    )
    assert query.unwanted == (Term(Field.ANYWHERE, ("state", "of", "the", "art")),)
    assert query.topics == ("long-context",)


def test_migrating_a_filled_database_fills_the_index(sessions: Sessions) -> None:
    with sessions.begin() as session:
        make.paper(session, now=NOW, title="Kelp", authors=["Zoë Quill"], abstract="Ink.")
    url = sessions.kw["bind"].url.render_as_string(hide_password=False)
    sessions.kw["bind"].dispose()
    engine = connect(url, for_migrations=True)

    command.downgrade(configured(engine), BEFORE_THE_SEARCH)
    command.upgrade(configured(engine), "head")
    engine.dispose()

    with sessions.begin() as session:
        assert titles(session, "title:kelp author:zoe ink") == ["Kelp"]
        assert search(session, "kelp", 20).total == 1


def test_a_rebuilt_table_of_papers_keeps_its_index(sessions: Sessions, tmp_path: Path) -> None:
    with sessions.begin() as session:
        old = make.paper(session, now=NOW, title="Old kelp").id
    url = sessions.kw["bind"].url.render_as_string(hide_password=False)
    engine = connect(url, for_migrations=True)
    config = configured(engine, also=scratch(tmp_path, engine))
    command.upgrade(config, "head")
    command.downgrade(config, "-1")
    engine.dispose()

    with sessions.begin() as session:
        make.paper(session, now=NOW, title="New kelp")
        session.delete(session.get_one(Paper, old))
        session.flush()

        assert titles(session, "kelp") == ["New"]

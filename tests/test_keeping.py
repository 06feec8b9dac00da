"""One paper from several sources is one paper, and each fact keeps its source."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from digest.database import Sessions
from digest.fetch import FetchReport, keep
from digest.fetch.identity import surnames, title_key
from digest.models import Identifier, Paper, Record, Sighting
from digest.sources.entry import Document, Entry

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
TIDES = Entry(
    external_id="2611.00001",
    title="Tides and Tables: Forecasting with Few Gauges",
    abstract="We forecast tides.",
    authors=("Ada Lovelace", "Grace Hopper"),
    categories=("cs.LG",),
    url="https://arxiv.org/abs/2611.00001",
    published_at=NOW,
)
JOURNAL = Entry(
    external_id="10.1000/tides",
    doi="10.1000/tides",
    title="Tides and tables - forecasting with few gauges",
    abstract="",
    authors=("Lovelace, A.", "Hopper, G."),
    organization="Journal of Tides",
)


def keep_each(sessions: Sessions, *pairs: tuple[str, Entry]) -> list[FetchReport]:
    reports = []
    for source, entry in pairs:
        with sessions.begin() as session:
            document = Document(entries=(entry,))
            reports.append(keep(session, source, document, day=None, now=NOW))
    return reports


def papers(sessions: Sessions) -> list[Paper]:
    with sessions() as session:
        return list(session.scalars(select(Paper).order_by(Paper.id)))


def test_a_journal_version_is_the_same_paper_by_title_and_authors(sessions: Sessions) -> None:
    first, second = keep_each(sessions, ("arxiv", TIDES), ("feed:journal", JOURNAL))

    [paper] = papers(sessions)
    assert (first.new, second.new, second.seen) == (1, 0, 1)
    assert (paper.title, paper.organization) == (TIDES.title, "Journal of Tides")
    assert paper.doi == "10.1000/tides"


def test_what_was_found_by_title_once_is_found_by_its_doi_later(sessions: Sessions) -> None:
    renamed = replace(JOURNAL, title="Erratum: another title of four words", authors=())

    keep_each(sessions, ("arxiv", TIDES), ("feed:journal", JOURNAL), ("feed:other", renamed))

    assert len(papers(sessions)) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(JOURNAL, authors=("Emmy Noether",)), id="other authors"),
        pytest.param(replace(JOURNAL, authors=()), id="nobody named"),
        pytest.param(replace(JOURNAL, title="Tides and Tables"), id="another title"),
        pytest.param(
            replace(JOURNAL, published_at=datetime(2019, 1, 1, tzinfo=UTC)), id="years apart"
        ),
        pytest.param(replace(TIDES, external_id="2611.00002"), id="two arXiv ids"),
    ],
)
def test_a_namesake_is_another_paper(sessions: Sessions, other: Entry) -> None:
    keep_each(sessions, ("arxiv", TIDES), ("feed:journal", other))

    assert len(papers(sessions)) == 2


def test_short_titles_say_too_little_to_go_by(sessions: Sessions) -> None:
    editorial = replace(JOURNAL, title="Editorial")
    other = replace(editorial, external_id="10.1000/other", doi="10.1000/other")

    keep_each(sessions, ("feed:journal", editorial), ("feed:journal", other))

    assert len(papers(sessions)) == 2


def test_twins_in_one_document_are_one_paper_and_one_sighting(sessions: Sessions) -> None:
    with sessions.begin() as session:
        report = keep(session, "x", Document(entries=(TIDES, JOURNAL)), day=None, now=NOW)

    assert (report.new, report.seen, report.skipped) == (1, 1, 0)
    with sessions() as session:
        assert session.scalars(select(func.count(Sighting.id))).one() == 1
        assert len(session.scalars(select(Identifier.value)).all()) == 3


def test_every_fact_keeps_its_source(sessions: Sessions) -> None:
    keep_each(sessions, ("arxiv", TIDES), ("feed:journal", JOURNAL))

    with sessions() as session:
        records = {record.source: record for record in session.scalars(select(Record))}
    assert {"title", "abstract", "authors"} <= set(records["arxiv"].gave)
    assert records["feed:journal"].gave == ["doi", "organization"]
    assert records["feed:journal"].facts == {
        "title": JOURNAL.title,
        "authors": list(JOURNAL.authors),
    }


def test_a_cross_list_adds_a_category(sessions: Sessions) -> None:
    crossed = replace(TIDES, categories=("cs.LG", "physics.ao-ph"))

    keep_each(sessions, ("arxiv", TIDES), ("arxiv", crossed))

    assert papers(sessions)[0].categories == ["cs.LG", "physics.ao-ph"]


def test_two_fetches_at_once_keep_each_paper_once(sessions: Sessions) -> None:
    entries = tuple(
        replace(TIDES, external_id=f"2611.1{n:04}", title=f"Paper {n} of one and the same day")
        for n in range(200)
    )

    def fetch(place: int) -> FetchReport:
        own = entries if place % 2 else entries[::-1]
        with sessions.begin() as session:
            return keep(session, f"source {place}", Document(entries=own), day=None, now=NOW)

    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(fetch, range(4)))

    assert len(papers(sessions)) == 200
    assert sum(report.new for report in reports) == 200
    assert sum(report.seen for report in reports) == 600


@pytest.mark.parametrize(
    ("author", "surname"),
    [
        ("Ada Lovelace", "lovelace"),
        ("Lovelace, Ada", "lovelace"),
        ("Lovelace A", "lovelace"),
        ("José García", "garcia"),
        ("A. de la Cruz", "cruz"),
    ],
)
def test_a_surname_is_found_however_the_name_is_written(author: str, surname: str) -> None:
    assert surnames([author]) == {surname}


def test_titles_of_the_same_words_have_the_same_key() -> None:
    assert title_key("A Study of “Naïve” Things!") == title_key("a study of naive  things")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("On the α-decay of heavy nuclei", "On the β-decay of heavy nuclei"),
        ("Safe use of memory in C", "Safe use of memory in C++"),
        ("Изучение кошек with BERT and GPT", "Изучение собак with BERT and GPT"),
    ],
)
def test_titles_that_differ_in_one_sign_are_two_papers(
    sessions: Sessions, one: str, other: str
) -> None:
    first = replace(JOURNAL, title=one)
    second = replace(JOURNAL, title=other, external_id="10.1000/b", doi="10.1000/b")

    keep_each(sessions, ("feed:journal", first), ("feed:journal", second))

    assert len(papers(sessions)) == 2


def test_a_title_without_spaces_is_telling_too() -> None:
    assert title_key("深層学習による画像認識の高速化手法") is not None
    assert title_key("機械学習") is None


def test_a_doi_in_common_does_not_make_two_arxiv_papers_one(sessions: Sessions) -> None:
    part = replace(TIDES, doi="10.1000/both")
    other = replace(
        TIDES, external_id="2611.00002", doi="10.1000/both", title="Frogs and their many ponds"
    )

    keep_each(sessions, ("arxiv", part), ("arxiv", other))

    assert len(papers(sessions)) == 2

"""Two papers that a source says are one become one, and nothing said or sent is forgotten."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from digest import edition, library
from digest.compose import read_batch
from digest.database import Sessions, in_transaction
from digest.delivery import states
from digest.fetch import FetchReport, fetch, identity, keep, merging
from digest.fetch.curating import drop, find, pick
from digest.models import Base, Identifier, Paper, Pick, Record, Sighting, Subscriber
from digest.search import search
from digest.services import Services
from digest.sources.download import Http
from digest.sources.entry import Document, Entry
from tests import make
from tests.visitor import installation

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
NO_NET = Http(contact="https://daybreak.example.org", deadline=0)

PREPRINT = Entry(
    external_id="2611.00001",
    title="Tides and Tables: Forecasting with Few Gauges",
    abstract="We forecast tides.",
    authors=("Ada Lovelace", "Grace Hopper"),
    categories=("cs.LG",),
    url="https://arxiv.org/abs/2611.00001",
    upvotes=40,
)
ARTICLE = Entry(
    external_id="10.1000/tides",
    doi="10.1000/tides",
    title="Gauges, and What They Say of the Sea",
    abstract="",
    authors=("Lovelace, A.", "Hopper, G."),
    organization="Journal of Tides",
)
LINKED = replace(PREPRINT, doi="10.1000/tides")
OTHER = Entry(external_id="2611.00009", title="Bells", abstract="We ring bells.")


def keep_each(
    sessions: Sessions, *pairs: tuple[str, Entry], at: datetime = NOW
) -> list[FetchReport]:
    reports = []
    for source, entry in pairs:
        with sessions.begin() as session:
            document = Document(entries=(entry,))
            reports.append(keep(session, source, document, day=at.date(), now=at))
    return reports


def two_that_are_one(sessions: Sessions, *between: tuple[str, Entry]) -> None:
    keep_each(sessions, ("arxiv", PREPRINT), ("feed:tides", ARTICLE), *between)


def rows(sessions: Sessions, *columns: Any) -> list[Any]:
    with sessions() as session:
        found = session.execute(select(*columns).order_by(columns[0].class_.id)).all()
    return [tuple(row) if len(columns) > 1 else row[0] for row in found]


def keep_while(
    sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    pair: tuple[str, Entry],
    meanwhile: tuple[str, Entry],
) -> None:
    """Keep *pair*, and let another fetch begin with *meanwhile* once its papers were read."""
    real = merging.fill
    begun: list[Future[list[FetchReport]]] = []

    def fill(*args: Any) -> list[str]:
        if not begun:
            begun.append(other.submit(keep_each, sessions, meanwhile))
            wait(begun, timeout=0.5)
        return real(*args)

    with ThreadPoolExecutor(1) as other, monkeypatch.context() as patch:
        patch.setattr(merging, "fill", fill)
        keep_each(sessions, pair)
    begun[0].result()


def offered(sessions: Sessions) -> list[str]:
    """Return the ids of the papers that a new edition offers."""
    with sessions.begin() as session:
        return sorted(card.slug for card in edition.build(session, NOW).cards)


def test_a_link_between_two_known_papers_makes_them_one(sessions: Sessions) -> None:
    two_that_are_one(sessions)
    assert len(offered(sessions)) == 2

    [report] = keep_each(sessions, ("arxiv", LINKED))
    [again] = keep_each(sessions, ("feed:tides", ARTICLE))

    assert (report.new, report.seen, report.skipped) == (0, 1, 0)
    assert (again.new, again.seen) == (0, 1)
    assert offered(sessions) == ["2611.00001"]
    older, younger = rows(sessions, Paper.id)
    with sessions() as session:
        assert set(session.scalars(select(Identifier.paper_id))) == {older}
        assert session.scalar(select(func.count(Sighting.id))) == 4
        assert set(session.scalars(select(Sighting.paper_id))) == {older}
        assert [card.slug for card in library.day_cards(session, NOW.date())] == ["2611.00001"]
        assert session.get_one(Paper, younger).slug == "10.1000-tides"


def test_the_older_keeps_what_it_has_and_is_given_what_it_lacks(sessions: Sessions) -> None:
    keep_each(sessions, ("feed:tides", ARTICLE), at=YESTERDAY)
    keep_each(sessions, ("huggingface", PREPRINT))

    keep_each(sessions, ("arxiv", LINKED))

    with sessions() as session:
        paper = session.scalars(select(Paper).order_by(Paper.id)).first()
        assert paper is not None
        assert (paper.external_id, paper.slug) == ("10.1000/tides", "10.1000-tides")
        assert (paper.title, paper.abstract) == (ARTICLE.title, PREPRINT.abstract)
        assert (paper.organization, paper.url) == ("Journal of Tides", PREPRINT.url)
        assert paper.categories == ["cs.LG"]
        assert paper.listed_on == NOW.date()
        assert paper.first_seen_at.date() == YESTERDAY.date()
        records = {record.source: record for record in session.scalars(select(Record))}
        assert {record.paper_id for record in records.values()} == {paper.id}
    assert records["huggingface"].gave == ["abstract", "categories", "url"]
    assert records["huggingface"].facts == {
        "title": PREPRINT.title,
        "authors": list(PREPRINT.authors),
    }


def test_what_one_source_said_of_both_becomes_one_record(sessions: Sessions) -> None:
    keep_each(sessions, ("huggingface", replace(PREPRINT, abstract="")), ("huggingface", ARTICLE))

    keep_each(sessions, ("arxiv", LINKED))

    records = {
        source: (gave, facts)
        for source, gave, facts in rows(sessions, Record.source, Record.gave, Record.facts)
    }
    gave, facts = records["huggingface"]
    assert set(records) == {"huggingface", "arxiv"}
    assert {"title", "authors", "doi", "organization"} <= set(gave)
    assert facts == {}


@pytest.mark.parametrize(
    ("article", "link"),
    [
        pytest.param(replace(ARTICLE, authors=("Emmy Noether",)), LINKED, id="other authors"),
        pytest.param(replace(OTHER, doi="10.1000/tides"), LINKED, id="two arXiv ids with one DOI"),
        pytest.param(ARTICLE, replace(PREPRINT, doi="10.1000/other"), id="another DOI"),
    ],
)
def test_two_papers_stay_two_where_something_speaks_against_it(
    sessions: Sessions, article: Entry, link: Entry
) -> None:
    keep_each(sessions, ("arxiv", PREPRINT), ("feed:tides", article), ("arxiv", link))

    assert len(offered(sessions)) == 2


def test_three_become_one_whichever_way_they_are_linked(sessions: Sessions) -> None:
    data = replace(
        ARTICLE, external_id="our-7", doi=None, title="Seven Gauges and Their Errors", authors=()
    )
    keep_each(sessions, ("jsonl", data))
    two_that_are_one(sessions)

    with sessions.begin() as session:
        links = (replace(data, doi="10.1000/tides"), LINKED)
        keep(session, "jsonl", Document(entries=links), day=None, now=NOW)

    assert offered(sessions) == ["our-7"]
    assert len(set(rows(sessions, Sighting.paper_id))) == 1


def sent(session: Session, reader: Subscriber, *paper_ids: int) -> int:
    """Note that a digest with these papers was sent to *reader*; return its id."""
    delivery = make.delivery(session, reader)
    session.add_all(
        Pick(
            subscriber_id=reader.id,
            paper_id=paper_id,
            delivery_id=delivery.id,
            place=place,
            reasons=[{"lead": "You follow", "chips": [f"number {place}"]}],
        )
        for place, paper_id in enumerate(paper_ids)
    )
    return delivery.id


def test_who_was_sent_the_younger_counts_as_sent_the_older(sessions: Sessions) -> None:
    two_that_are_one(sessions)
    older, younger = rows(sessions, Paper.id)
    with sessions.begin() as session:
        readers = [make.subscriber(session) for _ in range(4)]
        for reader, papers in zip(readers, ([younger], [older], [younger, older], []), strict=True):
            sent(session, reader, *papers)
        ids = [reader.id for reader in readers]

    keep_each(sessions, ("arxiv", LINKED))

    ledger = rows(sessions, Pick.subscriber_id, Pick.paper_id)
    assert sorted(reader for reader, paper_id in ledger if paper_id == older) == ids[:3]
    # Until the next edition is built, the younger is still on offer.
    assert sorted(reader for reader, paper_id in ledger if paper_id == younger) == [ids[0], ids[2]]


def test_a_mail_that_held_them_shows_the_one_that_they_are(sessions: Sessions) -> None:
    two_that_are_one(sessions, ("arxiv", OTHER))
    older, younger, other = rows(sessions, Paper.id)
    with sessions.begin() as session:
        reader = make.subscriber(session)
        both = sent(session, reader, younger, other, older)
        only = sent(session, make.subscriber(session), other, younger)

    keep_each(sessions, ("arxiv", LINKED))

    shown = {}
    with sessions() as session:
        for delivery_id in (both, only):
            found = library.sent_cards(session, delivery_id)
            assert found is not None
            shown[delivery_id] = [(card.paper_id, why[0].chips[0]) for card, why in found[1]]
    assert shown == {
        both: [(older, "number 0"), (other, "number 1")],
        only: [(other, "number 0"), (older, "number 1")],
    }


def test_what_was_sent_meanwhile_counts_with_the_next_fetch(sessions: Sessions) -> None:
    two_that_are_one(sessions)
    older, younger = rows(sessions, Paper.id)
    keep_each(sessions, ("arxiv", LINKED))
    with sessions.begin() as session:
        reader = make.subscriber(session)
        sent(session, reader, younger)

    fetch(sessions, [], NO_NET, now=NOW)

    assert set(rows(sessions, Pick.paper_id)) == {older, younger}


def test_what_another_fetch_kept_of_the_younger_at_the_same_moment_is_taken_over(
    sessions: Sessions,
) -> None:
    two_that_are_one(sessions)
    older, younger = rows(sessions, Paper.id)
    keep_each(sessions, ("arxiv", LINKED))
    with sessions.begin() as session:
        # As it writes who read the papers before they were united.
        listed = {"listed_on": NOW.date(), "title": ARTICLE.title, "project_url": "https://x.org"}
        session.execute(update(Paper).where(Paper.id == younger).values(**listed))
        session.add(Sighting(paper_id=younger, source="x", seen_at=NOW, day=NOW.date()))
        session.add(Record(paper_id=younger, source="x", gave=["project_url"], facts={}))

    fetch(sessions, [], NO_NET, now=NOW)

    assert offered(sessions) == ["2611.00001"]
    assert set(rows(sessions, Sighting.paper_id)) == set(rows(sessions, Record.paper_id)) == {older}
    with sessions() as session:
        assert session.get_one(Paper, older).project_url == "https://x.org"


def test_the_younger_is_found_by_all_its_names_and_by_no_search(sessions: Sessions) -> None:
    two_that_are_one(sessions)
    keep_each(sessions, ("arxiv", LINKED))

    with sessions.begin() as session:
        names = ("10.1000/tides", "10.1000-tides", "https://daily.example.org/paper/10.1000-tides")
        found = {paper.external_id for name in names if (paper := find(session, name))}
        edition.build(session, NOW)
        searched = [
            [card.slug for card in search(session, query, 10).cards]
            for query in (
                "gauges",
                "author:lovelace",
                'org:"journal of tides"',
                "topic:forecasting",
            )
        ]

    assert found == {"2611.00001"}
    assert {slug for slugs in searched for slug in slugs} == {"2611.00001"}


def test_a_curator_s_pick_goes_over_and_can_be_taken_back(sessions: Sessions) -> None:
    two_that_are_one(sessions)
    with sessions.begin() as session:
        for name, note in (("10.1000/tides", "Read the tables."), ("2611.00001", None)):
            paper = find(session, name)
            assert paper is not None
            pick(session, paper, note, NOW)

    keep_each(sessions, ("arxiv", LINKED))

    with sessions.begin() as session:
        paper = find(session, "10.1000/tides")
        assert paper is not None
        assert library.curator_note(session, paper.id) == "Read the tables."
        drop(session, paper)
        assert "curator" not in set(session.scalars(select(Sighting.source)))


def test_the_younger_s_page_leads_to_the_older_s(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        two_that_are_one(here.services.sessions)
        keep_each(here.services.sessions, ("arxiv", LINKED))

        answer = here.visitor().get("/paper/10.1000-tides")
        page = here.visitor().get(answer.headers["Location"])

    assert (answer.status_code, answer.headers["Location"]) == (301, "/paper/2611.00001")
    assert page.status_code == 200
    assert PREPRINT.title in page.text


def test_many_that_unite_the_same_papers_at_once_do_not_disturb_each_other(
    sessions: Sessions,
) -> None:
    numbers = range(30)
    preprints = [
        replace(
            PREPRINT, external_id=f"2611.1{n:04}", title=f"Tides of number {n}, and their gauges"
        )
        for n in numbers
    ]
    articles = [
        replace(ARTICLE, external_id=f"10.1/{n}", doi=f"10.1/{n}", title=f"Article {n}")
        for n in numbers
    ]
    links = [replace(preprints[n], doi=f"10.1/{n}") for n in numbers]
    with sessions.begin() as session:
        keep(session, "x", Document(entries=(*preprints, *articles)), day=None, now=NOW)

    def read(entries: Sequence[Entry]) -> None:
        # As a fetch does: PostgreSQL may end one of two that wait for each other.
        document = Document(entries=tuple(entries))
        in_transaction(sessions, lambda session: keep(session, "x", document, day=None, now=NOW))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(read, (links, articles, links, preprints)))
    fetch(sessions, [], NO_NET, now=NOW)

    assert offered(sessions) == sorted(f"10.1-{n}" for n in numbers)


@pytest.mark.parametrize(
    ("source", "entry"),
    [
        pytest.param("feed:tides", ARTICLE, id="nothing new"),
        pytest.param("feed:x", replace(ARTICLE, project_url="https://x.org"), id="another source"),
        pytest.param("feed:tides", PREPRINT, id="the source of the younger tells of the older"),
        pytest.param("huggingface", replace(ARTICLE, title="Otherwise"), id="said of both"),
    ],
)
def test_what_a_slow_fetch_keeps_is_not_left_behind(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, source: str, entry: Entry
) -> None:
    two_that_are_one(sessions, ("huggingface", PREPRINT), ("huggingface", ARTICLE))

    keep_while(sessions, monkeypatch, (source, entry), ("arxiv", LINKED))

    assert offered(sessions) == ["2611.00001"]
    older = min(rows(sessions, Paper.id))
    assert set(rows(sessions, Sighting.paper_id)) == {older}
    assert set(rows(sessions, Record.paper_id)) == {older}


def test_what_was_kept_of_the_younger_on_a_day_long_ago_is_taken_over_at_once(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_that_are_one(sessions)
    older, younger = rows(sessions, Paper.id)
    known = identity.known
    # As it is known to who looked before the two were united.
    monkeypatch.setattr(identity, "known", lambda *args: dict.fromkeys(known(*args), younger))
    keep_each(sessions, ("arxiv", LINKED), at=NOW - timedelta(days=400))

    assert set(rows(sessions, Sighting.paper_id)) == {older}
    with sessions() as session:
        assert set(session.scalars(select(Identifier.paper_id))) == {older}
        assert session.get_one(Paper, younger).title == ""


def test_who_was_sent_the_older_is_not_sent_the_younger_by_an_edition_from_before(
    services: Services,
) -> None:
    sessions = services.sessions
    two_that_are_one(sessions)
    older, younger = rows(sessions, Paper.id)
    with sessions.begin() as session:
        reader = make.subscriber(session)
        sent(session, reader, older)
        make.delivery(session, reader)
        edition.build(session, NOW)
    claimed = max(states.claim(sessions, "sender", 2), key=lambda each: each.id)

    keep_each(sessions, ("arxiv", LINKED))

    with sessions() as session:
        batch = read_batch(session, [claimed], samples=False)
    assert batch.edition is not None
    assert set(batch.edition.paper_ids) == {older, younger}
    assert {older, younger} <= set(batch.digests[claimed.id].sent)


def test_two_arxiv_ids_stay_two_papers_whatever_else_one_is_known_as(sessions: Sessions) -> None:
    other = replace(OTHER, doi="10.1000/tides")
    keep_each(sessions, ("feed:tides", ARTICLE), ("arxiv", LINKED))

    [report] = keep_each(sessions, ("arxiv", other))
    [again] = keep_each(sessions, ("arxiv", other))

    assert (report.new, again.new) == (1, 0)
    assert offered(sessions) == ["10.1000-tides", "2611.00009"]


def test_whatever_belongs_to_a_paper_is_thought_of() -> None:
    tables = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "paper"
    }

    # A rating stays with the younger: whoever reads ratings asks of which paper it is a part.
    assert tables == {"identifier", "record", "sighting", "pick", "rating"}

"""Each paper once, every sighting, whatever the sources do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.database import Sessions
from digest.errors import BadDocument, BadInput, FetchError
from digest.fetch import FetchReport, Source, fetch, keep, load, sources_named
from digest.models import FetchRun, Paper, Sighting
from digest.sources import sample
from digest.sources.download import Http
from digest.sources.entry import Document, Entry

FEEDS = Path(__file__).parent / "feeds"
MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
TODAY = MONDAY.date()
YESTERDAY = TODAY - timedelta(days=1)
NO_NET = Http(contact="https://daybreak.example.org", deadline=0)

TIDES = Entry(external_id="2603.00101", title="Tides", abstract="Networks have tides.", upvotes=3)
ROPES = Entry(external_id="2603.00102", title="Ropes", abstract="We tie ropes.")
KNOTS = Entry(external_id="math/0309136", title="Knots", abstract="We tie a knot.")
INVENTED = Entry(external_id="sample/bees", title="Bees", abstract="We count.", sample=True)


def document(*entries: Entry) -> Document:
    return Document(entries=entries)


def titles(session: Session) -> list[str]:
    return list(session.scalars(select(Paper.title).order_by(Paper.title)))


class Shelf:
    """A source with one document, the first of some days, or one fault."""

    def __init__(self, name: str, said: Document | Exception, *older: Document) -> None:
        self.name = name
        self.said = said
        self.older = older

    def read(self, http: Http, now: datetime, day: date | None) -> list[tuple[date, Document]]:
        del http
        if isinstance(self.said, Exception):
            raise self.said
        newest = day or now.date()
        lists = enumerate([self.said, *self.older])
        return [(newest - timedelta(days=back), document) for back, document in lists]


def test_a_paper_is_kept_once_and_every_sighting_of_it(session: Session) -> None:
    later = replace(TIDES, upvotes=9)

    first = keep(session, "huggingface", document(TIDES, ROPES), day=None, now=MONDAY)
    second = keep(session, "arxiv", document(later), day=None, now=MONDAY + timedelta(hours=1))

    assert (first.new, first.seen) == (2, 0)
    assert (second.new, second.seen) == (0, 1)
    assert titles(session) == ["Ropes", "Tides"]
    sightings = session.execute(
        select(Sighting.source, Sighting.upvotes, Sighting.seen_at, Sighting.day)
        .join(Paper)
        .where(Paper.title == "Tides")
        .order_by(Sighting.id)
    ).all()
    assert [tuple(each) for each in sightings] == [
        ("huggingface", 3, MONDAY, TODAY),
        ("arxiv", 9, MONDAY + timedelta(hours=1), TODAY),
    ]


def test_the_same_paper_twice_in_one_document_is_new_once_and_seen_once(session: Session) -> None:
    again = replace(TIDES, title="Tides again")

    report = keep(session, "arxiv", document(TIDES, again), day=None, now=MONDAY)

    assert (report.new, report.seen) == (1, 1)
    assert titles(session) == ["Tides"]
    assert session.scalar(select(func.count(Sighting.id))) == 1


def test_skipped_entries_are_counted_and_explained(session: Session) -> None:
    """Row 30."""
    read = Document(
        entries=(TIDES,), unreadable=("row 2: odd",), unwanted=("old",), warning="breaks off"
    )

    report = keep(session, "arxiv", read, day=None, now=MONDAY)

    assert report == FetchReport(1, 0, 2, ("row 2: odd", "old", "breaks off"), broken=True)


def test_what_was_missing_is_filled_in_and_what_was_known_stays(session: Session) -> None:
    fuller = replace(
        TIDES,
        title="Tides, Renamed",
        abstract="Another abstract.",
        authors=("Ann Lee",),
        organization="Tide Laboratory",
        categories=("cs.NI",),
        summary="Measures tides.",
        summary_by="Hugging Face",
        code_url="https://github.com/lee/tides",
        published_at=MONDAY,
    )
    keep(session, "arxiv", document(TIDES), day=None, now=MONDAY)

    keep(session, "huggingface", document(fuller), day=None, now=MONDAY)
    keep(session, "arxiv", document(TIDES), day=None, now=MONDAY)

    session.expire_all()
    paper = session.scalars(select(Paper)).one()
    assert (paper.title, paper.abstract) == ("Tides", "Networks have tides.")
    assert (paper.authors, paper.categories) == (["Ann Lee"], ["cs.NI"])
    assert (paper.summary, paper.summary_by) == ("Measures tides.", "Hugging Face")
    assert (paper.organization, paper.published_at) == ("Tide Laboratory", MONDAY)
    assert paper.code_url == "https://github.com/lee/tides"


def test_a_summary_keeps_its_author(session: Session) -> None:
    mine = replace(TIDES, summary="Mine.", summary_by="Hugging Face")
    theirs = replace(TIDES, summary="Theirs.", summary_by="Somebody")
    keep(session, "huggingface", document(mine), day=None, now=MONDAY)

    keep(session, "arxiv", document(theirs), day=None, now=MONDAY)

    paper = session.scalars(select(Paper)).one()
    assert (paper.summary, paper.summary_by) == ("Mine.", "Hugging Face")


def test_an_id_of_the_old_form_has_a_slug_for_its_address(session: Session) -> None:
    keep(session, "arxiv", document(KNOTS), day=None, now=MONDAY)

    paper = session.scalars(select(Paper)).one()
    assert (paper.external_id, paper.slug) == ("math/0309136", "math-0309136")


TWIN = replace(KNOTS, external_id="math-0309136", title="Frogs")


@pytest.mark.parametrize("together", [True, False])
def test_a_paper_whose_slug_is_taken_gets_one_of_its_own(
    session: Session, *, together: bool
) -> None:
    if not together:
        keep(session, "arxiv", document(TWIN), day=None, now=MONDAY)

    first = keep(session, "arxiv", document(TWIN, KNOTS, TIDES), day=None, now=MONDAY)
    again = keep(session, "arxiv", document(KNOTS, TWIN), day=None, now=MONDAY)

    assert (first.new + first.seen, first.skipped) == (3, 0)
    assert (again.new, again.seen, again.skipped) == (0, 2, 0)
    slugs = session.execute(select(Paper.external_id, Paper.slug).order_by(Paper.external_id))
    assert [tuple(each) for each in slugs] == [
        ("2603.00101", "2603.00101"),
        ("math-0309136", "math-0309136"),
        ("math/0309136", "math-0309136-34959462"),
    ]


def test_a_paper_whose_own_slug_is_taken_as_well_is_skipped_with_a_reason(
    session: Session,
) -> None:
    third = replace(KNOTS, external_id="math-0309136-34959462", title="Ponds")
    keep(session, "arxiv", document(TWIN, third), day=None, now=MONDAY)

    report = keep(session, "arxiv", document(KNOTS), day=None, now=MONDAY)

    assert (report.new, report.seen, report.skipped) == (0, 0, 1)
    assert report.reasons == ("math/0309136: another paper has this slug",)


def test_a_list_of_an_earlier_day_was_seen_at_the_end_of_it(session: Session) -> None:
    keep(session, "huggingface", document(TIDES), day=YESTERDAY, now=MONDAY)

    sighting = session.scalars(select(Sighting)).one()
    paper = session.scalars(select(Paper)).one()
    assert sighting.day == YESTERDAY
    assert sighting.seen_at == datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    assert paper.first_seen_at == sighting.seen_at


def test_a_live_list_is_seen_now_whichever_day_it_is_of(session: Session) -> None:
    later = MONDAY + timedelta(hours=1)

    keep(session, "huggingface", document(TIDES), day=YESTERDAY, now=MONDAY, live=True)
    keep(session, "huggingface", document(TIDES), day=YESTERDAY, now=later, live=True)

    seen = session.execute(select(Sighting.day, Sighting.seen_at).order_by(Sighting.id)).all()
    assert [tuple(each) for each in seen] == [(YESTERDAY, MONDAY), (YESTERDAY, later)]
    paper = session.scalars(select(Paper)).one()
    assert (paper.first_seen_at, paper.listed_on) == (MONDAY, YESTERDAY)


def test_the_lists_of_the_last_days_are_live_unless_a_day_is_asked_for(sessions: Sessions) -> None:
    shelf = Shelf("huggingface", document(TIDES), document(ROPES))

    fetch(sessions, [shelf], NO_NET, now=MONDAY)
    fetch(sessions, [shelf], NO_NET, now=MONDAY, day=YESTERDAY)

    with sessions() as session:
        seen = session.execute(select(Sighting.day, Sighting.seen_at).order_by(Sighting.id)).all()
    ends = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    assert [tuple(each) for each in seen] == [
        (TODAY, MONDAY),
        (YESTERDAY, MONDAY),
        (YESTERDAY, ends),
        (YESTERDAY - timedelta(days=1), ends - timedelta(days=1)),
    ]


def test_a_list_that_cannot_be_read_loses_no_other(sessions: Sessions) -> None:
    odd = Document(unreadable=("row 1: no paper in it",))

    report = fetch(sessions, [Shelf("huggingface", odd, document(TIDES), odd)], NO_NET, now=MONDAY)

    assert (report.new, report.errors) == (1, ())
    assert report.reasons == ("of 1 entries none can be read; row 1: no paper in it",) * 2


def test_a_source_of_which_no_list_can_be_read_has_failed(sessions: Sessions) -> None:
    odd = Document(unreadable=("row 1: no paper in it",))

    report = fetch(sessions, [Shelf("huggingface", odd, odd)], NO_NET, now=MONDAY)

    assert len(report.errors) == 1
    with sessions() as session:
        assert session.scalars(select(FetchRun.error)).one()


def test_who_cannot_be_asked_for_a_day_does_not_stop_the_others(sessions: Sessions) -> None:
    unasked = Shelf("arxiv", BadInput("holds today's papers only"))

    report = fetch(
        sessions,
        [unasked, Shelf("huggingface", document(TIDES))],
        NO_NET,
        now=MONDAY,
        day=YESTERDAY,
    )

    assert (report.new, report.errors) == (1, ())
    assert report.reasons == ("arxiv: holds today's papers only",)
    with sessions() as session:
        assert session.scalars(select(FetchRun.source)).all() == ["huggingface"]


def test_that_nobody_can_be_asked_for_a_day_is_refused(sessions: Sessions) -> None:
    unasked = Shelf("arxiv", BadInput("holds today's papers only"))

    with pytest.raises(BadInput, match="arxiv: holds today's papers only"):
        fetch(sessions, [unasked], NO_NET, now=MONDAY, day=YESTERDAY)

    with sessions() as session:
        assert session.scalars(select(FetchRun.source)).all() == []


def test_a_paper_found_in_an_earlier_list_was_first_seen_there(session: Session) -> None:
    keep(session, "huggingface", document(TIDES), day=None, now=MONDAY)
    keep(session, "huggingface", document(TIDES), day=YESTERDAY, now=MONDAY)

    paper = session.scalars(select(Paper)).one()
    assert paper.first_seen_at == datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)


def test_the_day_is_that_of_utc(session: Session) -> None:
    just_before_midnight_utc = datetime.fromisoformat("2026-03-03T01:30:00+02:00")

    keep(session, "huggingface", document(TIDES), day=None, now=just_before_midnight_utc)

    assert session.scalars(select(Sighting)).one().day == TODAY


def test_a_day_in_the_future_is_refused(sessions: Sessions) -> None:
    with pytest.raises(BadInput, match="2026-03-03 is in the future"):
        fetch(sessions, [], NO_NET, now=MONDAY, day=TODAY + timedelta(days=1))


def test_two_thousand_entries_are_kept(session: Session) -> None:
    many = document(*(replace(TIDES, external_id=f"2603.{number:05}") for number in range(1, 2001)))

    first = keep(session, "arxiv", many, day=None, now=MONDAY)
    second = keep(session, "arxiv", many, day=None, now=MONDAY)

    assert (first.new, first.seen) == (2000, 0)
    assert (second.new, second.seen) == (0, 2000)
    assert session.scalar(select(func.count(Sighting.id))) == 4000


def test_two_fetches_at_once_keep_each_paper_once(sessions: Sessions) -> None:
    together = Barrier(2)
    reports: list[FetchReport] = []

    def run(shelf: Shelf) -> None:
        together.wait()
        reports.append(fetch(sessions, [shelf], NO_NET, now=MONDAY))

    threads = [
        Thread(target=run, args=(Shelf("arxiv", document(*entries)),))
        for entries in ((TIDES, ROPES, KNOTS), (KNOTS, ROPES, TIDES))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted((report.new, report.seen) for report in reports) == [(0, 3), (3, 0)]
    with sessions() as session:
        assert titles(session) == ["Knots", "Ropes", "Tides"]
        assert session.scalar(select(func.count(Sighting.id))) == 6


def test_one_failing_source_does_not_stop_the_others(sessions: Sessions) -> None:
    sources: list[Source] = [
        Shelf("huggingface", FetchError("answered 503")),
        Shelf("arxiv", document(TIDES)),
    ]

    report = fetch(sessions, sources, NO_NET, now=MONDAY)

    assert (report.new, report.errors) == (1, ("huggingface: answered 503",))
    with sessions() as session:
        runs = session.execute(
            select(FetchRun.source, FetchRun.at, FetchRun.new, FetchRun.error).order_by(FetchRun.id)
        ).all()
    assert [tuple(run) for run in runs] == [
        ("huggingface", MONDAY, 0, "answered 503"),
        ("arxiv", MONDAY, 1, None),
    ]


def test_a_source_that_shows_nothing_readable_has_failed(sessions: Sessions) -> None:
    broken = Document(unreadable=("row 1: no paper in it",))

    report = fetch(sessions, [Shelf("huggingface", broken)], NO_NET, now=MONDAY)

    [error] = report.errors
    assert error == "huggingface: of 1 entries none can be read; row 1: no paper in it"


def test_an_empty_list_was_read(sessions: Sessions) -> None:
    report = fetch(sessions, [Shelf("arxiv", Document())], NO_NET, now=MONDAY)

    assert report == FetchReport()
    with sessions() as session:
        assert session.scalars(select(FetchRun.error)).all() == [None]


def test_no_transaction_is_open_while_a_source_is_read(sessions: Sessions) -> None:
    class Slow(Shelf):
        def read(self, http: Http, now: datetime, day: date | None) -> list[tuple[date, Document]]:
            # On SQLite a second writer would wait here until it gave up.
            with sessions.begin() as other:
                keep(other, "other", document(ROPES), day=None, now=now)
            return super().read(http, now, day)

    report = fetch(sessions, [Slow("arxiv", document(TIDES))], NO_NET, now=MONDAY)

    assert (report.new, report.errors) == (1, ())


@pytest.mark.parametrize(
    ("kind", "name", "new"),
    [("huggingface", "huggingface_2024.json", 2), ("arxiv", "arxiv_kinds.xml", 2)],
)
def test_a_saved_document_is_loaded_as_though_its_source_showed_it(
    session: Session, kind: str, name: str, new: int
) -> None:
    report = load(session, kind, (FEEDS / name).read_bytes(), now=MONDAY, day=YESTERDAY)

    assert report.new == new
    assert set(session.scalars(select(Sighting.source))) == {kind}
    assert set(session.scalars(select(Sighting.day))) == {YESTERDAY}


def test_a_saved_feed_of_new_versions_only_is_fine(session: Session) -> None:
    body = (FEEDS / "arxiv_only_replaced.xml").read_bytes()

    report = load(session, "arxiv", body, now=MONDAY)

    assert (report.new, report.skipped) == (0, 1)


def test_a_saved_document_of_which_nothing_can_be_read_is_refused(session: Session) -> None:
    with pytest.raises(BadDocument, match="of 2 entries none can be read; row 1: 1 is no object"):
        load(session, "huggingface", b"[1, 2]", now=MONDAY)


def test_a_feed_that_breaks_off_before_its_first_entry_is_refused(session: Session) -> None:
    """Row 34."""
    body = (FEEDS / "arxiv_kinds.xml").read_bytes()[:300]

    with pytest.raises(BadDocument, match="the feed breaks off"):
        load(session, "arxiv", body, now=MONDAY)


def test_a_document_of_the_other_kind_is_refused(session: Session) -> None:
    with pytest.raises(BadDocument, match="no feed but a JSON document"):
        load(session, "arxiv", (FEEDS / "huggingface_2024.json").read_bytes(), now=MONDAY)


def test_an_unknown_kind_is_refused(session: Session) -> None:
    with pytest.raises(BadInput, match="choose from huggingface, arxiv"):
        load(session, "sample", b"[]", now=MONDAY)


def test_the_sample_can_be_read_again_while_there_is_nothing_else(session: Session) -> None:
    keep(session, "sample", document(INVENTED), day=None, now=MONDAY)

    report = keep(session, "sample", document(INVENTED), day=None, now=MONDAY)

    assert (report.new, report.seen) == (0, 1)


def test_the_sample_does_not_join_real_papers(session: Session) -> None:
    keep(session, "arxiv", document(TIDES), day=None, now=MONDAY)

    with pytest.raises(BadInput, match="the sample papers are invented"):
        keep(session, "sample", document(INVENTED), day=None, now=MONDAY)


def test_the_built_in_sample_is_invented_and_links_nowhere(sessions: Sessions) -> None:
    report = fetch(sessions, sources_named(["sample"]), NO_NET, now=MONDAY)

    assert report.new > 0
    assert report.errors == ()
    with sessions() as session:
        papers = session.scalars(select(Paper)).all()
    assert all(paper.sample for paper in papers)
    assert {paper.url for paper in papers} == {None}
    assert all(paper.published_at and paper.published_at <= MONDAY for paper in papers)


def test_a_sample_paper_is_dated_from_the_day_that_is_asked_for() -> None:
    line = (
        b'{"id": "sample/bees", "title": "Bees", "abstract": "We count.", "authors": ["Ann Lee"],'
        b' "organization": null, "published_at": 2, "upvotes": 5, "num_comments": 1,'
        b' "summary": null, "keywords": [], "code": true, "categories": ["cs.SD"],'
        b' "github_stars": null}\n'
    )

    [entry] = sample.parse(line, TODAY).entries

    assert entry.published_at == datetime(2026, 2, 28, tzinfo=UTC)
    assert (entry.upvotes, entry.comments, entry.stars, entry.sample) == (5, 1, None, True)


def test_sources_are_built_by_name() -> None:
    sources = sources_named(["huggingface", "arxiv:cs.AI+cs.LG", "sample"])

    assert [source.name for source in sources] == ["huggingface", "arxiv", "sample"]


@pytest.mark.parametrize("name", ["", "pubmed", "huggingface:", "huggingface:x", "arxiv", "arxiv:"])
def test_a_name_that_is_no_source_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        sources_named([name])

"""arXiv's papers of past days: page by page, resumed where it broke off, and no news today."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from io import StringIO
from itertools import repeat

import click
import pytest
from sqlalchemy import select

from digest import pipeline
from digest.cli.sourcing import advance
from digest.errors import BadDocument, BadInput, FetchError
from digest.fetch import FetchReport
from digest.fetch.backfilling import backfill
from digest.models import Harvest, Paper, Sighting
from digest.services import Services
from digest.settings import Settings
from digest.sources.arxiv import Arxiv
from tests import make
from tests.conftest import Inbox, StoppedClock
from tests.newsstand import ARCHIVE, Asked, Item, Newsstand, listed

MONDAY, SUNDAY = date(2026, 11, 9), date(2026, 11, 15)
TODAY = date(2026, 11, 20)
TIDES = Item(id="2611.00101", title="Tides of Small Networks", published=date(2026, 11, 9))
ROPES = Item(id="2611.00102", title="Ropes for Long Ladders", published=date(2026, 11, 10))
KNOTS = Item(id="2611.00103", title="Knots That Hold Forever", published=date(2026, 11, 10))
LAMPS = Item(id="2611.00104", title="Lamps for Deep Mines", published=date(2026, 11, 12))
BELLS = Item(id="2611.00105", title="Bells Under the Sea", published=date(2026, 11, 13))


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    with Newsstand() as laid_out:
        laid_out.archive = [[TIDES], [ROPES, KNOTS], [LAMPS]]
        yield laid_out


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"allow_private_addresses": True})


class Run:
    """A back-fill from the newsstand, and what it said of its progress."""

    def __init__(self, services: Services, arxiv: Arxiv) -> None:
        self.services = services
        self.arxiv = arxiv
        self.pages: list[FetchReport] = []
        self.left: list[int | None] = []

    def __call__(self, first: date = MONDAY, last: date = SUNDAY) -> FetchReport:
        return backfill(
            self.services.sessions,
            self.arxiv,
            lambda: pipeline.http(self.services),
            first,
            last,
            now=self.services.clock,
            progress=self.note,
        )

    def note(self, page: FetchReport, left: int | None) -> None:
        self.pages.append(page)
        self.left.append(left)


@pytest.fixture
def run(services: Services, stand: Newsstand) -> Run:
    return Run(services, stand.arxiv())


def seen(services: Services) -> list[tuple[str, date, datetime]]:
    with services.sessions() as session:
        rows = session.execute(
            select(Paper.external_id, Sighting.day, Sighting.seen_at)
            .join(Sighting)
            .order_by(Paper.external_id, Sighting.id)
        )
        return [(external_id, day, seen_at) for external_id, day, seen_at in rows]


def ids(services: Services) -> list[str]:
    with services.sessions() as session:
        return list(session.scalars(select(Paper.external_id).order_by(Paper.external_id)))


def tokens(asked: list[Asked]) -> list[str | None]:
    return [each.words.get("resumptionToken") for each in asked]


def test_all_pages_are_kept_one_after_the_other(
    services: Services, stand: Newsstand, run: Run
) -> None:
    report = run()

    assert (report.new, report.seen, report.skipped) == (4, 0, 0)
    assert [page.new for page in run.pages] == [1, 2, 1]
    assert ids(services) == [item.id for item in (TIDES, ROPES, KNOTS, LAMPS)]
    asked = stand.asked_for(ARCHIVE)
    assert tokens(asked) == [None, "page 1", "page 2"]
    assert asked[0].words == {
        "verb": "ListRecords",
        "metadataPrefix": "arXiv",
        "set": "cs:cs:LG",
        "from": "2026-11-09",
        "until": "2026-11-15",
    }


def test_progress_counts_papers_against_those_that_the_archive_still_has(
    stand: Newsstand, run: Run
) -> None:
    run()
    stand.sizes = False
    run(last=date(2026, 11, 14))

    assert run.left == [3, 1, 0, None, None, 0]


def test_the_bar_is_as_long_as_the_archive_says() -> None:
    pages = [
        (FetchReport(new=3, seen=1), 6),
        (FetchReport(skipped=6), 0),
        (FetchReport(new=1), None),
    ]

    with click.progressbar(repeat(None), file=StringIO()) as bar:
        moved = []
        for page, left in pages:
            advance(bar, page, left)
            moved.append((bar.pos, bar.length))

    assert moved == [(4, 10), (10, 10), (11, None)]
    assert not bar.finished


def test_broken_off_it_goes_on_where_it_ended(
    services: Services, stand: Newsstand, run: Run
) -> None:
    stand.broken = {"page 1"}
    with pytest.raises(FetchError, match="answered 500"):
        run()
    kept = ids(services)
    stand.broken = set()
    stand.asked.clear()

    report = run()

    assert kept == [TIDES.id]
    assert (report.new, report.seen) == (3, 0)
    assert tokens(stand.asked) == ["page 1", "page 2"]
    assert len(ids(services)) == 4


def test_a_process_that_starts_anew_goes_on_as_well(
    services: Services, stand: Newsstand, run: Run
) -> None:
    stand.broken = {"page 2"}
    with pytest.raises(FetchError):
        run()
    stand.broken = set()
    stand.asked.clear()

    report = Run(services, stand.arxiv())()

    assert report.new == 1
    assert tokens(stand.asked) == ["page 2"]


def test_where_the_archive_has_forgotten_the_place_it_begins_again(
    services: Services, stand: Newsstand, run: Run
) -> None:
    stand.broken = {"page 1"}
    with pytest.raises(FetchError):
        run()
    stand.broken, stand.expired = set(), {"page 1"}
    stand.asked.clear()
    run.pages.clear()

    with pytest.raises(BadDocument, match="badResumptionToken"):
        run()
    stand.expired = set()
    report = run()

    assert tokens(stand.asked) == ["page 1", None, "page 1", "page 1", "page 2"]
    assert [(page.new, page.seen) for page in run.pages] == [(0, 1), (2, 0), (1, 0)]
    assert report.new == 3
    assert len(ids(services)) == 4


def test_a_page_that_breaks_off_keeps_what_can_be_read_and_is_asked_for_again(
    services: Services, stand: Newsstand, run: Run
) -> None:
    stand.cut = {"page 2"}
    with pytest.raises(FetchError, match="breaks off"):
        run()
    kept = ids(services)
    stand.cut = set()
    stand.archive[2] = [LAMPS, BELLS]
    stand.asked.clear()

    report = run()

    assert len(kept) == 4
    assert (report.new, report.seen) == (1, 1)
    assert tokens(stand.asked) == ["page 2"]


def test_what_is_finished_answers_at_once(stand: Newsstand, run: Run) -> None:
    run()
    stand.asked.clear()

    again = run()

    assert again == FetchReport()
    assert stand.asked == []


def test_other_days_and_other_sets_are_back_fills_of_their_own(
    services: Services, stand: Newsstand, run: Run
) -> None:
    run()
    stand.asked.clear()

    other_days = run(MONDAY, MONDAY)
    other_set = Run(services, stand.arxiv("math"))()

    assert (other_days.new, other_days.seen) == (0, 4)
    assert (other_set.new, other_set.seen) == (0, 4)
    assert stand.asked[0].words["until"] == "2026-11-09"
    assert stand.asked[3].words["set"] == "math"


def test_several_categories_are_asked_for_one_after_the_other(
    services: Services, stand: Newsstand
) -> None:
    both = Run(services, stand.arxiv("cs.LG+hep-th"))
    stand.archive = [[TIDES], [ROPES]]

    report = both()

    sets = [each.words.get("set") for each in stand.asked]
    assert sets == ["cs:cs:LG", None, "physics:hep-th", None]
    assert (report.new, report.seen) == (2, 2)


def test_papers_were_seen_on_the_day_of_their_publication(services: Services, run: Run) -> None:
    run()

    ends = [
        (item.id, item.published, datetime.combine(item.published, time(23, 59, 59), UTC))
        for item in (TIDES, ROPES, KNOTS, LAMPS)
    ]
    assert seen(services) == ends


def test_back_filled_papers_are_no_news_today(
    services: Services, clock: StoppedClock, inbox: Inbox, run: Run
) -> None:
    run()
    pipeline.load(services, "huggingface", listed())
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock())

    sent = pipeline.send_due(services)

    with services.sessions() as session:
        offered = make.offered(session).cards
    assert len(offered) == 4
    assert (sent.planned, sent.sent, sent.skipped) == (1, 0, 1)
    assert inbox() == []


def test_a_paper_that_was_news_stays_news(services: Services, run: Run) -> None:
    pipeline.load(services, "huggingface", listed(TIDES))

    report = run()

    assert (report.new, report.seen) == (3, 1)
    with services.sessions() as session:
        paper = session.scalars(select(Paper).where(Paper.external_id == TIDES.id)).one()
    assert paper.listed_on == TODAY
    assert paper.first_seen_at.date() == TIDES.published


def test_a_day_that_is_not_over_is_asked_for_again(
    services: Services, stand: Newsstand, run: Run
) -> None:
    stand.archive = [[TIDES]]
    run(MONDAY, TODAY)
    stand.archive = [[TIDES], [ROPES]]

    report = run(MONDAY, TODAY)

    assert (report.new, report.seen) == (1, 1)
    assert ids(services) == [TIDES.id, ROPES.id]


def test_a_day_in_the_future_is_refused(stand: Newsstand, run: Run) -> None:
    with pytest.raises(BadInput, match="2026-11-21 is in the future"):
        run(MONDAY, date(2026, 11, 21))

    assert stand.asked == []


def test_how_far_it_has_come_is_kept(services: Services, stand: Newsstand, run: Run) -> None:
    stand.broken = {"page 2"}
    with pytest.raises(FetchError):
        run()
    with services.sessions() as session:
        half = session.scalars(select(Harvest)).one()
    stand.broken = set()

    run()

    with services.sessions() as session:
        whole = session.scalars(select(Harvest)).one()
    assert (half.kept, half.token, half.finished_at) == (3, "0 page 2", None)
    assert (whole.kept, whole.token, whole.finished_at) == (4, None, services.clock())

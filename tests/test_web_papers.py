"""The pages of papers: by week and month, trending, found by a search, and as a feed."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from werkzeug.test import TestResponse

from digest import edition
from tests.visitor import HERE, NOW, TODAY, Installation, Page, entry, installation

ATOM = "{http://www.w3.org/2005/Atom}"
PUBLIC_PAGES = (
    *("/papers", f"/papers/{TODAY}", "/papers/week/2026-W47", "/papers/month/2026-11"),
    *("/papers/trending", "/paper/2611.00001", "/feed.xml"),
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        yield made


def freeze(here: Installation) -> None:
    with here.services.sessions.begin() as session:
        edition.build(session, here.clock())


def shown(answer: TestResponse) -> list[str]:
    """Return the slugs of the papers on a page, in its order."""
    links = [str(link["href"]) for link in Page(answer.text).all("a")]
    return [link.removeprefix("/paper/") for link in links if link.startswith("/paper/")]


def beside(answer: TestResponse) -> dict[str, Any]:
    page = Page(answer.text)
    return {
        rel: {link["href"] for link in page.all("a", rel=rel)} or None for rel in ("prev", "next")
    }


def test_a_week_shows_its_papers_most_upvoted_first(here: Installation) -> None:
    here.papers(entry(3), day=date(2026, 11, 16))
    here.papers(entry(9), day=date(2026, 11, 20))
    here.papers(entry(5), day=date(2026, 11, 22) - timedelta(days=7))

    answer = here.visitor().get("/papers/week/2026-W47")

    assert shown(answer) == ["2611.00009", "2611.00003"]
    assert "Week 47, Nov 16 to Nov 22, 2026" in answer.text
    assert "2 papers, most upvoted first" in answer.text


def test_a_week_or_a_month_leads_to_the_nearest_ones_with_papers(here: Installation) -> None:
    for number, day in enumerate([date(2026, 8, 3), date(2026, 10, 1), date(2026, 11, 20)]):
        here.papers(entry(number), day=day)

    week = here.visitor().get("/papers/week/2026-W40")
    month = here.visitor().get("/papers/month/2026-10")

    assert beside(week) == {"prev": {"/papers/week/2026-W32"}, "next": {"/papers/week/2026-W47"}}
    assert beside(month) == {"prev": {"/papers/month/2026-08"}, "next": {"/papers/month/2026-11"}}


def test_a_week_belongs_to_the_year_of_its_thursday(here: Installation) -> None:
    here.papers(entry(1), day=date(2025, 12, 30))

    answer = here.visitor().get("/papers/week/2026-W01")

    assert shown(answer) == ["2611.00001"]
    assert here.visitor().get("/papers/week/2025-W52").status_code == 404


def test_a_long_month_shows_its_best_and_says_how_many_there_are(here: Installation) -> None:
    here.papers(*(entry(number) for number in range(130)))

    answer = here.visitor().get("/papers/month/2026-11")

    assert shown(answer)[:2] == ["2611.00129", "2611.00128"]
    assert len(shown(answer)) == 100
    assert "130 papers; these are the 100 most upvoted" in answer.text


def test_days_weeks_months_and_the_trend_lead_to_each_other(here: Installation) -> None:
    here.papers(entry(1), day=date(2026, 10, 1))
    here.papers(entry(2))
    ways = {
        f"/papers/{TODAY}": ["Nov 20", "Week 47", "November 2026"],
        "/papers/week/2026-W40": ["Oct 1", "Week 40", "October 2026"],
        "/papers/month/2026-10": ["Oct 1", "Week 40", "October 2026"],
        "/papers/trending": ["Nov 20", "Week 47", "November 2026"],
    }

    pages = {path: here.visitor().get(path).text for path in ways}

    for path, names in ways.items():
        assert all(f">{name}</a>" in pages[path] for name in ["Trending", *names, "All days"])
        assert [
            link["href"] for link in Page(pages[path]).all("a", **{"aria-current": "page"})
        ] == [path]


@pytest.mark.parametrize(
    "path",
    [
        *("week/2026-W46", "week/2026-W54", "week/2026-W00", "week/2026-W7", "week/2026-47"),
        *("week/0000-W01", "week/9999-W52", "week/2026-w47", "week/", "week"),
        *("month/2026-10", "month/2026-13", "month/2026-00", "month/202611", "month/2026-1"),
        *("month/9999-12", "month/0000-01", "month/november", "9999-12-31", "0001-01-01"),
    ],
)
def test_odd_and_empty_periods_are_not_found(here: Installation, path: str) -> None:
    here.papers(entry(1))

    assert here.visitor().get(f"/papers/{path}").status_code == 404


def test_trending_shows_the_newest_edition_in_its_order(here: Installation) -> None:
    here.papers(entry(1, upvotes=3), entry(2, upvotes=90))
    here.papers(entry(3, upvotes=100), day=TODAY - timedelta(days=9))
    freeze(here)

    answer = here.visitor().get("/papers/trending")

    assert shown(answer) == ["2611.00002", "2611.00001", "2611.00003"]


def test_trending_comes_in_pages(here: Installation) -> None:
    here.papers(*(entry(number) for number in range(120)))
    freeze(here)

    pages = [here.visitor().get(f"/papers/trending?page={number}") for number in (1, 2, 3)]

    assert [len(shown(page)) for page in pages] == [50, 50, 20]
    assert beside(pages[1]) == {
        "prev": {"/papers/trending"},
        "next": {"/papers/trending?page=3"},
    }
    assert beside(pages[2])["next"] is None


@pytest.mark.parametrize("page", ["0", "2", "99", "x", ""])
@pytest.mark.parametrize("path", PUBLIC_PAGES[:4])
def test_a_list_on_one_page_has_no_other(here: Installation, path: str, page: str) -> None:
    here.papers(entry(1))

    assert here.visitor().get(path, query_string={"page": page}).status_code == 404
    assert here.visitor().get(path, query_string={"page": "1"}).status_code == 200


@pytest.mark.parametrize("page", ["0", "4", "-1", "x", "1.0", "²", "9" * 30, ""])
def test_a_page_that_is_not_there_is_not_found(here: Installation, page: str) -> None:
    here.papers(*(entry(number) for number in range(120)))
    freeze(here)

    assert here.visitor().get("/papers/trending", query_string={"page": page}).status_code == 404
    assert here.visitor().get("/search", query_string={"q": "a", "page": page}).status_code == 404


def test_before_the_first_fetch_every_page_says_so(here: Installation) -> None:
    answers = [here.visitor().get(path) for path in ("/papers", "/papers/trending")]

    assert all("No papers have been fetched yet" in answer.text for answer in answers)


def test_a_paper_says_who_showed_it_and_how_its_upvotes_grew(here: Installation) -> None:
    for days_ago, upvotes in ((2, 1), (1, 40), (0, 1200)):
        here.papers(entry(1, upvotes=upvotes), day=TODAY - timedelta(days=days_ago))
    here.papers(entry(1, upvotes=None), source="arxiv")

    text = here.visitor().get("/paper/2611.00001").text

    assert (
        "since Wednesday, November 18, 2026: 1 upvote on Nov 18, 40 on Nov 19, 1,200 on Nov 20"
        in (text)
    )
    assert "▲ 1,200" in text
    assert text.index("<dt>Hugging Face</dt>") < text.index("<dt>arXiv</dt>")
    assert "since Friday, November 20, 2026</dd>" in text


def test_upvotes_that_do_not_change_are_told_once_and_long_tales_cut(here: Installation) -> None:
    for days_ago in range(9, 0, -1):
        here.papers(entry(1, upvotes=7), day=TODAY - timedelta(days=days_ago))
        here.papers(entry(2, upvotes=100 - days_ago), day=TODAY - timedelta(days=days_ago))

    still, growing = (here.visitor().get(f"/paper/2611.0000{n}").text for n in (1, 2))

    assert "2026: 7 upvotes on Nov 11</dd>" in still
    assert "91 upvotes on Nov 11, 97 on Nov 17, 98 on Nov 18, 99 on Nov 19</dd>" in growing


def test_a_search_shows_what_it_finds_and_what_was_asked(here: Installation) -> None:
    here.papers(entry(1, title="Kelp & <b>whales</b>"), entry(2))

    answer = here.visitor().get("/search", query_string={"q": 'kelp "whales"'})

    assert shown(answer) == ["2611.00001"]
    assert "1 paper" in answer.text
    [box] = Page(answer.text).all("input", type="search")
    assert box["value"] == 'kelp "whales"'


def test_a_search_comes_in_pages_that_keep_the_query(here: Installation) -> None:
    here.papers(*(entry(number, title=f"Kelp {number}") for number in range(45)))

    second = here.visitor().get("/search?q=kelp+-whales&page=2")

    assert len(shown(second)) == 20
    assert "<b>45 papers</b> (page 2 of 3)" in second.text
    assert beside(second) == {
        "prev": {"/search?q=kelp+-whales"},
        "next": {"/search?q=kelp+-whales&page=3"},
    }


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "A phrase in quotes"),
        ("zebra", "Fewer words find more"),
        ("-zebra", "say what you want, too"),
        ("topic:alchemy", "There is no topic “alchemy”"),
        ('"<script>(', "Fewer words find more"),
        ("\x00*(", "nothing to look for"),
    ],
)
def test_a_search_without_papers_says_what_to_do(
    here: Installation, query: str, words: str
) -> None:
    here.papers(entry(1))

    answer = here.visitor().get("/search", query_string={"q": query})

    assert answer.status_code == 200
    assert words in answer.text
    assert "<script>(" not in answer.text


def test_a_query_is_not_written_to_the_log(
    here: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        here.visitor().get("/search?q=my-secret-idea")

    assert "path=/search " in caplog.text
    assert "my-secret-idea" not in caplog.text


def test_the_first_page_leads_to_search_trend_and_feed(here: Installation) -> None:
    here.papers(entry(1))

    page = Page(here.visitor().get("/").text)

    assert page.all("form", action="/search")
    assert page.all("a", href="/papers/trending")
    assert page.all("link", rel="alternate", href="/feed.xml", type="application/atom+xml")


def test_the_feed_is_the_newest_day_as_atom(here: Installation) -> None:
    here.papers(entry(1), day=TODAY - timedelta(days=1))
    here.papers(
        entry(2, title="A & B < C", summary="It is so.", summary_by="Hugging Face"),
        entry(3, authors=()),
    )

    answer = here.visitor().get("/feed.xml")
    feed = ET.fromstring(answer.text)  # noqa: S314  it is ours

    assert answer.mimetype == "application/atom+xml"
    assert feed.findtext(f"{ATOM}id") == f"{HERE}/feed.xml"
    assert feed.findtext(f"{ATOM}updated") == "2026-11-20T09:00:00+00:00"
    first, second = feed.findall(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}id") == f"{HERE}/paper/2611.00003"
    assert second.findtext(f"{ATOM}title") == "A & B < C"
    assert [name.text for name in second.findall(f"{ATOM}author/{ATOM}name")] == [
        "Ada Quill",
        "Bo Ferris",
    ]
    assert "Machine-written summary by Hugging Face" in str(second.findtext(f"{ATOM}summary"))


def test_a_feed_reader_can_read_the_feed(here: Installation) -> None:
    here.papers(entry(1, title="Bell \x07 and \ufffe", abstract="\x0b"), entry(2))

    read = feedparser.parse(here.visitor().get("/feed.xml").data)

    assert not read.bozo
    assert [each.title for each in read.entries] == ["Paper number 2", "Bell  and"]


def test_every_entry_of_a_feed_has_what_atom_demands(here: Installation) -> None:
    here.papers(*(entry(number) for number in range(3)))

    feed = ET.fromstring(here.visitor().get("/feed.xml").text)  # noqa: S314

    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    ids = [each.findtext(f"{ATOM}id") for each in feed.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids)) == 3
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        assert all(element.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
        assert element.find(f"{ATOM}link[@rel='alternate']") is not None


def test_a_feed_of_a_day_has_its_papers_and_an_id_of_its_own(here: Installation) -> None:
    here.papers(entry(1), day=date(2026, 11, 18))
    here.papers(entry(2))

    feed = ET.fromstring(here.visitor().get("/feed.xml?day=2026-11-18").text)  # noqa: S314

    assert feed.findtext(f"{ATOM}id") == f"{HERE}/feed.xml?day=2026-11-18"
    assert [each.findtext(f"{ATOM}title") for each in feed.findall(f"{ATOM}entry")] == [
        "Paper number 1"
    ]


def test_a_feed_of_a_topic_has_its_papers_newest_first(here: Installation) -> None:
    about = {"abstract": "chain of thought, test-time compute, self-consistency " * 4}
    here.papers(entry(1, **about), entry(2), day=TODAY - timedelta(days=1))
    here.papers(entry(3, **about))
    freeze(here)

    both, one = (
        feedparser.parse(here.visitor().get(f"/feed.xml?topic=reasoning{more}").data)
        for more in ("", f"&day={TODAY - timedelta(days=1)}")
    )

    assert [each.title for each in both.entries] == ["Paper number 3", "Paper number 1"]
    assert [each.title for each in one.entries] == ["Paper number 1"]
    assert both.feed.title == "Daybreak: Reasoning"


def test_invented_papers_are_marked_in_the_feed(here: Installation) -> None:
    here.papers(entry(1, external_id="sample/one", sample=True, url=None), source="sample")

    [only] = feedparser.parse(here.visitor().get("/feed.xml").data).entries

    assert only.title == "Sample: Paper number 1"
    assert only.summary.startswith("An invented paper")
    assert [tag.term for tag in only.tags] == ["sample"]


@pytest.mark.parametrize("query", ["day=2026-11-19", "day=today", "topic=alchemy", "topic="])
def test_a_feed_of_nothing_is_not_found(here: Installation, query: str) -> None:
    here.papers(entry(1))

    assert here.visitor().get(f"/feed.xml?{query}").status_code == 404


def test_before_the_first_fetch_the_feed_is_empty_and_valid(here: Installation) -> None:
    read = feedparser.parse(here.visitor().get("/feed.xml").data)

    assert not read.bozo
    assert read.entries == []
    assert read.feed.updated


def test_who_has_a_page_already_is_sent_it_again_only_when_it_changed(here: Installation) -> None:
    here.papers(entry(1))
    freeze(here)
    visitor = here.visitor()
    tags = {path: visitor.get(path).headers["ETag"] for path in PUBLIC_PAGES}

    same = [visitor.get(path, headers={"If-None-Match": tag}) for path, tag in tags.items()]
    here.papers(entry(1, upvotes=500), entry(2))
    freeze(here)
    changed = [visitor.get(path, headers={"If-None-Match": tag}) for path, tag in tags.items()]

    assert [(answer.status_code, answer.data) for answer in same] == [(304, b"")] * len(tags)
    assert [answer.status_code for answer in changed] == [200] * len(tags)
    assert all(answer.headers["Cache-Control"] == "no-cache" for answer in same + changed)


def test_papers_seen_now_carry_the_moment_of_the_clock(here: Installation) -> None:
    here.papers(entry(1))

    [only] = feedparser.parse(here.visitor().get("/feed.xml").data).entries

    assert only.updated == NOW.isoformat()

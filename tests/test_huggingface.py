"""The daily list of Hugging Face, in every form that it has had."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadDocument, FetchError
from digest.sources.download import Http
from digest.sources.huggingface import HuggingFace, parse

FEEDS = Path(__file__).parent / "feeds"
SUNDAY = datetime(2026, 3, 1, 6, tzinfo=UTC)


def feed(name: str) -> bytes:
    return (FEEDS / f"huggingface_{name}.json").read_bytes()


class Lists(Http):
    """A site with a list for some days, an empty one for all others, and what is trending."""

    def __init__(self, lists: Mapping[str, bytes], trending: bytes | None = b"[]") -> None:
        self.lists = lists
        self.trending = trending
        self.asked: list[str] = []

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        assert url == "https://huggingface.co/api/daily_papers"
        assert not headers
        told = params or {}
        if told.get("sort") == "trending":
            if self.trending is None:
                raise FetchError("answered 429")
            return self.trending
        self.asked.append(f"{told['date']} {told['p']}")
        return self.lists.get(told["date"] if told["p"] == "0" else self.asked[-1], b"[]")


def rows(first: int, number: int) -> bytes:
    papers = [
        {"paper": {"id": f"2603.{place:05}", "title": "Title", "summary": "Abstract."}}
        for place in range(first, first + number)
    ]
    return json.dumps(papers).encode()


def test_the_form_of_2024_has_neither_summaries_nor_organizations() -> None:
    first, second = parse(feed("2024")).entries

    assert first.external_id == "2405.10001"
    assert first.title == "Sparse Lanterns for Long Rooms"
    assert first.published_at == datetime(2024, 5, 28, 17, 59, tzinfo=UTC)
    assert (first.upvotes, first.comments, first.stars) == (41, 2, None)
    assert (first.summary, first.summary_by, first.organization) == (None, None, None)
    assert (second.upvotes, second.comments) == (0, 0)


def test_the_form_of_2026_is_read_in_full() -> None:
    [entry] = parse(feed("2026")).entries

    assert entry.external_id == "2603.00101"
    assert entry.authors == ("Maud Ellery", "Tomasz Brandl")  # one asked to be hidden
    assert entry.organization == "Tide Laboratory"
    assert entry.summary == "Measures tides in small networks."
    assert entry.summary_by == "Hugging Face"
    assert entry.keywords == ("tides", "small networks")
    assert entry.stars == 12
    assert entry.url == "https://arxiv.org/abs/2603.00101"
    assert entry.pdf_url == "https://arxiv.org/pdf/2603.00101"
    assert entry.code_url == "https://github.com/ellery/tides"
    assert entry.project_url is None  # its host is not one that we link to
    assert entry.discussion_url == "https://huggingface.co/papers/2603.00101"


def test_fields_are_found_at_the_other_level_too() -> None:
    [entry] = parse(feed("other_level")).entries

    assert entry.code_url == "https://github.com/brandl/ropes"
    assert entry.stars == 7
    assert entry.summary == "Ties ropes."
    assert entry.keywords == ("knots",)
    assert entry.organization == "ropeworks"


def test_a_row_that_makes_no_sense_is_skipped_with_a_reason() -> None:
    document = parse(feed("odd_rows"))

    assert [entry.title for entry in document.entries] == ["The only sound row"]
    assert len(document.unreadable) == 8
    assert document.unreadable[3] == "row 4: 'not-an-id' is no arXiv id"
    assert document.unreadable[4] == "row 5: 2603.00103 has no title"


def test_fields_that_make_no_sense_are_left_out_of_a_sound_row() -> None:
    [entry] = parse(feed("odd_rows")).entries

    assert (entry.upvotes, entry.comments, entry.stars) == (None, None, None)
    assert (entry.authors, entry.keywords) == ((), ())
    assert (entry.organization, entry.published_at, entry.code_url) == (None, None, None)


def test_hostile_text_is_cleaned_at_the_door() -> None:
    [entry] = parse(feed("hostile")).entries

    assert entry.title == "P(A < B) & bold Bcc: all@example.org"
    assert entry.abstract == "An abstract of n<m words. Second line."
    assert entry.summary == "Click"
    assert entry.authors[0] == "Evel"
    assert [len(name) for name in entry.authors] == [4, 100]
    assert [len(keyword) for keyword in entry.keywords] == [60]
    assert (entry.code_url, entry.project_url) == (None, None)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (feed("status"), "a JSON object with the keys: date, message, status"),
        (b"", "an empty document"),
        (b"<!DOCTYPE html><p>Busy", "an HTML page"),
        (b"<rss/>", "an XML document"),
        (b'[{"paper": ', "a JSON document"),
        (b'"list"', "a JSON str"),
        (b"\xff\xfe\x00", "neither JSON nor XML"),
        (b"[" * 100_000, "a JSON document"),
    ],
)
def test_what_is_no_list_is_named(body: bytes, named: str) -> None:
    with pytest.raises(BadDocument, match=named):
        parse(body)


@given(st.binary())
def test_no_bytes_crash_it(body: bytes) -> None:
    try:
        document = parse(body)
    except BadDocument:
        return
    assert document.entries == ()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FIELDS = [
    *("title", "summary", "authors", "organization", "ai_summary", "ai_keywords", "publishedAt"),
    *("upvotes", "numComments", "githubStars", "githubRepo", "projectPage"),
]


@given(st.lists(ANYTHING | st.dictionaries(st.sampled_from(FIELDS), ANYTHING)))
def test_no_row_crashes_it_and_each_is_accounted_for(papers: list[object]) -> None:
    rows = [
        {"paper": {**paper, "id": "2603.00101"}} if isinstance(paper, dict) else paper
        for paper in papers
    ]

    document = parse(json.dumps(rows).encode())

    assert len(document.entries) + len(document.unreadable) == len(rows)


def test_without_a_day_the_newest_lists_are_read_again() -> None:
    site = Lists({"2026-02-27": feed("2024"), "2026-02-26": feed("2026")})

    [(day, document)] = HuggingFace().read(site, SUNDAY)

    assert day == date(2026, 2, 27)
    assert len(document.entries) == 2
    assert site.asked == ["2026-03-01 0", "2026-02-28 0", "2026-02-27 0"]


def test_the_votes_of_the_last_three_days_are_read_every_time() -> None:
    days = ["2026-02-27", "2026-02-26", "2026-02-25"]
    site = Lists({day: feed("2026") for day in [*days, "2026-02-24"]})
    friday = datetime(2026, 2, 27, 6, tzinfo=UTC)

    listed = HuggingFace().read(site, friday)

    assert [day.isoformat() for day, _ in listed] == days


def test_it_looks_back_over_a_long_weekend_and_no_further() -> None:
    site = Lists({"2026-02-24": feed("2024")})

    [(day, document)] = HuggingFace().read(site, SUNDAY)

    assert day == date(2026, 3, 1)
    assert document.entries == ()
    assert site.asked[-1] == "2026-02-25 0"


def test_with_a_day_that_day_alone_is_read() -> None:
    site = Lists({"2026-02-27": feed("2024")})

    [(day, document)] = HuggingFace().read(site, SUNDAY, date(2026, 2, 28))

    assert day == date(2026, 2, 28)
    assert document.entries == ()
    assert site.asked == ["2026-02-28 0"]


def test_a_long_list_is_read_to_its_end() -> None:
    site = Lists({"2026-02-27": rows(1, 100), "2026-02-27 1": rows(101, 7)})

    [(_, document)] = HuggingFace().read(site, SUNDAY, date(2026, 2, 27))

    assert len(document.entries) == 107
    assert site.asked == ["2026-02-27 0", "2026-02-27 1"]


def test_a_list_without_an_end_is_left() -> None:
    pages = {f"2026-02-27 {page}": rows(100 * page, 100) for page in range(1, 20)}
    site = Lists({"2026-02-27": rows(1, 100), **pages})

    HuggingFace().read(site, SUNDAY, date(2026, 2, 27))

    assert len(site.asked) == 5


def test_what_is_trending_joins_the_list_of_its_day_once() -> None:
    site = Lists({"2026-02-27": feed("2026")}, feed("trending"))

    listed = dict(HuggingFace().read(site, SUNDAY))

    titles = {
        day.isoformat(): [entry.title for entry in document.entries]
        for day, document in listed.items()
    }
    assert titles == {
        "2026-02-27": ["Tides in Small Networks", "Not on Any List"],
        "2026-02-24": ["Still Talked About"],
        "2026-03-01": ["Of No Day"],
    }


def test_a_list_is_kept_when_what_comes_after_it_cannot_be_read() -> None:
    site = Lists({"2026-02-27": feed("2026")}, trending=None)

    [(_, document)] = HuggingFace().read(site, SUNDAY)

    assert [entry.title for entry in document.entries] == ["Tides in Small Networks"]
    assert document.warning == "not all was read: answered 429"


def test_nothing_at_all_is_an_error() -> None:
    site = Lists({}, trending=None)

    with pytest.raises(FetchError, match="answered 429"):
        HuggingFace().read(site, SUNDAY)


@pytest.mark.parametrize(
    "body",
    [b"[" + b"{}," * 200_000, b"[" + b"1," * 400_000, b'["' + b"\x93" * 6_000_000 + b'"]'],
    ids=["objects", "numbers", "another encoding"],
)
def test_a_list_that_would_fill_the_memory_is_not_opened(body: bytes) -> None:
    with pytest.raises(BadDocument, match="no list of daily papers has"):
        parse(body)


def test_a_list_that_breaks_off_keeps_the_rows_before_it() -> None:
    [row] = json.loads(feed("2026"))
    whole = json.dumps([row, row | {"paper": row["paper"] | {"id": "2602.00002"}}]).encode()

    document = parse(whole[:-40])

    assert document.warning == "breaks off in mid-list"
    assert len(document.entries) == 1

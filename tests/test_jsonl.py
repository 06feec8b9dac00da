"""Files with a paper a line."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadDocument
from digest.sources import inflated
from digest.sources.jsonl import by_day, parse

VOTED = {
    "day": "2026-03-02",
    "rank": 0,
    "id": "2603.00801",
    "title": "Tides",
    "abstract": "Networks\nhave tides.",
    "authors": ["Maud Ellery", "Tomasz Brandl"],
    "published_at": "2026-02-27T17:34:15.000Z",
    "upvotes": 32,
    "num_comments": 3,
    "organization": "Tide Laboratory",
    "ai_keywords": ["tides"],
    "ai_summary": "Measures tides.",
    "github_repo": "https://github.com/ellery/tides",
    "github_stars": 12,
    "project_page": "https://ellery.github.io/tides/",
    "arxiv_categories": ["cs.NI"],
}
LABELLED = {
    "id": "hep-th/9901001",
    "date": "1999-01-01",
    "primary_category": "hep-th",
    "categories": ["hep-th", "gr-qc"],
    "title": "Ropes",
    "abstract": "We tie ropes.",
    "authors": "Ines Fa, Otto Lind",
}


def lines(*rows: object) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows) + b"\n"


def test_a_line_of_a_voted_list_is_read_in_full() -> None:
    [entry] = parse(lines(VOTED)).entries

    assert (entry.external_id, entry.title) == ("2603.00801", "Tides")
    assert entry.abstract == "Networks have tides."
    assert entry.authors == ("Maud Ellery", "Tomasz Brandl")
    assert (entry.upvotes, entry.comments, entry.stars) == (32, 3, 12)
    assert (entry.summary, entry.summary_by) == ("Measures tides.", "Hugging Face")
    assert (entry.organization, entry.keywords) == ("Tide Laboratory", ("tides",))
    assert entry.categories == ("cs.NI",)
    assert entry.published_at == datetime(2026, 2, 27, 17, 34, 15, tzinfo=UTC)
    assert entry.code_url == "https://github.com/ellery/tides"
    assert entry.project_url == "https://ellery.github.io/tides/"
    assert entry.discussion_url == "https://huggingface.co/papers/2603.00801"


def test_a_line_with_its_authors_in_one_string_is_read_as_well() -> None:
    [entry] = parse(lines(LABELLED)).entries

    assert entry.external_id == "hep-th/9901001"
    assert entry.authors == ("Ines Fa", "Otto Lind")
    assert entry.categories == ("hep-th", "gr-qc")
    assert entry.published_at == datetime(1999, 1, 1, tzinfo=UTC)
    assert entry.discussion_url is None


@pytest.mark.parametrize(
    ("given", "external_id", "doi"),
    [
        ("2603.00801v2", "2603.00801", None),
        ("https://doi.org/10.1234/ABC", "10.1234/abc", "10.1234/abc"),
        ("10.48550/arXiv.2603.00801", "2603.00801", None),
        ("our-7", "our-7", None),
    ],
)
def test_a_paper_has_the_name_that_all_know(given: str, external_id: str, doi: str | None) -> None:
    [entry] = parse(lines({**LABELLED, "id": given})).entries

    assert (entry.external_id, entry.doi) == (external_id, doi)


def test_a_bad_line_is_named_and_the_others_are_kept() -> None:
    body = b"\xef\xbb\xbf" + lines(VOTED) + b"{broken\n\n[1]\n" + lines({"id": "x y"}, LABELLED)

    document = parse(body)

    assert len(document.entries) == 2
    assert document.unreadable == (
        "line 2: no JSON",
        "line 4: no JSON object",
        "line 5: 'x y' is no id",
    )


@pytest.mark.parametrize(
    ("body", "named"), [(b"<rss/>", "an XML document"), (b"hello\nworld", "neither JSON nor XML")]
)
def test_what_holds_no_line_of_json_is_named(body: bytes, named: str) -> None:
    with pytest.raises(BadDocument, match=named):
        parse(body)
    with pytest.raises(BadDocument, match=named):
        by_day(body)


def test_an_empty_file_is_an_empty_document() -> None:
    assert parse(b"\n").entries == ()
    assert by_day(b"") == []


def test_papers_are_told_apart_by_their_day() -> None:
    no_day = {name: value for name, value in LABELLED.items() if name != "date"}

    listed = by_day(lines(VOTED, LABELLED, {**VOTED, "id": "2603.00802"}, no_day))

    assert [(day, len(document.entries)) for day, document in listed] == [
        (None, 1),
        (date(1999, 1, 1), 1),
        (date(2026, 3, 2), 2),
    ]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.sampled_from(sorted({**VOTED, **LABELLED})), ANYTHING)))
def test_no_line_crashes_it_and_each_is_accounted_for(rows: list[dict[str, object]]) -> None:
    body = lines(*({**LABELLED, **row} for row in rows))

    document = parse(body)
    listed = by_day(body)

    assert len(document.entries) + len(document.unreadable) == len(rows)
    assert sum(len(each.entries) for _, each in listed) == len(document.entries)


@given(st.binary())
def test_no_bytes_crash_it(body: bytes) -> None:
    try:
        document = parse(body)
    except BadDocument:
        return
    assert document.entries == ()


def test_a_packed_file_is_unpacked_and_another_left_as_it_is() -> None:
    body = lines(VOTED)

    assert inflated(body) == (body, None)
    assert inflated(gzip.compress(body)) == (body, None)
    assert inflated(gzip.compress(body) + gzip.compress(body)) == (body + body, None)
    assert inflated(gzip.compress(body) + bytes(512)) == (body, None)


@pytest.mark.parametrize(
    ("damage", "why", "least"),
    [
        (lambda packed: packed[:-9], "cut short", 0.99),
        (lambda packed: packed[: len(packed) // 2], "cut short", 0.3),
        (lambda packed: packed[:2], "cut short", 0),
        (lambda packed: packed[:-8] + b"\xff" * 8, "damaged", 1),
        (lambda packed: packed[:-999] + b"\xff" * 999, "packed by gzip", 0.6),
        (lambda packed: packed[:12] + b"\xff" * 9 + packed[21:], "damaged", 0),
        (lambda packed: packed + packed[:-999], "cut short", 1.6),
        (lambda packed: packed + b"\0" + packed[1:], "what follows is not packed", 1),
    ],
)
def test_of_a_damaged_package_what_comes_before_is_kept(
    damage: Callable[[bytes], bytes], why: str, least: float
) -> None:
    body = lines(*({**VOTED, "id": f"2603.{n:05}", "upvotes": n * n} for n in range(2000)))

    kept, said = inflated(damage(gzip.compress(body)))

    # Where nothing but a checksum tells, a little of what comes after may be kept as well.
    whole = int(least * len(body))
    assert kept[:whole] == (body + body)[:whole]
    assert len(kept) >= whole
    assert said is not None
    assert why in said


def test_no_damage_to_a_package_crashes_it() -> None:
    body = lines(VOTED, LABELLED)
    packed = gzip.compress(body)

    for place in range(2, len(packed)):
        cut, _ = inflated(packed[:place])
        flipped, _ = inflated(packed[:place] + bytes([packed[place] ^ 255]) + packed[place + 1 :])
        assert body.startswith(cut)
        assert len(flipped) < 1_000_000


MUELLER = {**LABELLED, "authors": "Zoë Müller, André Çelik", "title": "Ropes — “tied”"}


@pytest.mark.parametrize(
    "encoding",
    [
        *("utf-8", "utf-8-sig", "cp1252"),
        *("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
    ],
)
def test_another_encoding_is_guessed(encoding: str) -> None:
    said = "\n".join(json.dumps(row, ensure_ascii=False) for row in (MUELLER, VOTED, MUELLER))

    document = parse(said.encode(encoding))
    [(_, first), *_] = by_day(said.encode(encoding))

    assert [entry.title for entry in document.entries] == [
        "Ropes — “tied”",
        "Tides",
        "Ropes — “tied”",
    ]
    assert first.entries[0].authors == ("Zoë Müller", "André Çelik")
    assert (document.unreadable, document.warning) == ((), None)


def test_a_damaged_line_makes_no_other_encoding_of_the_others() -> None:
    whole = json.dumps(MUELLER, ensure_ascii=False).encode()
    damaged = json.dumps({**MUELLER, "title": "Zoë"}, ensure_ascii=False).encode("latin-1")

    document = parse(b"\n".join([whole, damaged, whole]))

    assert [entry.authors[0] for entry in document.entries] == ["Zoë Müller"] * 2
    assert document.unreadable == ("line 2: no JSON",)


def test_what_is_in_no_encoding_that_can_be_guessed_is_skipped() -> None:
    odd = b'{"id": "our-7", "title": "Ropes \x81", "abstract": "We tie."}'

    document = parse(odd + b"\n" + lines(VOTED))

    assert (len(document.entries), document.unreadable) == (1, ("line 1: no JSON",))


def test_a_package_without_an_end_is_left() -> None:
    piece = gzip.compress(bytes(160_000_000), 1)

    with pytest.raises(BadDocument, match="more than 300 MB"):
        inflated(piece + piece)

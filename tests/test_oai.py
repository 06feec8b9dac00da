"""Pages of arXiv's archive, in each of its three forms."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadDocument
from digest.sources.entry import Document, check_readable
from digest.sources.oai import parse, set_named

FEEDS = Path(__file__).parent / "feeds"


def page(name: str) -> bytes:
    return (FEEDS / f"oai_{name}.xml").read_bytes()


def test_records_are_read_in_full() -> None:
    [entry] = parse(page("records")).entries

    assert entry.external_id == "2602.00501"
    assert entry.doi == "10.1234/lanterns.8"
    assert entry.title == "Sorting Lanterns in O(n log n)"
    assert entry.abstract == "We sort lanterns."
    assert entry.authors == ("Anna Erdős", "Otto Lind Jr.")
    assert entry.categories == ("cs.DS", "math.CO")
    assert entry.published_at == datetime(2026, 2, 11, tzinfo=UTC)
    assert entry.url == "https://arxiv.org/abs/2602.00501"


def test_every_record_is_accounted_for() -> None:
    document = parse(page("records"))

    assert document.unwanted == ("2602.00502 was deleted",)
    assert document.unreadable == ("record 3: 2602.00503 has no abstract",)
    assert document.resume == "from=2026-03-01&skip=3"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("cursor='2000' completeListSize='2800'", 799),
        ("cursor='2000' completeListSize='7'", 0),
        ("completeListSize='2800'", None),
        ("cursor='0' completeListSize='many'", None),
        ("", None),
    ],
)
def test_a_page_says_how_many_are_left_where_the_archive_does(said: str, left: int | None) -> None:
    body = f"<OAI-PMH><record/><resumptionToken {said}>next</resumptionToken></OAI-PMH>"

    assert parse(body.encode()).left == left


def test_the_raw_form_is_dated_by_its_first_version() -> None:
    [entry] = parse(page("raw")).entries

    assert entry.external_id == "math/0309136"
    assert entry.authors == ("Bea Roth", "Ines Fa")
    assert entry.published_at == datetime(2003, 9, 8, 10, 20, 30, tzinfo=UTC)


def test_dublin_core_is_read_as_well() -> None:
    [entry] = parse(page("dc")).entries

    assert (entry.external_id, entry.doi) == ("2602.00504", "10.1234/tides")
    assert entry.abstract == "Networks have tides."
    assert entry.authors == ("Maud Ellery", "Tomasz Brandl")


def test_that_nothing_changed_is_no_error() -> None:
    document = parse(page("nothing"))

    assert document == Document()


def test_any_other_error_is_passed_on() -> None:
    with pytest.raises(BadDocument, match="badResumptionToken The token has expired"):
        parse(page("error"))


@pytest.mark.parametrize("body", [b"<OAI-PMH/>", b"<rss/>", b"", b"{}", b"<OAI-PMH><Identify/>"])
def test_what_holds_no_records_is_named(body: bytes) -> None:
    with pytest.raises(BadDocument):
        check_readable(parse(body))


def test_entities_are_not_even_declared() -> None:
    """Row 32."""
    with pytest.raises(BadDocument, match="it declares an entity"):
        check_readable(parse(page("entities")))


@pytest.mark.parametrize(
    "body",
    [b"<a>" * 700_000, b"<OAI-PMH>" + b" " * 41_000_000, b"<OAI-PMH><record>" + b"<a>" * 200],
)
def test_a_page_that_would_fill_the_memory_is_not_read(body: bytes) -> None:
    with pytest.raises(BadDocument):
        check_readable(parse(body))


@pytest.mark.parametrize("length", range(120, 1500, 53))
def test_wherever_it_breaks_whole_records_are_kept(length: int) -> None:
    whole = page("records")
    first = whole.index(b"</record>") + len(b"</record>")

    document = parse(whole[:length])

    assert len(document.entries) == (length >= first)
    assert document.warning
    assert "breaks off" in document.warning


@given(st.binary())
def test_no_bytes_crash_it(body: bytes) -> None:
    for start in (b"", b"<OAI-PMH><record>"):
        try:
            document = parse(start + body)
        except BadDocument:
            continue
        assert document.entries == ()


TRAPS = ["&#xD800;", "<![CDATA[", "<!DOCTYPE x [", "<record>", "</record>", "\0", "&x;", "<", "&"]


@given(st.lists(st.tuples(st.integers(0, 1700), st.sampled_from(TRAPS)), min_size=1, max_size=4))
def test_no_damage_crashes_it(damages: list[tuple[int, str]]) -> None:
    body = page("records").decode()
    for place, trap in damages:
        body = body[:place] + trap + body[place:]

    try:
        document = parse(body.encode())
    except BadDocument:
        return

    assert all(entry.title and entry.abstract for entry in document.entries)


@pytest.mark.parametrize(
    ("category", "named"),
    [
        ("cs", "cs"),
        ("cs.AI", "cs:cs:AI"),
        ("math.NA", "math:math:NA"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("quant-ph", "physics:quant-ph"),
        ("physics", "physics"),
        ("physics.optics", "physics:physics:optics"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
    ],
)
def test_a_category_s_set_is_named(category: str, named: str) -> None:
    assert set_named(category) == named

"""arXiv's announcements, as RSS and as Atom."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadDocument, BadInput
from digest.sources.arxiv import Arxiv, parse
from digest.sources.authors import split_authors
from digest.sources.download import Http
from digest.sources.entry import Document, arxiv_id, check_readable

FEEDS = Path(__file__).parent / "feeds"
MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)


def feed(name: str) -> bytes:
    return (FEEDS / f"arxiv_{name}.xml").read_bytes()


def test_new_papers_and_cross_lists_are_kept() -> None:
    new, cross = parse(feed("kinds")).entries

    assert new.external_id == "2603.00201"
    assert new.title == "Bounds when a < b and P(A < B)"
    assert new.abstract == "We show that a<b holds whenever c & d do."
    assert new.authors == ("Maud Ellery", "Tomasz Brandl", "Noor Haddad")
    assert new.categories == ("cs.AI", "cs.LG")
    assert new.published_at == datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert new.url == "https://arxiv.org/abs/2603.00201"
    assert new.pdf_url == "https://arxiv.org/pdf/2603.00201"
    assert (new.upvotes, new.comments, new.stars) == (None, None, None)
    assert cross.external_id == "2205.00202"


def test_a_paper_announced_years_later_is_not_dated_by_that() -> None:
    _, cross = parse(feed("kinds")).entries

    assert cross.published_at is None


def test_new_versions_are_no_new_papers() -> None:
    document = parse(feed("kinds"))

    assert document.unwanted == (
        "2603.00203 is a new version, not a new paper",
        "2602.00204 is a new version, not a new paper",
    )
    assert document.unreadable == ()


def test_atom_is_read_alike() -> None:
    document = parse(feed("atom"))

    [entry] = document.entries
    assert entry.external_id == "2603.00208"
    assert entry.abstract == "Ants find home by lighthouses."
    assert entry.authors == ("Söre Møller", "Ana Peña")
    assert entry.categories == ("cs.RO", "cs.AI")
    assert len(document.unwanted) == 1


def test_ids_of_the_old_form_are_read_too() -> None:
    entries = parse(feed("old_ids")).entries

    assert [entry.external_id for entry in entries] == ["hep-th/9901001", "math/0309136"]


def test_the_form_before_2024_is_read_alike() -> None:
    document = parse(feed("rdf"))

    sparks, theory = document.entries
    assert (sparks.external_id, theory.external_id) == ("1805.00301", "1805.00302")
    assert (sparks.title, theory.title) == ("Counting Sparks", "Sparks in Theory")
    assert sparks.abstract == "Sparks of 2.6 < η < 4 are counted."
    assert sparks.authors == ("Ines Fa", "Otto Lind")
    assert (sparks.categories, theory.categories) == (("hep-ex",), ("hep-th",))
    assert document.unwanted == ("1805.00303 is a new version, not a new paper",)


def test_the_query_api_s_answer_is_read_alike() -> None:
    new, old = parse(feed("query")).entries

    assert (new.external_id, old.external_id) == ("2603.00401", "hep-ex/0307401")
    assert (new.doi, old.doi) == ("10.1234/lanterns.7", None)
    assert (new.title, new.abstract) == ("Lanterns and Ropes", "We tie lanterns to ropes.")
    assert new.authors == ("Maud Ellery", "Tomasz Brandl")
    assert new.categories == ("cs.RO", "cs.AI")
    assert new.published_at == datetime(2026, 3, 1, 17, 59, 37, tzinfo=UTC)
    assert old.published_at == datetime(2003, 7, 7, 17, 46, 39, tzinfo=UTC)


def test_an_error_of_the_query_api_is_passed_on() -> None:
    with pytest.raises(BadDocument, match="incorrect id format for lantern"):
        parse(feed("query_error"))


def test_a_page_of_the_archive_is_recognised() -> None:
    document = parse((FEEDS / "oai_records.xml").read_bytes())

    assert [entry.external_id for entry in document.entries] == ["2602.00501"]


@pytest.mark.parametrize("body", [b"<item/>" * 130_000, b"x" * 13_000_000])
def test_a_feed_that_would_fill_the_memory_is_not_opened(body: bytes) -> None:
    with pytest.raises(BadDocument, match="no honest feed"):
        parse(b"<rss version='2.0'><channel>" + body)


def test_a_day_without_announcements_is_an_empty_document() -> None:
    document = parse(feed("empty"))

    assert (document.entries, document.unreadable, document.warning) == ((), (), None)


def test_what_comes_before_a_break_is_kept() -> None:
    document = parse(feed("cut"))

    assert [entry.title for entry in document.entries] == ["Whole"]
    assert document.unreadable == ("entry 2: 2603.00207 has no abstract",)
    assert document.warning
    assert "breaks off" in document.warning


@pytest.mark.parametrize("length", range(0, 2400, 37))
def test_wherever_it_breaks_no_half_of_an_abstract_is_kept(length: int) -> None:
    whole = feed("kinds")
    abstracts = {entry.abstract for entry in parse(whole).entries}

    try:
        cut = parse(whole[:length])
    except BadDocument:
        return

    assert {entry.abstract for entry in cut.entries} <= abstracts


def test_entities_are_neither_opened_nor_multiplied() -> None:
    """Row 32."""
    [entry] = parse(feed("entities")).entries

    assert "root:" not in entry.title
    assert len(entry.abstract) < 100


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-16"])
def test_the_declared_encoding_is_respected(encoding: str) -> None:
    told = feed("atom").decode().replace("'UTF-8'", f"'{encoding}'")

    [entry] = parse(told.encode(encoding)).entries

    assert entry.authors == ("Söre Møller", "Ana Peña")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "an empty document"),
        (b"<!DOCTYPE html><html><p>Busy</p></html>", "an HTML page"),
        (b"<OAI-PMH/>", "an XML document"),
        (b'[{"paper": {}}]', "a JSON document"),
        (b"Not Found", "neither JSON nor XML"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, named: str) -> None:
    with pytest.raises(BadDocument, match=named):
        parse(body)


def test_a_path_is_not_opened_as_a_file() -> None:
    path = FEEDS / "arxiv_kinds.xml"

    with pytest.raises(BadDocument, match="no feed"):
        parse(bytes(path))


@given(st.binary())
def test_no_bytes_crash_it(body: bytes) -> None:
    try:
        document = parse(body)
    except BadDocument:
        return
    assert document.entries == ()


TRAPS = [
    *("&#xD800;", "&#99999999999;", "<![CDATA[", "<!DOCTYPE x [", "<item>", "</item>", "\0"),
    *("<pubDate>Thu, 99 Foo 10000 99:99:99</pubDate>", "<link>http://[x</link>", "<", "&", ">"),
    *("<category/>", "<dc:creator/>", "<guid/>", '<category term=""/>', "<author><name/>"),
]


@given(st.lists(st.tuples(st.integers(0, 2400), st.sampled_from(TRAPS)), min_size=1, max_size=4))
def test_no_damage_crashes_it(damages: list[tuple[int, str]]) -> None:
    body = feed("kinds").decode()
    for place, trap in damages:
        body = body[:place] + trap + body[place:]

    try:
        document = parse(body.encode())
    except BadDocument:
        return

    assert all(entry.title and entry.abstract for entry in document.entries)


@pytest.mark.parametrize(
    ("creators", "names"),
    [
        ("Ann Lee", ["Ann Lee"]),
        ("Ann Lee, Bo Ek and Cy Poe", ["Ann Lee", "Bo Ek", "Cy Poe"]),
        ("Ann Lee (CERN, Geneva), Bo Ek ((1) Uni, (2) Lab)", ["Ann Lee", "Bo Ek"]),
        ("Ann Lee, Jr., Bo Ek, III", ["Ann Lee Jr.", "Bo Ek III"]),
        ("Alexander Sandberg, Brandon Holland", ["Alexander Sandberg", "Brandon Holland"]),
        ('<a href="https://arxiv.org/a/lee_a">Ann Lee</a>, Bo Ek', ["Ann Lee", "Bo Ek"]),
        ("Ann Lee (broken, Bo Ek", ["Ann Lee (broken", "Bo Ek"]),
        (" , ,", []),
    ],
)
def test_authors_are_told_apart(creators: str, names: list[str]) -> None:
    assert list(split_authors(creators)) == names


@pytest.mark.parametrize(
    ("said", "identifier"),
    [
        ("2203.01250", "2203.01250"),
        ("2203.01250v3", "2203.01250"),
        ("0704.0001", "0704.0001"),
        ("oai:arXiv.org:2203.01250v12", "2203.01250"),
        ("https://arxiv.org/abs/hep-th/9901001v2", "hep-th/9901001"),
        ("math.GT/0309136", "math/0309136"),
        ("cond-mat.mes-hall/0309136", None),
        ("2213.01250", None),
        ("2203.012", None),
        ("x2203.01250", None),
        ("2203.01250 or so", None),
        ("\uff12203.01250", None),
    ],
)
def test_an_id_is_recognised_and_loses_its_version(said: str, identifier: str | None) -> None:
    assert arxiv_id(said) == identifier


class Site(Http):
    """A site that shows one feed at one address."""

    def __init__(self, address: str, body: bytes) -> None:
        self.pages = {address: body}
        self.asked: list[Mapping[str, str]] = []

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        assert not headers
        self.asked.append(params or {})
        return self.pages[url]


@pytest.mark.parametrize("day", [None, date(2026, 3, 2)])
def test_all_categories_are_read_at_once_as_today_s_list(day: date | None) -> None:
    site = Site("https://rss.arxiv.org/rss/cs.AI+cs.LG", feed("kinds"))

    [(listed, document)] = Arxiv("cs.AI+cs.LG").read(site, MONDAY, day)

    assert listed == date(2026, 3, 2)
    assert len(document.entries) == 2


def test_another_day_cannot_be_asked_for() -> None:
    http = Http(contact="https://daybreak.example.org", deadline=0)

    with pytest.raises(BadInput, match="today's papers only"):
        Arxiv("cs.AI").read(http, MONDAY, date(2026, 3, 1))


@pytest.mark.parametrize("listing", ["", "cs.AI/../x", "cs.AI?x", "cs.AI+", "cs AI", "CS"])
def test_a_listing_that_is_none_is_refused(listing: str) -> None:
    with pytest.raises(BadInput, match="names no arXiv categories"):
        Arxiv(listing)


@pytest.mark.parametrize(
    "listing", ["cs.AI", "cs.AI+cs.LG", "astro-ph", "cond-mat.mes-hall+q-bio.NC"]
)
def test_a_listing_names_one_or_more_categories(listing: str) -> None:
    assert Arxiv(listing).name == "arxiv"


def test_an_empty_feed_is_no_error_where_no_announcement_is_expected() -> None:
    site = Site("https://rss.arxiv.org/rss/cs.AI", feed("empty"))
    sunday = datetime(2026, 3, 1, 18, tzinfo=UTC)

    [(_, document)] = Arxiv("cs.AI").read(site, sunday)

    assert document == Document()


def test_an_empty_feed_is_an_error_on_any_other_day() -> None:
    site = Site("https://rss.arxiv.org/rss/cs.AI", feed("empty"))

    [(_, document)] = Arxiv("cs.AI").read(site, MONDAY)

    with pytest.raises(BadDocument, match="is empty, although 2026-03-02 is a day with announce"):
        check_readable(document)


def test_single_papers_are_filled_in() -> None:
    site = Site("https://export.arxiv.org/api/query", feed("query"))

    document = Arxiv().fill(site, ["2603.00401", "hep-ex/0307401"])

    assert len(document.entries) == 2
    assert site.asked == [{"id_list": "2603.00401,hep-ex/0307401", "max_results": "50"}]


def test_not_more_papers_are_asked_for_than_arxiv_answers() -> None:
    site = Site("https://export.arxiv.org/api/query", feed("query"))

    with pytest.raises(BadInput, match="at most 50"):
        Arxiv("cs.AI").fill(site, ["2603.00401"] * 51)


def test_the_archive_is_harvested_page_by_page_and_set_by_set() -> None:
    pages = iter([(FEEDS / f"oai_{name}.xml").read_bytes() for name in ("records", "raw", "dc")])
    site = Archive(pages)
    days = (date(2026, 3, 1), date(2026, 3, 2))

    tokens: list[str | None] = [None]
    while tokens[-1] or len(tokens) == 1:
        tokens.append(Arxiv("cs.AI+hep-th").harvest(site, *days, tokens[-1]).resume)

    asked = {"verb": "ListRecords", "metadataPrefix": "arXiv"}
    within = {"from": "2026-03-01", "until": "2026-03-02"}
    assert site.asked == [
        {**asked, "set": "cs:cs:AI", **within},
        {"verb": "ListRecords", "resumptionToken": "from=2026-03-01&skip=3"},
        {**asked, "set": "physics:hep-th", **within},
    ]


def test_without_categories_there_is_no_list() -> None:
    with pytest.raises(BadInput, match="no arXiv categories"):
        Arxiv().read(Archive(iter([])), MONDAY)


class Archive(Http):
    """An archive that answers with one page after the other."""

    def __init__(self, pages: Iterator[bytes]) -> None:
        self.pages = pages
        self.asked: list[Mapping[str, str]] = []

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        assert url == "https://oaipmh.arxiv.org/oai"
        assert not headers
        self.asked.append(params or {})
        return next(self.pages)

"""Feeds of journals, preprint servers and lists, each with its own habits."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadDocument, BadInput
from digest.sources.answers import Answer
from digest.sources.download import Http
from digest.sources.entry import Document, Entry
from digest.sources.feed import Feed, parse

FEEDS = Path(__file__).parent / "feeds"
FRIDAY = datetime(2026, 1, 2, 6, tzinfo=UTC)
URL = "https://journals.example.org/rss"


def feed(name: str) -> bytes:
    return (FEEDS / f"feed_{name}.xml").read_bytes()


def titled(title: str) -> Entry:
    [entry] = [each for each in parse(feed("journals")).entries if each.title == title]
    return entry


def test_a_preprint_is_known_by_its_doi() -> None:
    [entry] = parse(feed("preprints")).entries

    assert entry.external_id == entry.doi == "10.1101/2026.01.02.123456"
    assert entry.title == "Lanterns of the Deep"
    assert entry.abstract == "Deep lanterns (~300 micron) glow."
    assert entry.authors == ("I. Fa", "O. B. Lind", "J.-P. Roth")
    assert entry.published_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert entry.url == "https://doi.org/10.1101/2026.01.02.123456"


def test_a_heading_is_no_part_of_the_abstract() -> None:
    entry = titled("A heading before the abstract")

    assert entry.abstract == "Lanterns glow."
    assert entry.authors == ("Fa I", "Lind O", "Roth B")
    assert entry.doi == "10.1234/abc.1"


def test_what_is_all_in_the_description_is_taken_apart() -> None:
    entry = titled("Everything in the description")

    assert entry.abstract == "Lanterns have keys."
    assert entry.authors == ("Ines Fa", "Otto Lind")
    assert entry.doi == "10.1234/abc.2"
    assert entry.keywords == ("Research Article",)


def test_a_feed_without_abstracts_gives_papers_without() -> None:
    entry = titled("No abstract at all")

    assert entry.abstract == ""
    assert entry.authors == ("Ines Fa", "Otto Lind")
    assert entry.doi is None


def test_a_name_of_the_feed_s_own_stays_the_same() -> None:
    first, second = titled("No abstract at all"), titled("No abstract at all")

    assert first.external_id == second.external_id == "feed-6ca515c157db6285"


def test_the_abstract_is_looked_for_in_the_content_too() -> None:
    entry = titled("The abstract is the content")

    assert entry.abstract.startswith("The lantern is studied at length")
    assert entry.authors == ("Ines Fa", "Otto Lind")
    assert entry.doi == "10.1234/abc.4"


def test_an_imprint_is_no_abstract() -> None:
    assert titled("Nothing but an imprint").abstract == ""


def test_names_before_the_abstract_are_its_authors() -> None:
    entry = titled("Names before the abstract")

    assert entry.abstract == "Lanterns are found..."
    assert entry.authors == ("Ines FA", "Otto LIND")


def test_a_frame_around_the_abstract_is_taken_off() -> None:
    entry = titled("A frame around the abstract")

    assert entry.abstract == "Lanterns in a frame."
    assert entry.authors == ("Ines Fa", "Otto Lind")
    assert entry.external_id == "10.1234/abc.7"


def test_a_paper_of_arxiv_is_known_as_such() -> None:
    entry = titled("On arXiv under another name")

    assert (entry.external_id, entry.doi) == ("2603.00601", None)
    assert entry.url == "https://arxiv.org/abs/2603.00601"
    assert (entry.categories, entry.keywords) == (("lanterns",), ())


def test_arxivs_error_is_no_paper() -> None:
    error = (FEEDS / "arxiv_query_error.xml").read_bytes()
    paper = b"<entry><id>urn:1</id><title>Error bars in astronomy</title></entry></feed>"

    document = parse(error.replace(b"</feed>", paper))

    assert [entry.title for entry in document.entries] == ["Error bars in astronomy"]
    assert document.unreadable == (
        "entry 1: arXiv answered with an error: incorrect id format for lantern",
    )


def test_an_entry_of_nothing_is_skipped_with_a_reason() -> None:
    document = parse(feed("journals"))

    assert document.unreadable == ("entry 9: neither id, link nor title",)
    assert len(document.entries) == 8


def test_markup_and_links_are_cleaned_at_the_door() -> None:
    moths, listed = parse(feed("atom")).entries

    assert moths.title == "Lanterns & Moths"
    assert moths.authors == ("Ines Fa", "Otto van der Lind")
    assert moths.url is None
    assert listed.external_id == "2603.00602"


def test_links_need_an_approved_host_and_the_others_are_named() -> None:
    document = parse(feed("journals"), hosts=["five.example.org"])

    urls = {entry.title: entry.url for entry in document.entries}
    assert urls["A frame around the abstract"] == "https://five.example.org/7"
    assert urls["Nothing but an imprint"] == "https://doi.org/10.1234/abc.5"
    assert urls["Names before the abstract"] is None
    assert document.hosts[:2] == ("two.example.org", "three.example.org")
    assert "four.example.org" in document.hosts
    assert "doi.org" not in document.hosts


def test_a_quiet_feed_is_an_empty_document() -> None:
    assert parse(feed("empty")) == Document(title="Quiet Journal")


def test_a_wrong_charset_is_put_right_without_a_warning() -> None:
    document = parse(feed("wrong_charset"))

    [entry] = document.entries
    assert (entry.title, entry.abstract) == ("Lumière", "Déjà vu.")
    assert document.warning is None


def test_what_is_no_feed_is_named() -> None:
    with pytest.raises(BadDocument, match="an HTML page"):
        parse(b"<!DOCTYPE html><html><p>Busy</p></html>")


@pytest.mark.parametrize(
    "name", ["authors", "author_detail", "tags", "content", "links", "published_parsed", "summary"]
)
def test_an_element_named_after_one_of_feedparser_s_own_fields_is_harmless(name: str) -> None:
    item = f"<item><title>Knots</title><{name}>Bea Roth</{name}><{name}><b/></{name}></item>"

    document = parse(f"<rss version='2.0'><channel>{item}</channel></rss>".encode())

    assert [entry.title for entry in document.entries] == ["Knots"]


@given(st.binary())
def test_no_bytes_crash_it(body: bytes) -> None:
    try:
        parse(body)
    except BadDocument:
        return


TRAPS = [
    *("&#xD800;", "<![CDATA[", "<!DOCTYPE x [", "<item>", "</item>", "\0", "<", "&", "<link>"),
    *("<link>http://[x</link>", "<guid/>", "<author><name/>", "<dc:creator>;</dc:creator>"),
    *("<prism:doi>10.1/</prism:doi>", "<pubDate>Thu, 99 Foo 10000</pubDate>", "ABSTRACT "),
]


@given(st.lists(st.tuples(st.integers(0, 4200), st.sampled_from(TRAPS)), min_size=1, max_size=4))
def test_no_damage_crashes_it(damages: list[tuple[int, str]]) -> None:
    body = feed("journals").decode()
    for place, trap in damages:
        body = body[:place] + trap + body[place:]

    try:
        document = parse(body.encode())
    except BadDocument:
        return

    assert all(entry.title and entry.external_id for entry in document.entries)


class Journal(Http):
    """A server that knows again what it gave out."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, str | None]] = []

    def get_if_changed(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Answer | None:
        assert url == URL
        self.told.append({"etag": etag, "last_modified": last_modified})
        if etag == '"1"':
            return None
        return Answer(feed("preprints"), '"1"', "Fri, 02 Jan 2026 00:00:00 GMT")


def test_a_feed_is_read_again_only_when_it_changed() -> None:
    journal, source = Journal(), Feed("preprints", URL)

    [(day, document)] = source.read(journal, FRIDAY)
    again = source.read(journal, FRIDAY)

    assert (day, len(document.entries)) == (date(2026, 1, 2), 1)
    assert again == []
    assert (source.etag, source.title) == ('"1"', "Preprints: Lanterns")
    assert journal.told[1] == {"etag": '"1"', "last_modified": "Fri, 02 Jan 2026 00:00:00 GMT"}


def test_a_feed_has_no_other_days() -> None:
    with pytest.raises(BadInput, match="what is new today"):
        Feed("preprints", URL).read(Journal(), FRIDAY, date(2026, 1, 1))


@pytest.mark.parametrize(
    ("said", "abstract"),
    [
        ("Abstract interpretation is a theory.", "Abstract interpretation is a theory."),
        ("Summary statistics are shared.", "Summary statistics are shared."),
        ("Abstract: We prove it.", "We prove it."),
        ("Abstract We prove it.", "We prove it."),
        ("&lt;b&gt;Abstract&lt;/b&gt; Lanterns glow.", "Lanterns glow."),
    ],
)
def test_only_a_heading_is_taken_off_an_abstract(said: str, abstract: str) -> None:
    body = (
        '<rss version="2.0"><channel><title>t</title><item><guid>1</guid><title>Of lanterns</title>'
        f"<description>{said}</description></item></channel></rss>"
    )

    [entry] = parse(body.encode()).entries

    assert entry.abstract == abstract

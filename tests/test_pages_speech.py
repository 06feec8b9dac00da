"""Which language a page speaks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.language import gettext, languages, speaking
from digest.links import Purpose
from digest.models import Standing
from tests.visitor import Installation, Page, entry, installation

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        yield made


def spoken(html: str) -> str | None:
    [root] = Page(html).all("html")
    return root["lang"]


def in_german(message: str) -> str:
    with speaking("de"):
        return gettext(message)


def test_a_page_speaks_as_the_browser_asks(here: Installation) -> None:
    answer = here.visitor().get("/about", headers=GERMAN)

    assert spoken(answer.text) == "de"
    assert answer.headers["Content-Language"] == "de"
    assert "Accept-Language" in answer.headers["Vary"]
    assert in_german("What it reads") in answer.text


@pytest.mark.parametrize("header", ["fr", "x", "", "*", "en-GB,de;q=0.4", "de;q=0"])
def test_a_page_speaks_english_to_everybody_else(here: Installation, header: str) -> None:
    answer = here.visitor().get("/about", headers={"Accept-Language": header})

    assert spoken(answer.text) == "en"


def test_the_address_of_a_page_says_more_than_the_browser(here: Installation) -> None:
    pages = [
        here.visitor().get(f"/about?lang={code}", headers=GERMAN).text for code in ("en", "xx")
    ]

    assert [spoken(page) for page in pages] == ["en", "de"]


def test_a_language_that_was_asked_for_stays_from_page_to_page(here: Installation) -> None:
    here.papers(entry(1))
    here.edition()

    for path in ("/", "/papers", "/papers/trending", "/papers/2026-11-20", "/search?q=paper"):
        page = Page(here.visitor().get(f"{path}{'&' if '?' in path else '?'}lang=de").text)
        own = [str(a["href"]) for a in page.all("a") if str(a["href"]).startswith("/")]
        assert [way for way in own if "lang=de" not in way and way != "/feed.xml"] == [], path
        forms = [str(form.get("action", "")) for form in page.all("form")]
        assert all("lang=de" in action for action in forms if action == "/subscribe"), path


def test_a_search_keeps_the_language(here: Installation) -> None:
    page = Page(here.visitor().get("/search?lang=de").text)

    [field] = page.all("input", name="lang")
    assert field["value"] == "de"


def test_each_page_leads_to_itself_in_every_language(here: Installation) -> None:
    here.papers(entry(1))

    page = Page(here.visitor().get("/search?q=paper+number&page=1").text)

    ways = {str(a["hreflang"]): a["href"] for a in page.all("a") if "hreflang" in a}
    assert ways.keys() == {each.tag for each in languages().values()}
    assert ways["de"] == "?q=paper+number&page=1&lang=de"


def test_readers_are_spoken_to_in_their_own_language(here: Installation) -> None:
    reader = here.reader(language="de")
    delivery = here.digest_to(reader)
    paths = [
        *(here.path(purpose, reader) for purpose in (Purpose.MANAGE, Purpose.LEAVE, Purpose.PAUSE)),
        here.path(Purpose.VIEW, delivery),
    ]

    pages = [here.visitor().get(path).text for path in paths]
    asked = here.visitor().get(f"{paths[0]}?lang=en").text

    assert [spoken(page) for page in pages] == ["de"] * len(paths)
    assert spoken(asked) == "en"


def test_whoever_confirms_is_spoken_to_as_they_asked(here: Installation) -> None:
    here.visitor().post("/subscribe", data={"email": "new@example.org", "language": "de"})
    [reader] = here.rows()["subscriber"]
    path = here.path(Purpose.CONFIRM, int(str(reader[0])))

    shown = here.visitor().get(path).text
    confirmed = here.visitor().post(path).text

    assert [spoken(shown), spoken(confirmed)] == ["de", "de"]
    assert here.kept(int(str(reader[0]))).language == "de"


def test_the_form_asks_in_the_language_of_its_page(here: Installation) -> None:
    [field] = Page(here.visitor().get("/", headers=GERMAN).text).all("input", name="language")

    assert field["value"] == "de"


def test_a_new_language_is_spoken_at_once(here: Installation) -> None:
    reader = here.reader()

    page = here.visitor().post(here.path(Purpose.MANAGE, reader), data={"language": "de"}).text

    assert spoken(page) == "de"
    assert in_german("Saved.") in page
    assert here.kept(reader).language == "de"


def test_the_next_visitor_hears_nothing_of_the_last_ones_language(here: Installation) -> None:
    visitor = here.visitor()

    heard = [spoken(visitor.get(path).text) for path in ("/?lang=de", "/", "/nowhere?lang=de", "/")]

    assert heard == ["de", "en", "de", "en"]


def test_errors_and_refusals_are_translated(here: Installation) -> None:
    visitor = here.visitor()

    lost = visitor.get("/nowhere", headers=GERMAN).text
    cut = visitor.get("/preferences/cut", headers=GERMAN).text

    assert in_german("There is no such page.") in lost
    assert in_german("This link does not work.") in cut


def test_what_papers_say_is_marked_as_english_abroad(here: Installation) -> None:
    here.papers(entry(1))

    german, english = (here.visitor().get(f"/?lang={code}").text for code in ("de", "en"))

    assert '<h3 dir="auto" lang="en">' in german
    assert '<h3 dir="auto">' in english


def test_a_gone_reader_is_spoken_to_as_the_browser_asks(here: Installation) -> None:
    path = here.path(Purpose.LEAVE, 4711)
    gone = here.reader(standing=Standing.UNSUBSCRIBED, language="de")

    nobody = here.visitor().get(path).text
    somebody = here.visitor().get(here.path(Purpose.LEAVE, gone)).text

    assert [spoken(nobody), spoken(somebody)] == ["en", "de"]

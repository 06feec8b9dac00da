"""Mails hold together, in HTML and in text, whatever a source or a reader wrote."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, UndefinedError

from digest.card import Reason
from digest.language import gettext as _
from digest.language import languages, speaking
from digest.render import Group, Item, Renderer, environment, templates_folder
from digest.render.templates import expanded
from tests import lint_mail, lint_mjml
from tests.digests import (
    FOOTER,
    KINDS,
    LEAVABLE,
    PAPERS,
    SITE,
    TOKEN,
    addresses,
    mail,
    page,
    paper,
    text_of,
)

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(SITE)


@pytest.fixture(params=list(languages()))
def lang(request: pytest.FixtureRequest) -> Iterator[str]:
    """Speak each of the languages that there are."""
    code: str = request.param
    with speaking(code):
        yield code


@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_passes_the_lint(renderer: Renderer, kind: str, lang: str) -> None:
    rendered = mail(renderer, kind)

    assert lint_mail.problems(rendered.html, leavable=kind in LEAVABLE, lang=lang) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_the_golden_one(renderer: Renderer, kind: str, lang: str) -> None:
    rendered = mail(renderer, kind)

    _assert_golden(f"{lang}/{kind}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")


@pytest.mark.parametrize("kind", ["one", "confirmation"])
def test_the_html_of_a_mail_is_the_golden_one(renderer: Renderer, kind: str) -> None:
    html = mail(renderer, kind).html.replace("><", ">\n<")

    _assert_golden(f"{kind}.html", html)


def _assert_golden(name: str, written: str) -> None:
    """Compare with a file in tests/golden; `GOLDEN=write make test ARGS=...` writes it anew."""
    golden = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(written, encoding="utf-8")

    assert written == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_72_columns_wide_but_for_addresses(
    renderer: Renderer, kind: str, lang: str
) -> None:
    lines = mail(renderer, kind).text.splitlines()

    assert [line for line in lines if len(line) > 72 and "https://" not in line] == []
    assert [line for line in lines if line != line.rstrip()] == ["-- "], lang


@pytest.mark.parametrize("kind", KINDS)
def test_both_parts_lead_to_the_same_addresses_in_the_same_order(
    renderer: Renderer, kind: str, lang: str
) -> None:
    rendered = mail(renderer, kind)

    in_text = re.findall(r"https?://\S+", rendered.text)
    in_html = [url for url in addresses(rendered.html) if url != f"{SITE.base_url}/"]
    assert list(dict.fromkeys(in_html)) == [
        url for url in dict.fromkeys(in_text) if url != f"{SITE.base_url}/"
    ], lang


@pytest.mark.parametrize("kind", KINDS)
def test_both_parts_say_the_same(renderer: Renderer, kind: str, lang: str) -> None:
    rendered = mail(renderer, kind)

    in_text = _words(rendered.text)
    unsaid = [
        said
        for tag in ("h1", "h2", "h3", "p")
        for said in text_of(rendered.html, tag)
        if not said.startswith(_("Button not working? Open this address:"))
        and not _words(said.removeprefix(_("Abstract").upper())) <= in_text
    ]
    assert unsaid == [], lang


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def test_who_speaks_another_language_still_hears_papers_in_english(renderer: Renderer) -> None:
    with speaking("de"):
        german = lint_mail.Mail(mail(renderer, "digest").html)

    english = lint_mail.Mail(mail(renderer, "digest").html)
    assert {title.get("lang") for title in german.attributes("h3")} == {"en"}
    assert {title.get("lang") for title in english.attributes("h3")} == {None}
    assert english.texts["h3"] == german.texts["h3"]


def test_a_language_of_the_other_direction_runs_that_way(
    renderer: Renderer, tmp_path: Path
) -> None:
    (tmp_path / "ar.po").write_text('msgid ""\nmsgstr ""\n', "utf-8")

    with speaking(languages(tmp_path)["ar"]):
        html = mail(renderer, "digest").html

    assert lint_mail.Mail(html).attributes("html")[0]["dir"] == "rtl"
    assert lint_mail.problems(html, leavable=True, lang="ar") == []
    assert 'align="right" class="t1"' in html


@pytest.mark.parametrize("source", ["digest", "notice"])
def test_the_sources_pass_their_lint(source: str) -> None:
    mjml = expanded(templates_folder() / "email" / f"{source}.mjml")

    assert lint_mjml.problems(mjml) == []


def test_ten_papers_with_all_links_stay_far_below_what_gmail_clips(renderer: Renderer) -> None:
    long = "A Title as Long as They Come: What We Measured, Why, and What It Means for the Rest"
    cards = [
        paper(
            n,
            title=long,
            finding="sixty " * 40,
            summary_by=None,
            comments=123,
            organization="An Institute with a Name of Some Length",
            code_url=f"https://github.com/example-organisation/{n}-repository",
        )
        for n in range(10)
    ]

    assert len(renderer.digest(page(*cards)).html.encode()) < 60_000


@pytest.mark.parametrize("papers", [10, 20])
def test_a_mail_that_would_be_cut_shows_fewer_papers_and_says_so(
    renderer: Renderer, papers: int
) -> None:
    monstrous = paper(
        title='<&"𝕏>' * 400,
        finding="<🙂&" * 900,
        organization='"&' * 300,
        url="https://a.example/" + "&" * 980,
        pdf_url="https://b.example/" + "&" * 980,
        code_url="https://c.example/" + "&" * 980,
        discussion_url="https://d.example/" + "&" * 980,
    )
    why = (Reason("Matches your keywords", ('"&' * 50,) * 20),) * 3
    items = tuple(Item(monstrous, why, place) for place in range(papers))

    rendered = renderer.digest(page(groups=(Group("Yours", items),), wanted=papers))

    shown = len(text_of(rendered.html, "h3"))
    said = f"{papers - shown} more papers are left out: with them this mail would be too long"
    assert 1 <= shown < papers
    assert len(rendered.html.encode()) <= 100_000
    assert rendered.places == tuple(range(shown))
    assert said in " ".join(rendered.text.split())
    assert any(said in text for text in text_of(rendered.html, "p"))


def test_a_usual_digest_shows_all_its_papers(renderer: Renderer) -> None:
    rendered = renderer.digest(page())

    assert rendered.places == tuple(range(10))
    assert "left out" not in rendered.text


def test_papers_stand_in_the_same_order_in_both_parts(renderer: Renderer) -> None:
    rendered = renderer.digest(page())

    titles = [title for title, _, _ in PAPERS]
    flowing = " ".join(rendered.text.split())
    assert text_of(rendered.html, "h3") == titles
    assert sorted(titles, key=flowing.index) == titles


def test_a_confirmation_offers_one_thing_to_press(renderer: Renderer) -> None:
    rendered = mail(renderer, "confirmation")

    assert rendered.subject == "Confirm your subscription to Daybreak"
    assert set(addresses(rendered.html)) == {
        f"{SITE.base_url}/",
        f"{SITE.base_url}/confirm/{TOKEN}",
    }
    assert "works for 48 hours. If you did not ask for this, ignore it" in rendered.html
    assert "mira@example.org" in rendered.text


HOSTILE = (
    "<script>alert(1)</script>",
    "{{ 7*7 }}{% if x %}{#",
    '<mj-raw></td></table>"><img src=x onerror=alert(1)>',
    '"\' onmouseover="x" &amp; &',
    "-->]]><!--[if mso]><b>",
    "W" * 300,
    "نماذج اللغة الكبيرة تتعلم من الأمثلة القليلة",
    "Two\r\nBcc: lines\x00\x07 \u202eturned",
)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_neither_break_nor_inject(renderer: Renderer, words: str) -> None:
    """Row 31."""
    shown = paper(
        title=words,
        finding=words,
        organization=words,
        summary_by=words,
        url="javascript:alert(1)",
        pdf_url='https://x.example/"><b>',
        slug=f"../{words[:9]}",
    )
    why = (Reason(words, (words,)),)
    footer = replace(FOOTER, email=words, schedule=words)

    rendered = renderer.digest(page(groups=(Group(words, (Item(shown, why),)),), footer=footer))

    assert lint_mail.problems(rendered.html, leavable=True, content=HOSTILE) == []
    assert "javascript:" not in rendered.html + rendered.text
    assert not re.search(r"[\x00-\x1f\x7f\u202e]", rendered.subject)
    assert len(rendered.subject) <= 78
    [title] = text_of(rendered.html, "h3")
    assert title[:40] == " ".join(re.sub(r"[\x00-\x1f\u202e]", " ", words).split())[:40]


@settings(deadline=None, max_examples=40)
@given(words=st.text(min_size=1))
def test_no_words_change_the_elements_of_a_mail(renderer: Renderer, words: str) -> None:
    """Row 31."""

    def elements(said: str) -> list[str]:
        card = paper(title=f"A{said}", finding=f"A{said}", organization=f"A{said}")
        group = Group("Yours", (Item(card, (Reason("You follow", (said,)),)),))
        html = renderer.digest(page(groups=(group,))).html
        return [tag for tag, _ in lint_mail.Mail(html).elements]

    assert elements(words) == elements("harmless")


def test_the_name_of_the_site_is_only_words(renderer: Renderer) -> None:
    own = Renderer(replace(SITE, name='<b>"{{ 1 }}', postal_address="<i>Street</i>"))

    rendered = mail(own, "confirmation")

    assert lint_mail.problems(rendered.html, leavable=False, content=['<b>"{{ 1 }}']) == []
    assert escape("<i>Street</i>") in rendered.html
    assert "Daybreak" in mail(renderer, "confirmation").html


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a.html", "&lt;"), ("a.html.j2", "&lt;"), ("a.txt", "<"), ("a.txt.j2", "<")],
)
def test_all_but_text_is_escaped(name: str, shown: str) -> None:
    jinja = environment(DictLoader({name: "{{ words }}"}))

    assert jinja.get_template(name).render(words="<") == shown


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nobody }}").render()


def test_each_paper_is_rated_by_its_place_in_the_ledger_wherever_it_is_shown(
    renderer: Renderer,
) -> None:
    items = tuple(Item(paper(n), (), place) for n, place in ((0, 4), (1, 0)))

    rendered = renderer.digest(page(groups=(Group("Yours", items),)))

    rates = [url for url in addresses(rendered.html) if "/rate/" in url]
    assert rates == [
        f"{SITE.base_url}/rate/{TOKEN}/{place}/{way}"
        for place in (4, 0)
        for way in ("more", "less")
    ]


def test_who_cannot_see_the_page_hears_which_paper_a_link_rates(renderer: Renderer) -> None:
    html = renderer.digest(page(paper(title='On "Ropes" & <Knots>'))).html

    said = [
        (attributes["aria-label"], " ".join(text.split()))
        for attributes, text in lint_mail.Mail(html).links
        if "/rate/" in attributes["href"]
    ]
    assert said == [
        ('More like this: On "Ropes" & <Knots>', "+ More like this"),
        ('Less like this: On "Ropes" & <Knots>', "\N{MINUS SIGN} Less like this"),
    ]


def test_without_a_link_to_rate_by_there_is_nothing_to_rate(renderer: Renderer) -> None:
    rendered = renderer.digest(page(rate_url=None))

    assert "like this" not in rendered.html + rendered.text


def test_the_words_that_carried_a_match_stay_out_of_the_mail(renderer: Renderer) -> None:
    why = (Reason("You follow", ("Reasoning",), ("syllogism",)),)

    rendered = renderer.digest(page(groups=(Group("Yours", (Item(paper(), why),)),)))

    assert "syllogism" not in rendered.html + rendered.text

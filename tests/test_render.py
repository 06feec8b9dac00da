"""Mails hold together, in HTML and in text, whatever a source or a reader wrote."""

import os
import re
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, UndefinedError

from digest.card import Reason
from digest.render import Group, Item, Renderer, environment, templates_folder
from digest.render.templates import expanded
from tests import lint_mail, lint_mjml
from tests.digests import FOOTER, KINDS, PAPERS, SITE, TOKEN, addresses, mail, page, paper, text_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(SITE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_passes_the_lint(renderer: Renderer, kind: str) -> None:
    rendered = mail(renderer, kind)

    assert lint_mail.problems(rendered.html, leavable=kind in ("digest", "welcome", "link")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_part_is_the_golden_one(renderer: Renderer, kind: str) -> None:
    golden = GOLDEN / f"{kind}.txt"
    text = mail(renderer, kind).text
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_72_columns_wide_but_for_addresses(renderer: Renderer, kind: str) -> None:
    lines = mail(renderer, kind).text.splitlines()

    assert [line for line in lines if len(line) > 72 and "https://" not in line] == []
    assert [line for line in lines if line != line.rstrip()] == ["-- "]


@pytest.mark.parametrize("kind", KINDS)
def test_both_parts_lead_to_the_same_addresses_in_the_same_order(
    renderer: Renderer, kind: str
) -> None:
    rendered = mail(renderer, kind)

    in_text = re.findall(r"https?://\S+", rendered.text)
    in_html = [url for url in addresses(rendered.html) if url != f"{SITE.base_url}/"]
    assert list(dict.fromkeys(in_html)) == [
        url for url in dict.fromkeys(in_text) if url != f"{SITE.base_url}/"
    ]


@pytest.mark.parametrize("source", ["digest", "notice"])
def test_the_sources_pass_their_lint(source: str) -> None:
    mjml = expanded(templates_folder() / "email" / f"{source}.mjml")

    assert lint_mjml.problems(mjml) == []


def test_ten_papers_with_long_tokens_stay_far_below_what_gmail_clips(renderer: Renderer) -> None:
    cards = [
        paper(n, code_url=f"https://code.example/{n}", finding="word " * 60) for n in range(10)
    ]

    assert len(renderer.digest(page(*cards)).html.encode()) < 60_000


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

"""What a digest says of its papers and around them."""

from datetime import date
from typing import Any

import pytest

from digest.card import Reason
from digest.clock import Cadence
from digest.render import Group, Item, Renderer
from tests import lint_mail
from tests.digests import SITE, addresses, mail, page, paper, text_of


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(SITE)


@pytest.mark.parametrize(
    ("titles", "subject"),
    [
        ([0, 1, 2], "Slow Windows, Fast Answers · Do Reward Models Read? · and 1 more"),
        ([2, 4], "TinyVerifier: Small Models that Check the… · Sparse Mixtures Forget Less"),
        ([0], "Slow Windows, Fast Answers: Attention Spans for Long Contexts"),
    ],
)
def test_the_subject_names_the_top_papers(
    renderer: Renderer, titles: list[int], subject: str
) -> None:
    rendered = renderer.digest(page(*(paper(place) for place in titles)))

    assert rendered.subject == subject
    assert text_of(rendered.html, "title") == [subject]


def test_the_preheader_adds_to_the_subject(renderer: Renderer) -> None:
    html = renderer.digest(page()).html

    hidden = html[html.index("display:none") :].partition("\u00a0")[0]
    assert "Finding 3 halves the cost" in hidden
    assert "Finding 1" not in hidden


@pytest.mark.parametrize(
    ("facts", "headline"),
    [
        ({}, "Good morning."),
        ({"hour": 13}, "Good afternoon."),
        ({"hour": 20}, "Good evening."),
        ({"cadence": Cadence.WEEKLY}, "Your week in papers."),
        ({"cadence": Cadence.MONTHLY}, "Your month in papers."),
        ({"cadence": Cadence.MONTHLY, "first": True}, "Welcome. Here is your first digest."),
    ],
)
def test_the_headline_suits_the_occasion(
    renderer: Renderer, facts: dict[str, Any], headline: str
) -> None:
    rendered = renderer.digest(page(**facts))

    assert text_of(rendered.html, "h1") == [headline]
    assert f"\n{headline}\n" in rendered.text


@pytest.mark.parametrize(
    ("cards", "offered", "lede"),
    [
        (10, 2_187, "10 papers for you from 2,187 recent ones. About 4 minutes to skim."),
        (1, 1, "1 paper for you, all there was. About 1 minute to skim."),
    ],
)
def test_the_lede_counts(renderer: Renderer, cards: int, offered: int, lede: str) -> None:
    rendered = renderer.digest(page(*(paper(n) for n in range(cards)), offered=offered))

    assert lede in text_of(rendered.html, "p")
    assert lede in rendered.text


def test_a_day_without_papers_is_said_to_be_one(renderer: Renderer) -> None:
    rendered = renderer.digest(page(groups=(), offered=61))

    assert rendered.subject == "No new papers for you this time"
    assert "Nothing new for you among 61 recent papers." in rendered.text
    assert lint_mail.problems(rendered.html, leavable=True) == []


@pytest.mark.parametrize(
    ("cadence", "headline"),
    [
        (Cadence.DAILY, "A quiet day."),
        (Cadence.WEEKLY, "A quiet week."),
        (Cadence.MONTHLY, "A quiet month."),
    ],
)
def test_only_a_daily_digest_speaks_of_quiet_days(
    renderer: Renderer, cadence: Cadence, headline: str
) -> None:
    empty = renderer.digest(page(groups=(), cadence=cadence))
    meagre = renderer.digest(page(paper(), cadence=cadence))

    assert text_of(empty.html, "h1") == [headline]
    for rendered in (empty, meagre):
        assert "another topic or" in rendered.text
        assert ("Quiet days" in rendered.text) == (cadence is Cadence.DAILY)


def test_a_sample_is_marked_and_leads_to_our_own_page(renderer: Renderer) -> None:
    rendered = mail(renderer, "first")

    banner = "Sample day: these papers are invented, to show you how a digest looks."
    assert banner in text_of(rendered.html, "td")
    assert banner in rendered.text
    assert f"{SITE.base_url}/paper/2611.10000" in addresses(rendered.html)
    assert "Sample" not in renderer.digest(page()).html


def test_what_is_not_known_is_not_shown(renderer: Renderer) -> None:
    bare = paper(
        organization=None,
        authors=(),
        published_on=None,
        upvotes=0,
        pdf_url=None,
        discussion_url=None,
    )

    rendered = renderer.digest(page(bare))

    assert "upvote" not in rendered.html + rendered.text
    assert "author" not in rendered.html + rendered.text
    assert [label for _, label in lint_mail.Mail(rendered.html).links][2:3] == ["Abstract"]
    assert "PDF" not in rendered.text
    assert "Discussion" not in rendered.text


def test_a_paper_without_a_finding_has_no_line_for_it(renderer: Renderer) -> None:
    silent = paper(finding="", summary_by=None)

    rendered = renderer.digest(page(silent))
    beside = renderer.digest(page(silent, paper(1)))

    assert "ABSTRACT" not in rendered.html
    assert "Abstract: " not in rendered.text
    assert "1 paper for you from 412" in rendered.html.partition("\u00a0")[0]
    assert "except those marked Abstract" not in beside.text


def test_where_the_credits_do_not_fit_the_number_keeps_its_word(renderer: Renderer) -> None:
    crowded = paper(organization="Northmoor Centre for Machine Learning", upvotes=1_204_121)

    text = renderer.digest(page(crowded)).text

    lines = text.splitlines()
    [place] = (n for n, each in enumerate(lines) if "Northmoor" in each)
    assert lines[place : place + 2] == [
        "    Northmoor Centre for Machine Learning | 3 authors · Nov 19",
        "    | 1,204,121 upvotes",
    ]
    assert "\N{NO-BREAK SPACE}" not in text


def test_what_is_known_is_shown(renderer: Renderer) -> None:
    known = paper(
        upvotes=1_204,
        comments=12,
        code_url="https://code.example/a",
        published_on=date(2025, 12, 3),
    )

    rendered = renderer.digest(page(known))

    labels = [label.strip() for _, label in lint_mail.Mail(rendered.html).links]
    assert labels[2:6] == ["Abstract", "PDF", "Code", "Discussion (12)"]
    assert 'aria-label="1,204 upvotes"' in rendered.html
    assert "Northlake AI | 3 authors · Dec 3, 2025 | 1,204 upvotes" in rendered.text


def test_reasons_end_in_the_readers_own_words(renderer: Renderer) -> None:
    reasons = (Reason("Matches your keyword", ("verifier",)), Reason("Close to what you read", ()))

    rendered = renderer.digest(page(groups=(Group("Yours", (Item(paper(), reasons),)),)))

    assert "Why: Matches your keyword verifier" in rendered.text
    assert "Why: Close to what you read\n" in rendered.text
    assert {"Matches your keyword verifier", "Close to what you read"} <= set(
        text_of(rendered.html, "p")
    )


@pytest.mark.parametrize(
    ("writers", "sentence"),
    [
        (("Hugging Face",), "machine-written summaries by Hugging Face."),
        (("Hugging Face", None), "summaries by Hugging Face, except those marked Abstract."),
        ((None,), None),
    ],
)
def test_machine_written_summaries_are_disclosed_once(
    renderer: Renderer, writers: tuple[str | None, ...], sentence: str | None
) -> None:
    cards = [paper(n, summary_by=writer) for n, writer in enumerate(writers)]

    rendered = renderer.digest(page(*cards))

    flowing = " ".join(rendered.text.split())
    assert flowing.count("machine-written") == (1 if sentence else 0)
    assert sentence is None or (sentence in flowing and sentence in rendered.html)
    assert rendered.html.count(">ABSTRACT<") == writers.count(None)


def test_the_footer_says_why_when_and_from_where(renderer: Renderer) -> None:
    rendered = renderer.digest(page())

    for part in (rendered.html, " ".join(rendered.text.split())):
        assert (
            "You get this because mira@example.org subscribed,"
            " on weekdays at 07:00 (Europe/Berlin)." in part
        )
        assert SITE.postal_address in part


def test_a_digest_says_which_sources_are_missing(renderer: Renderer) -> None:
    rendered = renderer.digest(page(missing=("Hugging Face", "arXiv")))

    said = "Hugging Face and arXiv could not be read, so the newest papers from there are missing"
    assert said in " ".join(rendered.text.split())
    assert said in rendered.html

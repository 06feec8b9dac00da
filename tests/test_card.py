from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from digest.card import FINDING_LENGTH, Reason, card, chips, fits, reason, shorten
from tests import make

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def test_the_sources_summary_is_the_finding_and_credited(session: Session) -> None:
    paper = make.paper(session, now=NOW, summary="It works.", summary_by="Hugging Face")

    shown = card(paper, upvotes=1, comments=2)

    assert (shown.finding, shown.summary_by) == ("It works.", "Hugging Face")


def test_without_a_summary_the_abstract_speaks_and_nobody_is_credited(session: Session) -> None:
    abstract = "Tides are hard to predict. We show that moons explain 93.5% of them."
    paper = make.paper(session, now=NOW, abstract=abstract, summary_by="Hugging Face")

    shown = card(paper, upvotes=1, comments=2)

    assert shown.finding == "We show that moons explain 93.5% of them."
    assert shown.summary_by is None


def test_one_long_sentence_is_cut_between_words(session: Session) -> None:
    paper = make.paper(session, now=NOW, abstract="endless " * 100)

    shown = card(paper, upvotes=1, comments=2)

    assert len(shown.finding) <= FINDING_LENGTH
    assert shown.finding.endswith("endless…")


def test_a_card_shows_the_date_and_the_counts(session: Session) -> None:
    paper = make.paper(session, now=NOW, published_at=NOW)

    shown = card(paper, upvotes=1, comments=2)

    assert (shown.published_on, shown.upvotes, shown.comments) == (date(2026, 11, 20), 1, 2)


@given(st.text(max_size=400), st.integers(2, 300))
def test_what_is_shortened_fits(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length


def test_reasons_are_kept_as_plain_values() -> None:
    kept = chips([Reason("You follow", ("Agents", "Tool use"), ("agentic",))])

    assert kept == [{"lead": "You follow", "chips": ["Agents", "Tool use"], "words": ["agentic"]}]


def test_a_reason_comes_back_as_it_was_kept_and_an_old_one_without_words() -> None:
    told = Reason("You follow", ("Agents",), ("agentic", "tool"))

    assert reason(chips([told])[0]) == told
    assert reason({"lead": "You follow", "chips": ["Agents"]}) == Reason("You follow", ("Agents",))


def test_what_only_trends_fits_nobody() -> None:
    trending, followed = Reason("Trending: 184 upvotes", ()), Reason("You follow", ("Agents",))

    assert not fits([])
    assert not fits([trending])
    assert fits([trending, followed])

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.card import Reason
from digest.clock import Cadence
from digest.edition import Edition
from digest.match import LOOKS_BACK, Picked, Reader, match
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT
from digest.topics.terms import phrase
from tests import digests

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
TOPICS = taxonomy.topics()


def paper(
    title: str = "A paper",
    *,
    abstract: str = "An abstract.",
    finding: str = "A finding.",
    trend: float = 0.5,
    topics: dict[str, float] | None = None,
    age: timedelta = timedelta(0),
) -> dict[str, Any]:
    return {
        "title": title,
        "abstract": abstract,
        "finding": finding,
        "trend": trend,
        "topics": topics or {},
        "age": age,
    }


def an_edition(*papers: dict[str, Any]) -> Edition:
    """Freeze made-up papers; their ids are their places in *papers*, from 100 on."""
    ordered = sorted(enumerate(papers), key=lambda each: -each[1]["trend"])
    likely = np.zeros((len(papers), len(TOPICS)), np.float32)
    for row, (_, each) in enumerate(ordered):
        for slug, probability in each["topics"].items():
            likely[row, [topic.slug for topic in TOPICS].index(slug)] = probability
    return Edition(
        id=1,
        built_at=NOW,
        fetched_at=NOW,
        missing=(),
        cards=tuple(
            replace(
                digests.paper(),
                paper_id=100 + n,
                title=each["title"],
                abstract=each["abstract"],
                finding=each["finding"],
            )
            for n, each in ordered
        ),
        listed_at=np.array([(NOW - each["age"]).timestamp() for _, each in ordered]),
        trend=np.array([each["trend"] for _, each in ordered], np.float32),
        topics=likely,
    )


def reader(**facts: Any) -> Reader:
    return Reader(**{"id": 1, "cadence": Cadence.DAILY, **facts})


def picks(edition: Edition, who: Reader, k: int = 10) -> list[Picked]:
    [picked] = match(edition, [who], k)
    return picked


def ids(edition: Edition, picked: Sequence[Picked]) -> list[int]:
    return [edition.cards[each.place].paper_id for each in picked]


AGENTS, TOOLS = "llm-agents", "tool-use"


def test_a_followed_topic_is_a_reason_by_its_name() -> None:
    edition = an_edition(paper(topics={AGENTS: 0.9}))

    [picked] = picks(edition, reader(topics=[AGENTS]))

    assert picked.reasons == (Reason("You follow", ("Agents",)),)


def test_a_keyword_is_a_reason_in_the_readers_own_words() -> None:
    edition = an_edition(paper("World-Models for Robots"))

    [picked] = picks(edition, reader(keywords=["World  model", "robots"]))

    assert picked.reasons == (Reason("Matches your keywords", ("World  model", "robots")),)


def test_one_keyword_is_told_in_the_singular() -> None:
    edition = an_edition(paper(abstract="We use diffusion."))

    [picked] = picks(edition, reader(keywords=["Diffusion"]))

    assert picked.reasons == (Reason("Matches your keyword", ("Diffusion",)),)


def test_a_topic_that_a_paper_is_hardly_about_is_no_reason() -> None:
    edition = an_edition(paper(topics={AGENTS: ABOUT - 0.01}))

    [picked] = picks(edition, reader(topics=[AGENTS]))

    assert not picked.fits


def test_a_paper_has_three_reasons_at_most_the_strongest() -> None:
    edition = an_edition(
        paper("Alpha beta", abstract="Gamma delta.", topics={AGENTS: 0.9, TOOLS: 0.6})
    )

    [picked] = picks(edition, reader(topics=[TOOLS, AGENTS], keywords=["gamma", "alpha", "delta"]))

    assert picked.reasons == (
        Reason("Matches your keywords", ("alpha", "gamma")),
        Reason("You follow", ("Agents",)),
    )


def test_another_readers_interests_are_no_reason() -> None:
    edition = an_edition(paper("Alpha"), paper("Beta"))

    first, second = match(
        edition, [reader(keywords=["alpha"]), reader(id=2, keywords=["beta"])], 10
    )

    assert [chip for each in first for reason in each.reasons for chip in reason.chips] == ["alpha"]
    assert [chip for each in second for reason in each.reasons for chip in reason.chips] == ["beta"]


def test_what_answers_to_more_comes_first() -> None:
    edition = an_edition(
        paper("Alpha", trend=0.9), paper("Alpha beta", trend=0.1), paper("Gamma", trend=0.99)
    )

    picked = picks(edition, reader(keywords=["alpha", "beta"]))

    assert ids(edition, picked) == [101, 100, 102]


def test_papers_that_fit_alike_are_ordered_by_trend() -> None:
    edition = an_edition(*(paper("Alpha", trend=trend) for trend in (0.2, 0.8, 0.5)))

    picked = picks(edition, reader(keywords=["alpha"]))

    assert ids(edition, picked) == [101, 102, 100]


def test_a_word_in_the_title_counts_more_than_one_in_the_abstract() -> None:
    edition = an_edition(paper(abstract="On alpha."), paper("On alpha"))

    picked = picks(edition, reader(keywords=["alpha"]))

    assert ids(edition, picked) == [101, 100]


def test_without_interests_a_digest_is_what_trends() -> None:
    edition = an_edition(*(paper(trend=trend) for trend in (0.3, 0.9, 0.6)))

    picked = picks(edition, reader(), 2)

    assert ids(edition, picked) == [101, 102]
    assert not any(each.fits for each in picked)


def test_what_trends_fills_the_digest_up() -> None:
    edition = an_edition(paper("Alpha", trend=0.1), *(paper(trend=0.9) for _ in range(20)))

    picked = picks(edition, reader(keywords=["alpha"]))

    assert ids(edition, picked)[0] == 100
    assert len(picked) == 10


def test_a_share_of_the_digest_is_kept_for_what_trends() -> None:
    edition = an_edition(
        *(paper("Alpha") for _ in range(20)), *(paper(trend=0.9) for _ in range(20))
    )

    picked = picks(edition, reader(keywords=["alpha"]))

    assert [each.fits for each in picked] == [True] * 8 + [False] * 2


def test_where_nothing_else_trends_what_fits_fills_the_digest() -> None:
    edition = an_edition(*(paper("Alpha") for _ in range(20)))

    assert len(picks(edition, reader(keywords=["alpha"]))) == 10


def test_what_was_sent_before_is_not_picked() -> None:
    edition = an_edition(paper("Alpha"), paper("Alpha"), paper())

    picked = picks(edition, reader(keywords=["alpha"], sent={100, 102}))

    assert ids(edition, picked) == [101]


@pytest.mark.parametrize(
    "shown",
    [
        paper("Crypto-Coins at Night"),
        paper(abstract="About a crypto coin."),
        paper(finding="It mines crypto coins."),
    ],
    ids=["title", "abstract", "finding"],
)
def test_a_muted_word_never_appears_even_where_the_paper_fits(shown: dict[str, Any]) -> None:
    edition = an_edition({**shown, "topics": {AGENTS: 1.0}}, paper())

    picked = picks(edition, reader(topics=[AGENTS], muted=["crypto coin"]))

    assert ids(edition, picked) == [101]


def test_a_muted_word_without_a_letter_mutes_nothing() -> None:
    edition = an_edition(paper())

    assert len(picks(edition, reader(muted=["!!", "  "]))) == 1


def test_a_keyword_without_a_letter_and_a_topic_that_is_gone_match_nothing() -> None:
    edition = an_edition(paper())

    [picked] = picks(edition, reader(keywords=["??"], topics=["phlogiston"]))

    assert not picked.fits


@pytest.mark.parametrize("cadence", Cadence)
def test_a_digest_looks_back_as_far_as_its_cadence(cadence: Cadence) -> None:
    back = LOOKS_BACK[cadence]
    edition = an_edition(
        paper(age=back - timedelta(minutes=1)), paper(age=back + timedelta(minutes=1))
    )

    picked = picks(edition, reader(cadence=cadence))

    assert ids(edition, picked) == [100]


@pytest.mark.parametrize("k", [0, 1, 2, 5, 50])
def test_there_are_never_more_than_k_picks(k: int) -> None:
    edition = an_edition(*(paper("Alpha") for _ in range(6)), *(paper() for _ in range(6)))

    assert len(picks(edition, reader(keywords=["alpha"]), k)) == min(k, 12)


def test_an_edition_of_nothing_gives_nobody_anything() -> None:
    assert match(an_edition(), [reader(keywords=["alpha"]), reader(id=2)], 10) == [[], []]


def test_no_readers_are_no_picks() -> None:
    assert match(an_edition(paper()), [], 10) == []


WORDS = st.sampled_from(["alpha", "Beta", "gamma rays", "Delta", "epsilon"])
PAPERS = st.builds(
    paper,
    WORDS,
    abstract=WORDS,
    finding=WORDS,
    trend=st.floats(0.0625, 0.9375, width=32),
    topics=st.dictionaries(st.sampled_from([AGENTS, TOOLS]), st.floats(0, 1, width=32)),
    age=st.integers(0, 40).map(lambda days: timedelta(days=days)),
)
READERS = st.builds(
    Reader,
    id=st.just(1),
    cadence=st.sampled_from(Cadence),
    topics=st.lists(st.sampled_from([AGENTS, TOOLS]), unique=True),
    keywords=st.lists(WORDS, unique=True),
    muted=st.lists(WORDS, max_size=1),
    sent=st.frozensets(st.integers(100, 112)),
)


@settings(deadline=None)
@given(st.lists(PAPERS, max_size=12), st.lists(READERS, max_size=4), st.integers(0, 12))
def test_every_pick_is_allowed_and_every_reason_true(
    papers: list[dict[str, Any]], readers: list[Reader], k: int
) -> None:
    edition = an_edition(*papers)

    for who, picked in zip(readers, match(edition, readers, k), strict=True):
        chosen = ids(edition, picked)
        assert len(chosen) == len(set(chosen)) <= k
        assert who.sent.isdisjoint(chosen)  # type: ignore[attr-defined]  # a frozenset here
        for each in picked:
            assert_true(edition, who, each)


def assert_true(edition: Edition, who: Reader, picked: Picked) -> None:
    card = edition.cards[picked.place]
    shown = phrase(card.title) + phrase(card.abstract) + phrase(card.finding)
    names = {topic.name: n for n, topic in enumerate(TOPICS)}
    assert not any(phrase(word) in shown for word in who.muted)
    for reason in picked.reasons:
        for chip in reason.chips:
            if reason.lead == "You follow":
                assert edition.topics[picked.place, names[chip]] >= ABOUT
            else:
                assert chip in who.keywords
                assert phrase(chip) in shown


@settings(deadline=None)
@given(st.lists(PAPERS, max_size=12), st.lists(READERS, min_size=2, max_size=4))
def test_a_readers_picks_do_not_hang_on_the_others_in_the_block(
    papers: list[dict[str, Any]], readers: list[Reader]
) -> None:
    edition = an_edition(*papers)

    together = match(edition, readers, 5)

    assert [ids(edition, picked) for picked in together] == [
        ids(edition, picks(edition, who, 5)) for who in readers
    ]

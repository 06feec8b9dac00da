"""The whole sum for one reader and one paper; that it is the sum the digest is made by."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from digest.edition import Edition
from digest.match import Rated, Reader, Why, why
from digest.models import Balance
from digest.topics.classifier import ABOUT
from tests.offers import AGENTS, TOOLS, a_day, an_edition, on, paper, picks, reader

SIZE = 10


def sum_of(
    edition: Edition, who: Reader, place: int = 0, rated: Mapping[int, Rated] | None = None
) -> Why:
    return why(edition, who, place, SIZE, rated or {})


def shares(found: Why) -> dict[str, float]:
    return {share.of: round(share.adds, 4) for share in found.shares}


def test_every_interest_has_a_line_also_one_that_adds_nothing() -> None:
    edition = an_edition(
        paper("Alpha", trend=0.5, topics={AGENTS: 0.875, TOOLS: 0.25}, authors=("Ada",))
    )
    who = reader(
        topics=[AGENTS, TOOLS], keywords=["alpha", "beta"], authors=["Ada"], organizations=["North"]
    )

    assert shares(sum_of(edition, who)) == {
        f"topic {AGENTS}": 0.875,
        f"topic {TOOLS}": 0.0,
        "keyword alpha": 1.0,
        "keyword beta": 0.0,
        "author Ada": 1.0,
        "organization North": 0.0,
        "trend": 0.25,
    }


def test_a_topic_says_how_likely_it_is_and_from_when_on_it_counts() -> None:
    edition = an_edition(paper(topics={AGENTS: 0.25}))

    [share, _] = sum_of(edition, reader(topics=[AGENTS])).shares

    assert share.how == f"probability 0.25, counts from {ABOUT:g}"


RATED = {1: on("robots", 11), 2: on("rewards", 12)}
READERS = [
    reader(),
    reader(balance=Balance.EVERYBODY),
    reader(keywords=["robot", "galaxies", "halos*"], topics=[AGENTS]),
    reader(about="speculative decoding"),
    reader(about="robots and grippers", liked=[1]),
    reader(liked=[1], disliked=[2], keywords=["assistant", "gripper"]),
    reader(disliked=[1, 2], balance=Balance.FIELD),
    reader(about="the of", liked=[77]),
]


@pytest.mark.parametrize("who", READERS, ids=range(len(READERS)))
def test_the_sum_is_the_score_by_which_the_digest_is_made(who: Reader) -> None:
    edition = a_day(topics={AGENTS: 0.8})

    for number, picked in enumerate(picks(edition, who, SIZE, RATED), 1):
        found = sum_of(edition, who, picked.place, RATED)

        assert found.total == pytest.approx(picked.score, abs=1e-5)
        assert found.total == pytest.approx(sum(share.adds for share in found.shares))
        assert found.pick == number
        assert found.reasons == picked.reasons
        assert found.against == ()


def test_what_was_disliked_takes_from_the_sum() -> None:
    edition = a_day()
    place = next(n for n, card in enumerate(edition.cards) if "Reward models" in card.title)

    adds = shares(sum_of(edition, reader(disliked=[2]), place, RATED))

    assert adds["close to what you disliked"] < 0


def test_a_paper_that_stands_out_by_chance_says_so() -> None:
    edition, who = a_day(), reader(about="football transfer rumours")
    hows = [
        share.how
        for place in range(len(edition.cards))
        for share in sum_of(edition, who, place).shares
        if share.of.startswith("close") and "too little" in share.how
    ]

    assert hows
    assert all("counts from 1.5, but has too little in common" in how for how in hows)


@pytest.mark.parametrize(
    ("who", "against"),
    [
        (reader(sent={100}), "it was sent or rated before"),
        (reader(muted=["Alpha"]), "it holds the muted 'Alpha'"),
        (reader(muted=["beta", "alph*"]), "it holds the muted 'alph*'"),
        (reader(muted_topics=[AGENTS, "gone"]), f"it is about the muted topic {AGENTS}"),
    ],
    ids=["sent", "muted", "muted beginning", "muted topic"],
)
def test_what_keeps_a_paper_out_is_told(who: Reader, against: str) -> None:
    edition = an_edition(paper("Alpha", topics={AGENTS: 0.9}), paper())

    found = sum_of(edition, who)

    assert found.against == (against,)
    assert found.pick is None


def test_an_old_paper_is_told_to_be_old() -> None:
    edition = an_edition(paper("Alpha", age=timedelta(days=5)))

    [told] = sum_of(edition, reader(keywords=["alpha"])).against

    assert told == "it was listed more than 4 days ago, as far as a daily digest looks"


def test_a_paper_that_others_come_before_has_no_place() -> None:
    edition = an_edition(*(paper("Alpha", trend=0.9) for _ in range(SIZE)), paper("Alpha"))

    found = sum_of(edition, reader(keywords=["alpha"]), SIZE)

    assert found.pick is None
    assert found.against == ()


def test_a_paper_that_only_trends_tells_that() -> None:
    [reason] = sum_of(an_edition(paper(upvotes=7)), reader()).reasons

    assert reason.lead == "Trending: 7 upvotes"

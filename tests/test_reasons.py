"""Every reason holds: checked by rules that know nothing of how the matcher decides."""

from dataclasses import replace

import pytest

from benchmarks.checking import Checker
from benchmarks.reasons import readers, sample, unheld
from digest import previews
from digest.card import Reason
from digest.match import Picked, Rated, Reader
from digest.topics.classifier import ABOUT
from tests.offers import AGENTS, NOW, SUBJECTS, TOOLS, a_day, an_edition, on, paper, reader

ENOUGH = 10_000


def test_every_reason_holds_on_the_sample_day() -> None:
    edition = previews.sample_edition(NOW)
    rated = {card.paper_id: Rated(card.title, card.abstract) for card in edition.cards[::2]}
    block = readers(edition, rated, 60)

    picked = sample(edition, block, rated, ENOUGH)

    assert {reason.lead.split()[0] for _, pick in picked for reason in pick.reasons} == {
        *("You", "Matches", "By", "From", "Close", "Trending:")
    }
    assert unheld(edition, block, rated, ENOUGH) == []


def test_every_reason_holds_on_a_day_of_clear_subjects() -> None:
    edition = a_day(topics={AGENTS: ABOUT + 0.1})
    rated = {
        -n: on(subject, turn)
        for n, (subject, turn) in enumerate(
            ((subject, turn) for subject in SUBJECTS for turn in (11, 12)), 1
        )
    }
    block = [
        reader(id=n, liked=[-2 * n - 1, -2 * n - 2], about=SUBJECTS[subject][:60], topics=[AGENTS])
        for n, subject in enumerate(SUBJECTS)
    ]

    assert len(sample(edition, block, rated, ENOUGH)) == 10 * len(block)
    assert unheld(edition, block, rated, ENOUGH) == []


FOLLOWS = Reader(
    id=1,
    cadence=reader().cadence,
    topics=[AGENTS, TOOLS],
    keywords=["grippers", "poetry", '"tactile sensors"', "grasp*", '"sensors tactile"', "speech"],
    authors=["Lovelace, Ada", "Grace Hopper"],
    organizations=["North Lake", "South Lake"],
    about="Robots that grasp, and galaxies",
    liked=[-1, -2, -3],
)
RATED = {-1: on("robots", 11), -2: on("robots", 12), -3: on("proofs", 13)}
ROBOTS = on("robots", 1)
EDITION = an_edition(
    paper(
        ROBOTS.title,
        abstract=ROBOTS.abstract,
        topics={AGENTS: ABOUT, TOOLS: ABOUT - 0.01},
        authors=("Ada Lovelace", "Emmy Noether"),
        organization="North Lake",
        upvotes=1234,
    ),
    *(
        paper(text.title, abstract=text.abstract, trend=0.1)
        for subject in SUBJECTS
        for text in (on(subject, 21), on(subject, 22))
        if subject != "robots"
    ),
)


def wrong(*reasons: Reason) -> list[str]:
    pick = Picked(place=0, score=1.0, fits=True, reasons=reasons)
    return Checker(EDITION, RATED).wrong(FOLLOWS, pick)


@pytest.mark.parametrize(
    "reason",
    [
        Reason("You follow", ("Agents",)),
        Reason("Matches your keyword", ("grippers",)),
        Reason("Matches your keyword", ('"tactile sensors"',)),
        Reason("Matches your keywords", ("grasp*", "grippers")),
        Reason("By Ada Lovelace, whom you follow", ()),
        Reason("From", ("North Lake",)),
        Reason("Close to 2 papers you liked on", ("gripper",), ("gripper", "tactile sensors")),
        Reason("Close to a paper you liked", ()),
        Reason("Close to what you liked on", ("gripper",)),
        Reason("Close to what you wrote on", ("grasping",), ("grasping",)),
        Reason("Trending: 1,234 upvotes", ()),
    ],
    ids=lambda reason: f"{reason.lead} {' '.join(reason.chips)}",
)
def test_the_rules_take_what_is_true(reason: Reason) -> None:
    assert wrong(reason) == []


@pytest.mark.parametrize(
    "reason",
    [
        Reason("You follow", ("Tool use",)),
        Reason("You follow", ("Reasoning",)),
        Reason("Matches your keyword", ("poetry",)),
        Reason("Matches your keyword", ("gripper",)),
        Reason("Matches your keywords", ("grippers",)),
        Reason("Matches your keyword", ('"sensors tactile"',)),
        Reason("By Grace Hopper, whom you follow", ()),
        Reason("By Emmy Noether, whom you follow", ()),
        Reason("From", ("South Lake",)),
        Reason("Close to 3 papers you liked on", ("proofs",)),
        Reason("Close to 9 papers you liked on", ("gripper",)),
        Reason("Close to 2 papers you liked on", ("poetry",)),
        Reason("Close to 2 papers you liked", (), ("poetry",)),
        Reason("Close to 2 papers you liked", ("gripper",)),
        Reason("Close to what you wrote on", ("galaxies",)),
        Reason("Close to what you wrote on", ("dexterous",)),
        Reason("Trending: 1,235 upvotes", ()),
        Reason("It is good", ()),
    ],
    ids=lambda reason: f"{reason.lead} {' '.join(reason.chips)}",
)
def test_the_rules_find_what_is_not_true(reason: Reason) -> None:
    [told] = wrong(reason)

    assert told.startswith(reason.lead)


def test_the_rules_find_too_many_reasons() -> None:
    true = Reason("From", ("North Lake",))

    assert wrong(true, true, true) == []
    assert len(wrong(true, true, true, true)) == 1
    assert len(wrong(true, Reason("Trending: 1,234 upvotes", ()))) == 1


def test_a_paper_that_nobody_upvoted_does_not_trend() -> None:
    card = replace(EDITION.cards[0], upvotes=0)
    edition = replace(EDITION, cards=(card, *EDITION.cards[1:]))
    pick = Picked(0, 1.0, fits=False, reasons=(Reason("Trending: 0 upvotes", ()),))

    assert Checker(edition, {}).wrong(reader(), pick) != []

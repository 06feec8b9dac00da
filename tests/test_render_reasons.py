"""Reasons in the reader's language, as the matcher gives them and as the ledger has kept them."""

import pytest

from digest.card import Reason
from digest.language import languages, speaking
from digest.match import reasons as given
from digest.match.interests import Atom, Kind
from digest.render import said

GIVEN = (
    *given.of_atoms((Atom(Kind.TOPIC, "long-context"), Atom(Kind.TOPIC, "galaxies"))),
    *given.of_atoms((Atom(Kind.KEYWORD, "Reasoning"),)),
    *given.of_atoms((Atom(Kind.KEYWORD, "a"), Atom(Kind.KEYWORD, "b"))),
    *given.of_atoms((Atom(Kind.AUTHOR, "Ada Lovelace"),)),
    *given.of_atoms((Atom(Kind.ORGANIZATION, "North Lake"),)),
    *(given.of_likes(near, words) for near in (0, 1, 7) for words in ((), ("gripper",))),
    given.of_text(()),
    given.of_text(("gripper",)),
    *given.trending(1),
    *given.trending(1_234),
)


@pytest.mark.parametrize("reason", GIVEN, ids=lambda reason: reason.lead)
def test_every_reason_of_the_matcher_has_its_words_in_every_language(reason: Reason) -> None:
    assert said(reason) == reason
    for code in languages():
        with speaking(code):
            assert (said(reason).lead == reason.lead) == (code == "en")


@pytest.mark.parametrize(
    ("lead", "chips", "german"),
    [
        ("You follow", ("Galaxies",), Reason("Sie folgen:", ("Galaxien",))),
        (
            "Matches your keyword",
            ("Galaxies",),
            Reason("Passt zu Ihrem Stichwort", ("Galaxies",)),
        ),
        (
            "By Ada Lovelace, Emmy Noether and Grace Hopper, whom you follow",
            (),
            Reason("Sie folgen Ada Lovelace, Emmy Noether und Grace Hopper", ()),
        ),
        (
            "Close to 1234 papers you liked on",
            ("gripper",),
            Reason("Ähnlich wie 1.234 Arbeiten, die Ihnen gefielen:", ("gripper",)),
        ),
        ("Trending: 1,234 upvotes", (), Reason("Im Gespräch: 1.234 Stimmen", ())),
        ("Of an older version", ("100%",), Reason("Of an older version", ("100%",))),
        ("You follow", ("100%(a)s",), Reason("Sie folgen:", ("100%(a)s",))),
    ],
)
def test_a_reason_is_told_in_german(lead: str, chips: tuple[str, ...], german: Reason) -> None:
    with speaking("de"):
        assert said(Reason(lead, chips)) == german

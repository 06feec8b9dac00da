from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.card import Reason, fits
from digest.clock import Cadence
from digest.edition import Edition
from digest.match import LOOKS_BACK, Picked, Rated, Reader, match
from digest.match.keywords import finder, written
from digest.models import Balance
from digest.space import Text
from digest.topics.classifier import ABOUT
from tests.offers import (
    AGENTS,
    SUBJECTS,
    TOOLS,
    TOPICS,
    a_day,
    an_edition,
    ids,
    on,
    paper,
    picks,
    reader,
    subject_of,
)


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
        paper(organization="The Crypto Coin Lab"),
        paper(authors=("Ada Lovelace", "Coin, Crypto")),
    ],
    ids=["title", "abstract", "finding", "organisation", "author"],
)
def test_a_muted_word_never_appears_even_where_the_paper_fits(shown: dict[str, Any]) -> None:
    edition = an_edition({**shown, "topics": {AGENTS: 1.0}}, paper())

    picked = picks(edition, reader(topics=[AGENTS], muted=["crypto coin"]))

    assert ids(edition, picked) == [101]


@pytest.mark.parametrize("word", ["R", "it", "smith", "lab*x", "Lovelace"])
def test_a_muted_word_is_no_part_of_somebodys_name(word: str) -> None:
    edition = an_edition(
        paper(authors=("R. It Smith", "Ada Lovelace"), organization="A Laboratory")
    )

    assert len(picks(edition, reader(muted=[word]))) == 1


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


@settings(deadline=None, max_examples=25)
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
    shown = written(card.title, card.abstract, card.finding)
    names = {topic.name: n for n, topic in enumerate(TOPICS)}
    assert not any(finder(word)(shown) for word in who.muted)
    assert len(picked.reasons) <= 3
    assert picked.fits == fits(picked.reasons)
    for reason in picked.reasons:
        for chip in reason.chips:
            if reason.lead == "You follow":
                assert edition.topics[picked.place, names[chip]] >= ABOUT
            else:
                assert chip in who.keywords
                assert finder(chip)(shown)


@settings(deadline=None, max_examples=25)
@given(st.lists(PAPERS, max_size=12), st.lists(READERS, min_size=2, max_size=4))
def test_a_readers_picks_do_not_hang_on_the_others_in_the_block(
    papers: list[dict[str, Any]], readers: list[Reader]
) -> None:
    edition = an_edition(*papers)

    together = match(edition, readers, 5)

    assert [ids(edition, picked) for picked in together] == [
        ids(edition, picks(edition, who, 5)) for who in readers
    ]


SHARED = "Alpha beta gamma delta, of the things that are told here and nowhere else"


def close_to(picked: Picked) -> list[Reason]:
    return [reason for reason in picked.reasons if reason.lead.startswith("Close to")]


@pytest.mark.parametrize("name", ["Ada Lovelace", "lovelace, ada", "Áda  LOVELACE"])
def test_a_followed_author_is_found_whatever_the_spelling(name: str) -> None:
    edition = an_edition(paper(authors=("Grace Hopper", "Ada Lovelace")), paper())

    first, *others = picks(edition, reader(authors=[name]))

    assert ids(edition, [first]) == [100]
    assert [reason.lead[:3] for reason in first.reasons] == ["By "]
    assert not any(each.fits for each in others)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["Hopper, Grace"], "By Grace Hopper, whom you follow"),
        (["Ada Lovelace", "Grace Hopper"], "By Ada Lovelace and Grace Hopper, whom you follow"),
        (["A A", "B B", "C C"], "By A A, B B and C C, whom you follow"),
    ],
)
def test_followed_authors_are_told_in_one_sentence(names: list[str], told: str) -> None:
    edition = an_edition(paper(authors=("Ada Lovelace", "Grace Hopper", "A A", "B B", "C C")))

    [picked] = picks(edition, reader(authors=names))

    assert picked.reasons == (Reason(told, ()),)


def test_a_followed_organisation_is_a_reason() -> None:
    edition = an_edition(paper(organization="École Normale"), paper(organization=None))

    first, second = picks(edition, reader(organizations=["ecole normale"]))

    assert first.reasons == (Reason("From", ("ecole normale",)),)
    assert not second.fits


@pytest.mark.parametrize("name", ["", "  ", "!!", "…"])
def test_a_name_without_a_letter_is_nobodys(name: str) -> None:
    edition = an_edition(paper(authors=("", "??"), organization=None), paper(organization=""))

    picked = picks(edition, reader(authors=[name], organizations=[name]))

    assert not any(each.fits for each in picked)


def test_every_kind_of_interest_adds_to_the_sum() -> None:
    edition = an_edition(
        paper("Alpha", authors=("Ada",), organization="North", topics={AGENTS: 0.75}, trend=0.0)
    )
    who = reader(topics=[AGENTS], keywords=["alpha"], authors=["Ada"], organizations=["North"])

    [picked] = picks(edition, who)

    assert picked.score == pytest.approx(0.75 + 1 + 1 + 1)
    assert len(picked.reasons) == 3


@pytest.mark.parametrize(
    "spellings",
    [
        {"keywords": ["World models", "world model", "WORLD  MODELS"]},
        {"authors": ["Ada Lovelace", "Lovelace, Ada", "ada lovelace"]},
        {"organizations": ["North Lake", "north  lake", "North Lake."]},
        {"topics": [AGENTS, AGENTS]},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_is_followed_in_several_spellings_counts_once(
    spellings: dict[str, list[str]],
) -> None:
    edition = an_edition(
        paper("World models", authors=("Ada Lovelace",), organization="North Lake",
              topics={AGENTS: 1.0}, trend=0.0)
    )  # fmt: skip
    [(kind, names)] = spellings.items()

    [once] = picks(edition, reader(**{kind: names[:1]}))
    [picked] = picks(edition, reader(**spellings))

    assert picked.score == once.score
    assert picked.reasons == once.reasons


@pytest.mark.parametrize("keyword", ["quantiz*", '"Quantized nets"', "quantized net"])
def test_a_keyword_may_be_a_phrase_a_beginning_or_exact(keyword: str) -> None:
    edition = an_edition(paper("Quantized Nets"), paper("Dequantized"))

    first, second = picks(edition, reader(keywords=[keyword]))

    assert first.reasons == (Reason("Matches your keyword", (keyword,)),)
    assert not second.fits


@pytest.mark.parametrize("word", ["*", "**", '""', '" "', "", "🤖", "a*", ".", "(", "[a-z]+"])
def test_no_odd_muted_word_mutes_everything(word: str) -> None:
    edition = an_edition(*(paper() for _ in range(5)))

    assert len(picks(edition, reader(muted=[word]))) == 5


def test_a_muted_topic_never_appears_even_where_the_paper_fits() -> None:
    edition = an_edition(
        paper("Alpha", topics={AGENTS: ABOUT}), paper("Alpha", topics={AGENTS: ABOUT - 0.01})
    )

    picked = picks(edition, reader(keywords=["alpha"], muted_topics=[AGENTS, "phlogiston"]))

    assert ids(edition, picked) == [101]


def test_what_a_reader_wrote_finds_what_is_about_it_and_says_by_which_word() -> None:
    edition = a_day()

    picked = picks(edition, reader(about="I work on speculative decoding of language models"))

    fitting = [each for each in picked if each.fits]
    assert len(fitting) == 4
    assert {subject_of(edition, each) for each in fitting} == {"decoding"}
    for each in fitting:
        [reason] = each.reasons
        assert reason.lead == "Close to what you wrote on"
        assert reason.chips[0].lower() == "speculative decoding"
        assert set(reason.chips) <= set(reason.words)


@pytest.mark.parametrize(
    "about",
    [
        "the of and, I am in the field of it",
        "我研究机器学习",
        "!!! 🤖 ???",
        " \n\t ",
        "asdfgh qwertz",
        "medieval poetry of the Balkans",
        "football transfer rumours",
        "I work on papers",
    ],
)
def test_what_no_paper_is_about_is_close_to_none(about: str) -> None:
    assert not any(each.fits for each in picks(a_day(), reader(about=about)))


def test_a_latin_word_in_a_chinese_text_is_understood() -> None:
    edition = a_day()

    picked = picks(edition, reader(about="我研究galaxies和halos的形成"))

    assert {subject_of(edition, each) for each in picked if each.fits} == {"galaxies"}


@pytest.mark.parametrize(("liked", "told"), [(1, "a paper"), (2, "2 papers"), (3, "3 papers")])
def test_liked_papers_find_what_is_like_them_and_are_counted(liked: int, told: str) -> None:
    edition, rated = a_day(), {n: on("robots", 10 + n) for n in range(liked)}

    picked = picks(edition, reader(liked=list(rated)), rated=rated)

    fitting = [each for each in picked if each.fits]
    assert len(fitting) == 4
    for each in fitting:
        assert subject_of(edition, each) == "robots"
        [reason] = each.reasons
        assert reason.lead == f"Close to {told} you liked on"
        assert reason.chips[0].lower() in edition.cards[each.place].abstract.lower()


def test_only_the_liked_papers_that_a_pick_is_like_are_counted() -> None:
    edition = a_day()
    rated = {1: on("robots", 11), 2: on("robots", 12), 3: on("qubits", 13)}

    picked = picks(edition, reader(liked=[1, 2, 3]), rated=rated)

    told = {(subject_of(edition, each), close_to(each)[0].lead) for each in picked if each.fits}
    assert ("robots", "Close to 2 papers you liked on") in told
    assert told <= {
        ("robots", "Close to 2 papers you liked on"),
        ("qubits", "Close to a paper you liked on"),
    }


def test_likes_of_another_field_find_nothing() -> None:
    rated = {
        1: Rated("Medieval poetry", "Verse, rhyme and metre of court poets in manuscripts."),
        2: Rated("Ein Aufsatz", "Wir untersuchen, wie Reime in Handschriften entstehen."),
        3: Rated("论文", "我们研究中世纪的诗歌。"),
        4: Rated("", ""),
    }

    picked = picks(a_day(), reader(liked=list(rated), disliked=[4]), rated=rated)

    assert not any(each.fits for each in picked)


def test_what_is_like_a_disliked_paper_gives_way() -> None:
    edition, rated = a_day(), {1: on("rewards", 11), 2: on("rewards", 12)}

    before = picks(edition, reader(), 10)
    picked = picks(edition, reader(disliked=[1, 2]), 9, rated)

    assert {subject_of(edition, each) for each in before} == set(SUBJECTS)
    assert {subject_of(edition, each) for each in picked} == set(SUBJECTS) - {"rewards"}
    assert not any(each.fits for each in picked)


def test_a_disliked_paper_weighs_against_an_interest() -> None:
    edition, rated = a_day(), {1: on("robots", 11)}
    who = reader(keywords=["gripper", "redshift"])

    [before] = picks(edition, who, 1)
    [picked] = picks(edition, replace(who, disliked=[1]), 1, rated)

    assert subject_of(edition, before) == "robots"
    assert subject_of(edition, picked) == "galaxies"


def test_rated_papers_that_are_no_longer_known_are_ignored() -> None:
    edition = a_day()

    picked = picks(edition, reader(liked=[1, 2], disliked=[3]), rated={})

    assert picked == picks(edition, reader())


@pytest.mark.parametrize(
    "nothing", [Text("", ""), Text("\u4e0d\u77e5", "\u8c01"), Text("The", "of it")]
)
def test_a_rated_paper_without_a_known_word_counts_for_nothing(nothing: Text) -> None:
    edition, rated = a_day(), {1: on("decoding", 5), 2: nothing}

    one = picks(edition, reader(liked=[1]), 10, rated)

    assert picks(edition, reader(liked=[1, 2]), 10, rated) == one
    assert picks(edition, reader(liked=[1], disliked=[2]), 10, rated) == one
    assert picks(edition, reader(liked=[2]), 10, rated) == picks(edition, reader())


def test_the_same_paper_liked_twice_is_one_that_was_liked() -> None:
    edition, rated = a_day(), {1: on("decoding", 5), 2: on("decoding", 5)}

    twice = picks(edition, reader(liked=[1, 2]), 10, rated)

    assert twice == picks(edition, reader(liked=[1]), 10, rated)


def test_what_is_on_offer_and_liked_itself_does_not_hide_what_is_like_it() -> None:
    edition = a_day()
    own = {card.paper_id: Rated(card.title, card.abstract) for card in edition.cards}
    robots = [100 + n for n in range(16, 19)]

    picked = picks(edition, reader(liked=robots, sent=set(robots)), rated=own)

    [found] = [each for each in picked if each.fits]
    assert subject_of(edition, found) == "robots"
    assert found.reasons[0].lead == "Close to 3 papers you liked on"


def test_a_hundred_likes_are_counted_as_they_are() -> None:
    edition, rated = a_day(), {n: on("proofs", 10 + n) for n in range(100)}

    first, *_ = picks(edition, reader(liked=list(rated)), rated=rated)

    assert subject_of(edition, first) == "proofs"
    assert close_to(first)[0].lead == "Close to 100 papers you liked on"


def test_what_was_written_counts_beside_what_was_liked_and_each_tells_of_its_own() -> None:
    edition, rated = a_day(), {1: on("robots", 11), 2: on("robots", 12)}

    picked = picks(edition, reader(liked=[1, 2], about="speculative decoding"), 20, rated)

    for each in picked:
        for reason in close_to(each):
            wrote = reason.lead.startswith("Close to what you wrote")
            assert subject_of(edition, each) == ("decoding" if wrote else "robots")


def test_a_reason_of_closeness_comes_after_those_that_a_reader_named() -> None:
    edition = a_day(topics={AGENTS: 0.9}, authors=("Ada",), organization="North")
    who = reader(
        topics=[AGENTS], authors=["Ada"], organizations=["North"], about="speculative decoding"
    )

    first, *_ = picks(edition, who)

    assert len(first.reasons) == 3
    assert close_to(first) == [first.reasons[2]]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_among_few_papers_one_may_be_close_too(count: int) -> None:
    others = [on("galaxies"), on("proofs")][: count - 1]
    papers = [on("decoding"), *others]
    edition = an_edition(*(paper(each.title, abstract=each.abstract) for each in papers))

    picked = picks(edition, reader(about="speculative decoding"))
    liked = picks(edition, reader(liked=[1]), rated={1: on("decoding", 3)})

    assert ids(edition, [each for each in picked if each.fits]) == [100]
    assert ids(edition, [each for each in liked if each.fits]) == [100]


def test_trend_weighs_as_the_balance_says() -> None:
    edition = an_edition(paper("Alpha", trend=0.0), paper(abstract="On alpha.", trend=0.75))

    first = {
        balance: ids(edition, picks(edition, reader(keywords=["alpha"], balance=balance), 2))[0]
        for balance in Balance
    }

    assert first == {Balance.FIELD: 100, Balance.EVEN: 101, Balance.EVERYBODY: 101}


@pytest.mark.parametrize(
    ("balance", "trending"), [(Balance.FIELD, 1), (Balance.EVEN, 2), (Balance.EVERYBODY, 5)]
)
def test_trends_have_a_part_of_the_digest_as_the_balance_says(
    balance: Balance, trending: int
) -> None:
    edition = an_edition(*(paper("Alpha") for _ in range(12)), *(paper() for _ in range(12)))

    picked = picks(edition, reader(keywords=["alpha"], balance=balance))

    assert [each.fits for each in picked].count(False) == trending


@pytest.mark.parametrize(
    ("upvotes", "told"),
    [
        (0, ()),
        (1, (Reason("Trending: 1 upvote", ()),)),
        (2, (Reason("Trending: 2 upvotes", ()),)),
        (1234, (Reason("Trending: 1,234 upvotes", ()),)),
    ],
)
def test_what_trends_says_how_much(upvotes: int, told: tuple[Reason, ...]) -> None:
    edition = an_edition(paper(upvotes=upvotes))

    [picked] = picks(edition, reader())

    assert picked.reasons == told


def versions(count: int) -> list[dict[str, Any]]:
    """Return papers that are nearly one."""
    return [paper("Alpha beta gamma", abstract=f"{SHARED}, v{n}.") for n in range(count)]


def test_ten_nearly_identical_papers_are_not_ten_picks() -> None:
    edition = an_edition(
        *versions(12), *(paper("Alpha", abstract=f"On s{n} t{n} u{n}.") for n in range(12))
    )

    picked = picks(edition, reader(keywords=["alpha", "beta", "gamma"]))

    assert sum(each < 112 for each in ids(edition, picked)) == 1


def test_versions_of_one_paper_yield_even_to_what_only_trends() -> None:
    edition = an_edition(*versions(12), *(paper() for _ in range(9)))

    picked = picks(edition, reader(keywords=["alpha"]))

    assert [each.fits for each in picked] == [True] + [False] * 9


def test_versions_fill_the_digest_up_when_nothing_else_is_there() -> None:
    edition = an_edition(*versions(12))

    assert len(picks(edition, reader(keywords=["alpha"]))) == 10


def test_similar_papers_yield_to_others_that_fit_nearly_as_well() -> None:
    alike = [on("robots", turn) for turn in range(4)]
    other = on("galaxies", 5)
    edition = an_edition(
        *(
            paper(each.title, abstract=each.abstract, topics={AGENTS: ABOUT + 0.1})
            for each in alike
        ),
        paper(other.title, abstract=other.abstract, topics={AGENTS: ABOUT}),
    )

    picked = picks(edition, reader(topics=[AGENTS]), 2)

    assert 104 in ids(edition, picked)


def test_what_trends_is_not_one_paper_many_times_either() -> None:
    edition = an_edition(*versions(6), *(paper(trend=0.1) for _ in range(3)))

    picked = picks(edition, reader(), 4)

    assert sum(each < 106 for each in ids(edition, picked)) == 1


def test_no_topic_takes_all_places_when_several_are_followed() -> None:
    edition = an_edition(
        *(paper(topics={AGENTS: 0.99}) for _ in range(60)),
        *(paper(topics={TOOLS: ABOUT}) for _ in range(6)),
    )

    picked = picks(edition, reader(topics=[AGENTS, TOOLS], balance=Balance.FIELD))

    assert sum(each < 160 for each in ids(edition, picked)) <= 6
    assert sum(each >= 160 for each in ids(edition, picked)) >= 4


def test_a_topic_fills_the_digest_up_when_nothing_else_is_there() -> None:
    edition = an_edition(*(paper(topics={AGENTS: 0.99}) for _ in range(12)))

    assert len(picks(edition, reader(topics=[AGENTS, TOOLS]))) == 10


def test_one_topic_alone_may_take_all_places() -> None:
    edition = an_edition(*(paper(topics={AGENTS: 0.9 - n / 100}) for n in range(12)))

    picked = picks(edition, reader(topics=[AGENTS]))

    assert all(each.fits for each in picked)


@pytest.mark.parametrize(
    "papers",
    [
        pytest.param([("", "")], id="an empty one"),
        pytest.param([("", "")] * 5, id="empty ones"),
        pytest.param([("Alpha", "On robots.")] * 8, id="all the same"),
        pytest.param([("Alpha", "robots " * 14_000)], id="huge"),
        pytest.param([("机器人", "机器人学习"), ("🤖", "\ud800\x00")], id="odd letters"),
    ],
)
def test_whatever_papers_are_on_offer_the_sums_are_numbers(papers: list[tuple[str, str]]) -> None:
    edition = an_edition(*(paper(title, abstract=abstract) for title, abstract in papers))
    rated = {1: Rated("Robots", "Robots"), 2: Rated("", ""), 3: Rated(*papers[0])}
    who = reader(
        about="robots " * 14_000, liked=[1, 2, 3], disliked=[2, 3], keywords=["robot", "机器人"]
    )

    picked = picks(edition, who, rated=rated)

    assert len(picked) == len(papers)
    assert np.isfinite([each.score for each in picked]).all()


TASTES = st.builds(
    Reader,
    id=st.just(1),
    cadence=st.just(Cadence.DAILY),
    about=st.sampled_from(["", "speculative decoding", "robots and proofs", "the", "poetry", "字"]),
    liked=st.lists(st.integers(0, 12), max_size=6, unique=True),
    disliked=st.lists(st.integers(0, 12), max_size=4, unique=True),
    keywords=st.lists(st.sampled_from(["robot", "proof", "galax*", '"halos"']), max_size=3),
    sent=st.frozensets(st.integers(100, 139)),
    balance=st.sampled_from(Balance),
)
DAY = a_day()
RATED = {n: on(subject, 20 + n) for n, subject in enumerate(SUBJECTS)}


@settings(deadline=None, max_examples=40)
@given(st.lists(TASTES, max_size=4), st.integers(0, 12))
def test_whatever_readers_like_their_picks_are_allowed_and_told_truly(
    readers: list[Reader], k: int
) -> None:
    matched = match(DAY, readers, k, RATED)

    for who, picked in zip(readers, matched, strict=True):
        assert nearly(picked) == nearly(picks(DAY, who, k, RATED))
        chosen = ids(DAY, picked)
        assert len(chosen) == len(set(chosen)) <= k
        assert who.sent.isdisjoint(chosen)  # type: ignore[attr-defined]  # a frozenset here
        assert np.isfinite([each.score for each in picked]).all()
        for each in picked:
            assert len(each.reasons) <= 3
            assert each.fits == fits(each.reasons)
            assert_close(who, each)


def nearly(picked: list[Picked]) -> list[Picked]:
    """Return *picked* without the last digits, which depend on who is matched beside a reader."""
    return [each._replace(score=round(each.score, 4)) for each in picked]


def assert_close(who: Reader, picked: Picked) -> None:
    shown = DAY.cards[picked.place]
    for reason in close_to(picked):
        assert all(word in f"{shown.abstract}\n{shown.title}" for word in reason.words)
        assert set(reason.chips) <= set(reason.words)
        if reason.lead.startswith("Close to what you wrote"):
            assert who.about
        else:
            subjects = {list(SUBJECTS)[paper_id] for paper_id in who.liked if paper_id in RATED}
            assert subject_of(DAY, picked) in subjects

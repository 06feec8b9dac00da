"""An abstract's telling sentence, and where sentences end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import findings
from digest.finding import LONGEST, judged, sentences, telling
from digest.finding.choosing import WEIGHTS
from digest.finding.cues import Cue

TITLE = "TideNet: Predicting Tides"
MOTIVATION = "In recent years, predicting tides has remained a challenging problem."
METHOD = "We propose TideNet, a framework that consists of three moons."
RESULT = "Experiments show that TideNet outperforms almanacs by 12.5% on two coasts."
CODE = "Code is available at https://github.com/example/tidenet."

# What abstracts are made of, the odd things with the ordinary ones.
PIECES = st.sampled_from(
    [
        *("We show", "tides", "the moon", "e.g.", "i.e.", "et al.", "Fig.", "J.", "R.D.", "3.5%"),
        *("https://a.example/b.c", r"$x_1.$", r"\textbf{a}", "vLLM", "(see", "above)", "[1]", "1."),
        *(
            ".",
            "!",
            "?",
            "...",
            "…",
            "。",
            "？",
            "」",
            "潮汐",
            "It",
            "Results:",
            "data.We",
            "\u200f؟",
        ),
    ]
)
ABSTRACTS = st.one_of(st.lists(PIECES, max_size=60).map(" ".join), st.text(max_size=600))


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    "whole",
    [
        "We use small models, e.g. BERT, i.e. Encoders, cf. Table 2, vs. GPT-4.",
        "We follow Smith et al. (2019) and Lee et al. Model choice is theirs.",
        "See Fig. 3, Eq. (2), Sec. 4, No. 5 and pp. 7 of Dr. Mo.",
        "Gemini 1.5 Pro gains 3.5 points (1.2 % vs. 0.9 %).",
        "A theorem of J. Smith and R.D. Laing [Phys. Rev. Lett. 110, 5 (2013)] holds.",
        "The code is at https://a.example/v1.2/x.html for all.",
        "It can: 1. Read papers; 2. Write mails.",
        "We sample i.i.d. Gaussian noise.",
        "Of $G.$ we know \\mathrm{d}x = 0.5. the rest.",
        "They ask (Why? How?) and wait.",
    ],
)
def test_a_dot_that_ends_nothing_leaves_the_sentence_whole(whole: str) -> None:
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    "parts",
    [
        ["We gain 3.5 points.", "Then we stop."],
        ["Is it true?", "Yes!", "It is."],
        ['They call it "the tide."', "We do not."],
        ["We cite Smith et al.", "We differ."],
        ["It needs vitamin C.", "We have none."],
        ["This was in 2019.", "Now it is better."],
        ["It is slow.", "vLLM is fast.", "mT5 is not."],
        ["(We checked this twice.)", "It holds."],
        ["It costs 5 %.", "3D models cost more."],
        ["All on [0, 1).", "The rest is open."],
        ["1. We read.", "2. We write."],
        ["It took 100 sec.", "We waited."],
    ],
)
def test_sentences_end_where_a_reader_says_so(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


def test_a_lost_space_hides_no_end() -> None:
    assert sentences("We have data.We show it.") == ["We have data.", "We show it."]


def test_scripts_without_spaces_have_sentences() -> None:
    assert sentences("我们提出潮汐网络。「好吗？」它很快。") == [
        "我们提出潮汐网络。",
        "「好吗？」",
        "它很快。",
    ]


@given(ABSTRACTS)
def test_sentences_joined_are_the_abstract(text: str) -> None:
    found = sentences(text)

    assert bare("".join(found)) == bare(text)
    assert all(found)


@pytest.mark.parametrize(
    "abstract",
    [
        f"{MOTIVATION} {METHOD} {RESULT} {CODE}",
        f"{MOTIVATION} {METHOD} {RESULT}",
        f"{RESULT} {MOTIVATION}",
        f"{METHOD} {RESULT} It also draws maps.",
        f"{MOTIVATION} Can we do better? {METHOD} {RESULT} {CODE}",
    ],
)
def test_the_result_is_told_wherever_it_stands(abstract: str) -> None:
    assert telling(TITLE, abstract) == RESULT


def test_what_is_proposed_is_told_where_nothing_came_out() -> None:
    assert telling(TITLE, f"{MOTIVATION} {METHOD} {CODE}") == METHOD


def test_a_sentence_that_needs_the_one_before_yields_to_its_like() -> None:
    alone = "TideNet improves forecasts of storm floods."
    leaning = "It improves forecasts of ordinary floods."

    assert telling(TITLE, f"{METHOD} {alone} {leaning} {CODE}") == alone


@pytest.mark.parametrize("heading", ["Results: ", "RESULTS: ", "Conclusions: ", "Results. "])
def test_what_stands_under_results_is_told(heading: str) -> None:
    abstract = f"Aims: To weigh tides. Methods: By scales. {heading}Tides weigh as much as the sea."

    assert telling(TITLE, abstract) == "Tides weigh as much as the sea."


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Furthermore, we show that tides rise.", "We show that tides rise."),
        ("In this paper, we prove that tides fall.", "We prove that tides fall."),
        ("Notably, vLLM shows that tides are fast.", "vLLM shows that tides are fast."),
        ("(ii) We show that tides rise.", "We show that tides rise."),
        ("Surprisingly, we find no tide at all.", "Surprisingly, we find no tide at all."),
    ],
)
def test_a_lead_in_is_left_out(sentence: str, shown: str) -> None:
    assert telling(TITLE, sentence) == shown


@pytest.mark.parametrize("abstract", ["", " ", "\n"])
def test_an_empty_abstract_tells_nothing(abstract: str) -> None:
    assert telling(TITLE, abstract) == ""


def test_a_long_sentence_yields_to_one_that_fits() -> None:
    long = f"We show that TideNet is good for {'fishing boats and ' * 18}ferries."
    short = "We show that TideNet is good for ferries at sea."

    assert len(long) > LONGEST
    assert telling(TITLE, f"{METHOD} {short} {long} {CODE}") == short


@given(st.text(max_size=60), ABSTRACTS)
def test_what_is_told_is_the_end_of_one_of_the_abstracts_sentences(
    title: str, abstract: str
) -> None:
    told = telling(title, abstract)

    assert bool(told) == bool(abstract.strip())
    assert not told or any(each.endswith(told[1:]) for each in sentences(abstract))


@given(st.text(max_size=60), ABSTRACTS)
def test_a_score_is_the_sum_of_the_cues_and_of_the_place(title: str, abstract: str) -> None:
    found = judged(title, abstract)

    by_place = [each.score - sum(WEIGHTS[cue] for cue in each.cues) for each in found]

    assert by_place == pytest.approx(sorted(by_place))
    assert all(-1e-9 <= each <= 1 for each in by_place)


def test_every_cue_has_its_weight() -> None:
    assert set(WEIGHTS) == set(Cue)


def test_of_each_half_fifty_abstracts_are_labelled_and_none_of_both() -> None:
    test, tune = findings.labelled("test"), findings.labelled("tune")

    assert (len(test), len(tune)) == (50, 50)
    assert not test.keys() & tune.keys()
    for label in (*test.values(), *tune.values()):
        assert label.best in label.acceptable
        assert all(1 <= each <= label.sentences for each in label.acceptable)

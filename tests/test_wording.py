"""The words that carried a match, as the paper writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.match.wording import Wording
from digest.space import Text, stems


def told(abstract: str, *words: str, title: str = "") -> tuple[str, ...]:
    return Wording(Text(title, abstract)).of([stem for word in words for stem in stems(word)])


def test_neighbours_are_told_as_one_in_the_papers_spelling() -> None:
    assert told("We do Gaussian splatting.", "splat", "Gaussian") == ("Gaussian splatting",)
    assert told("A vision-language model", "language", "vision") == ("vision-language",)


@pytest.mark.parametrize("between", [". ", ", ", " of ", " (", "/", "\n"])
def test_words_that_do_not_stand_side_by_side_are_told_apart(between: str) -> None:
    assert told(f"A tree{between}search", "tree", "search") == ("tree", "search")


def test_the_strongest_comes_first_with_its_neighbours() -> None:
    assert told("A latent space. Video diffusion in it.", "diffusion", "latent", "video") == (
        "Video diffusion",
        "latent",
    )


def test_the_longest_run_counts_wherever_it_stands() -> None:
    assert told("Video, and video diffusion models", "video", "diffusion", "model") == (
        "video diffusion models",
    )


def test_no_word_is_told_twice() -> None:
    assert told("agents agents agents", "agents") == ("agents",)
    assert told("tree search, tree pruning", "tree", "search", "pruning") == (
        "tree search",
        "pruning",
    )


def test_a_capital_of_a_sentences_beginning_is_left_out_where_it_can_be() -> None:
    assert told("Decoding is hard. We like decoding.", "decoding") == ("decoding",)
    assert told("Decoding is hard.", "decoding", title="Fast decoding") == ("decoding",)
    assert told("LLMs are large. So LLMs.", "LLMs") == ("LLMs",)


def test_words_that_are_not_there_are_not_told() -> None:
    assert told("A tree", "galaxy") == ()
    assert told("", "galaxy") == ()


@given(st.text("ab -.É字", max_size=30), st.lists(st.sampled_from(["ab", "aa", "b", "é", "字"])))
def test_whatever_is_told_stands_in_the_text(abstract: str, wanted: list[str]) -> None:
    for words in Wording(Text("", abstract)).of(list(dict.fromkeys(wanted))):
        assert words in abstract

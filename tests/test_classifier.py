import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.topics import taxonomy
from digest.topics.classifier import ABOUT, Classifier
from digest.topics.taxonomy import Topic
from digest.topics.terms import phrase, words

FILLER = [(f"Notes on matter {n}", "We look at something quite ordinary.") for n in range(30)]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(taxonomy.topics())


def column(slug: str) -> int:
    return [topic.slug for topic in taxonomy.topics()].index(slug)


def test_probabilities_have_a_row_a_paper_and_a_column_a_topic(classifier: Classifier) -> None:
    found = classifier.topics(FILLER)

    assert found.shape == (len(FILLER), len(taxonomy.topics()))
    assert found.dtype == np.float32


def test_no_papers_are_no_rows(classifier: Classifier) -> None:
    assert classifier.topics([]).shape == (0, len(taxonomy.topics()))


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=200)), max_size=4))
def test_whatever_a_text_holds_its_probabilities_are_probabilities(
    papers: list[tuple[str, str]],
) -> None:
    found = Classifier(taxonomy.topics()).topics(papers)

    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("topic", taxonomy.topics(), ids=lambda topic: topic.slug)
def test_a_paper_full_of_a_topics_terms_is_about_that_topic(
    classifier: Classifier, topic: Topic
) -> None:
    paper = (topic.seeds[0], f"We study {', '.join(topic.seeds)}.")

    found = classifier.topics([paper, *FILLER])[0]

    assert found[column(topic.slug)] >= ABOUT


def test_a_paper_about_nothing_known_is_about_no_topic(classifier: Classifier) -> None:
    found = classifier.topics(FILLER)

    assert (found < ABOUT).all()


def test_the_title_weighs_more_than_the_abstract(classifier: Classifier) -> None:
    term = taxonomy.topics()[0].seeds[0]
    titled, told = (f"On {term}", "A study."), ("A study", f"On {term}.")

    found = classifier.topics([titled, told, *FILLER])

    assert found[0, 0] > found[1, 0] > 0


def test_hyphens_case_and_plurals_make_no_difference() -> None:
    assert words("World-Models") == words("a world model")[1:] == ["world", "model"]


@pytest.mark.parametrize("word", ["loss", "corpus", "analysis", "gas", "s"])
def test_a_word_that_only_looks_like_a_plural_stays_whole(word: str) -> None:
    assert words(word) == [word]


def test_a_phrase_is_found_at_whole_words_only() -> None:
    assert phrase("RAG") in phrase("A RAG pipeline")
    assert phrase("RAG") not in phrase("Fragments of a dragon")

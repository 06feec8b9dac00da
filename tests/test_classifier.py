import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import BadDocument
from digest.topics import model, taxonomy
from digest.topics.classifier import ABOUT, SHIPPED, Classifier, load, shipped
from digest.topics.taxonomy import Topic
from digest.topics.terms import phrase, words

FILLER = [(f"Notes on matter {n}", "We look at something quite ordinary.") for n in range(30)]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return shipped()


def column(slug: str) -> int:
    return [topic.slug for topic in taxonomy.topics()].index(slug)


def test_probabilities_have_a_row_a_paper_and_a_column_a_topic(classifier: Classifier) -> None:
    topics, categories = classifier.both(FILLER)

    assert topics.shape == (len(FILLER), len(taxonomy.topics()))
    assert categories.shape == (len(FILLER), len(classifier.category_names))
    assert topics.dtype == categories.dtype == np.float32


def test_no_papers_are_no_rows(classifier: Classifier) -> None:
    assert classifier.topics([]).shape == (0, len(taxonomy.topics()))
    assert classifier.categories([]).shape == (0, len(classifier.category_names))


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=200)), max_size=4))
def test_whatever_a_text_holds_its_probabilities_are_probabilities(
    papers: list[tuple[str, str]],
) -> None:
    topics, categories = shipped().both(papers)

    for found in (topics, categories):
        assert np.isfinite(found).all()
        assert ((found >= 0) & (found <= 1)).all()
    assert categories.sum(axis=1) == pytest.approx(np.ones(len(papers)), abs=1e-4)


def test_no_paper_changes_what_another_one_gets(classifier: Classifier) -> None:
    paper = ("Galaxies at high redshift", "We survey star formation in dwarf galaxies.")

    alone = classifier.topics([paper])[0]
    among = classifier.topics([*FILLER * 20, paper])[-1]

    assert among == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("topic", taxonomy.topics(), ids=lambda topic: topic.slug)
def test_a_paper_full_of_a_topics_terms_is_about_that_topic(
    classifier: Classifier, topic: Topic
) -> None:
    paper = (topic.seeds[0], f"We study {', '.join(topic.seeds)}.")

    found = classifier.topics([paper])[0]

    assert found[column(topic.slug)] >= ABOUT


def test_a_paper_about_nothing_known_is_about_no_topic(classifier: Classifier) -> None:
    assert (classifier.topics(FILLER) < ABOUT).all()


def test_a_topic_in_the_title_is_likelier_than_in_the_abstract_alone(
    classifier: Classifier,
) -> None:
    told = "We look at it closely, and at Gaussian splatting."
    titled, untitled = classifier.topics([("On Gaussian splatting", told), ("A look", told)])

    assert titled[column("3d-scenes")] > untitled[column("3d-scenes")] > 0


def test_without_an_abstract_the_title_tells_the_topic(classifier: Classifier) -> None:
    [found] = classifier.topics([("Gaussian splatting with radiance fields", "")])

    assert found[column("3d-scenes")] >= ABOUT


@pytest.mark.parametrize(
    ("title", "abstract", "category"),
    [
        (
            "Instruction tuning of large language models for low-resource languages",
            "We fine-tune language models on translated instructions and evaluate generation.",
            "cs.CL",
        ),
        (
            "Real-time novel view synthesis from sparse images",
            "We render images of scenes from few views with a feed-forward network.",
            "cs.CV",
        ),
        (
            "Quenching of massive galaxies at cosmic noon",
            "Using spectroscopy we find quiescent galaxies with old stellar populations.",
            "astro-ph.GA",
        ),
    ],
)
def test_a_plain_case_gets_its_category(
    classifier: Classifier, title: str, abstract: str, category: str
) -> None:
    likely = classifier.categories([(title, abstract)])[0]

    assert classifier.category_names[int(likely.argmax())] == category


def test_the_shipped_model_is_small_and_says_what_it_was_made_of(classifier: Classifier) -> None:
    body = resources.files("digest.topics").joinpath(SHIPPED).read_bytes()

    assert len(body) <= 12_000_000
    assert classifier.model.facts["papers"] > 100_000
    assert classifier.model.facts["figures"]["first"] > 0.7


def test_the_shipped_model_knows_the_taxonomy_of_today(classifier: Classifier) -> None:
    assert set(classifier.model.topics) == {topic.slug for topic in taxonomy.topics()}


def test_classifying_needs_no_library_for_learning() -> None:
    asked = (
        "import sys; from digest.topics.classifier import shipped; "
        "shipped().both([('A title', 'An abstract.')]); "
        "print([name for name in sys.modules if name.startswith(('sklearn', 'scipy.optimize'))])"
    )

    said = subprocess.run(
        [sys.executable, "-c", asked], check=True, capture_output=True, text=True
    ).stdout

    assert said.strip() == "[]"


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", b"no model", b"\x93NUMPY"])
def test_what_is_no_model_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(BadDocument, match="no model of topics"):
        load(body)


@pytest.mark.parametrize(
    "broken",
    [
        lambda learnt: replace(learnt, usually=np.full_like(learnt.usually, np.nan)),
        lambda learnt: replace(learnt, telling=learnt.telling[:1]),
        lambda learnt: replace(learnt, categories=learnt.categories[:1]),
        lambda learnt: replace(learnt, topics=()),
        lambda learnt: replace(learnt, seeds=replace(learnt.seeds, topic=learnt.seeds.topic + 99)),
        lambda learnt: replace(learnt, features=replace(learnt.features, stems=("a", "b"))),
    ],
    ids=["not-a-number", "short", "categories", "topics", "seeds", "stems"],
)
def test_a_model_whose_arrays_do_not_fit_together_is_refused(
    classifier: Classifier, broken: Callable[[model.Model], model.Model]
) -> None:
    with pytest.raises(BadDocument, match="do not belong together"):
        load(model.to_bytes(broken(classifier.model)))


@pytest.mark.parametrize("facts", [b'"x"', b"[" * 100_000, b'{"form": 1, "stems": 5}', b"\xff"])
def test_a_model_with_other_facts_is_refused(classifier: Classifier, facts: bytes) -> None:
    with np.load(io.BytesIO(model.to_bytes(classifier.model)), allow_pickle=False) as arrays:
        others = {name: arrays[name] for name in arrays.files if name != "facts"}
    body = io.BytesIO()
    np.savez(body, facts=np.frombuffer(facts, np.uint8), **others)

    with pytest.raises(BadDocument, match="no model of topics"):
        load(body.getvalue())


def test_a_model_of_another_form_asks_to_be_trained_again(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = model.to_bytes(classifier.model)
    monkeypatch.setattr(model, "FORM", model.FORM + 1)

    with pytest.raises(BadDocument, match="train it again"):
        load(body)


def test_a_model_comes_back_from_its_bytes_as_it_was(classifier: Classifier) -> None:
    papers = [("Speculative decoding", "We speed up language model inference."), *FILLER]

    again = load(model.to_bytes(classifier.model))

    for before, after in zip(classifier.both(papers), again.both(papers), strict=True):
        assert np.array_equal(before, after)


def test_hyphens_case_and_plurals_make_no_difference() -> None:
    assert words("World-Models") == words("a world model")[1:] == ["world", "model"]


@pytest.mark.parametrize("word", ["loss", "corpus", "analysis", "gas", "s"])
def test_a_word_that_only_looks_like_a_plural_stays_whole(word: str) -> None:
    assert words(word) == [word]


def test_a_phrase_is_found_at_whole_words_only() -> None:
    assert phrase("RAG") in phrase("A RAG pipeline")
    assert phrase("RAG") not in phrase("Fragments of a dragon")

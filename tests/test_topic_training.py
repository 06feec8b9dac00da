"""Learning topics and categories: from made-up papers, of which the answers are known."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from digest import edition
from digest.errors import BadInput
from digest.models import TopicModelRow
from digest.topics import adopting, categories, features, naming, taxonomy, training
from digest.topics.adopting import Trial, in_use, own_papers, tried
from digest.topics.classifier import Classifier, shipped
from digest.topics.evidence import Seeds
from digest.topics.examples import Example, at, texts, todays, united
from digest.topics.figures import calibration_error, measured
from digest.topics.model import Model
from digest.topics.terms import phrase
from digest.topics.tokens import tokenized
from tests import make
from tests.lessons import FIELDS, papers

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
SEEDS = Seeds.of(taxonomy.topics())


@cache
def learnt() -> Model:
    return training.train(papers(1500), TODAY)


def place(slug: str) -> int:
    return [topic.slug for topic in taxonomy.topics()].index(slug)


def test_unseen_papers_get_the_category_whose_words_they_use() -> None:
    unseen = papers(300, seed=1)

    figures = measured(Classifier(learnt()), unseen, SEEDS)

    assert figures.first is not None
    assert figures.first > 0.95
    assert figures.category_error is not None
    assert figures.category_error < 0.03


def test_a_paper_is_about_what_its_words_belong_to_though_it_never_names_it() -> None:
    _, words = FIELDS["astro-ph.GA"]
    paper = ("A study", f"{words} {words} {words}")

    topics = Classifier(learnt()).topics([paper])[0]

    assert topics.argmax() == place("galaxies")
    assert topics[place("galaxies")] > 10 * topics[place("video-generation")]


def test_the_same_papers_make_the_same_model() -> None:
    again = training.train(papers(1500), TODAY)

    assert np.array_equal(again.by_category.weights, learnt().by_category.weights)
    assert np.array_equal(again.by_topic.weights, learnt().by_topic.weights)


def test_progress_adds_up_to_the_work_there_is() -> None:
    done: list[int] = []

    training.train(papers(1200), TODAY, done.append)

    assert sum(done) == pytest.approx(training.work(papers(1200)), rel=0.05)


@pytest.mark.parametrize(
    "few",
    [
        [],
        papers(200),
        [replace(each, categories=()) for each in papers(1200)],
        [replace(each, categories=("cs.CL",)) for each in papers(1200)],
    ],
    ids=["none", "a few", "no categories", "one category"],
)
def test_too_little_to_learn_from_is_said(few: list[Example]) -> None:
    with pytest.raises(BadInput, match="too few to learn from"):
        training.train(few, TODAY)


def test_papers_without_a_day_count_as_the_oldest() -> None:
    undated = [replace(each, day=None) for each in papers(1200)]

    assert training.train(undated, TODAY).categories == tuple(sorted(FIELDS))


def test_only_the_newest_papers_are_held_back() -> None:
    examples = papers(1500, days=1000)

    held = at(examples, training.newest(examples))

    assert min(str(each.day) for each in held) > str(examples[-100].day)
    assert 30 < len(held) < 100


def test_a_topics_seed_words_are_masked_and_pairs_of_them_too() -> None:
    paper = ("Gaussian splatting", "Gaussian splatting of bright scenes. " * 3)
    tokens = tokenized([paper] * features.RAREST_PAIR)
    fitted = features.fitted(tokens)

    masked = naming.masks(fitted, SEEDS)[:, place("3d-scenes")]

    stems = {stem for stem, hidden in zip(fitted.stems, masked, strict=False) if hidden}
    assert {"gaussi", "splatt"} <= stems
    assert "bright" not in stems
    pairs = masked[len(fitted.stems) :]
    assert 0 < pairs.sum() < len(pairs)


def test_calibrated_probabilities_are_as_often_right_as_they_say() -> None:
    draw = np.random.default_rng(0)
    true = draw.integers(0, 4, 4000)
    # Scores of somebody too sure, who is right in about two of three cases.
    said = np.where(draw.random(4000) < 0.65, true, draw.integers(0, 4, 4000))
    scores = (8 * np.eye(4)[said] + 0.1 * draw.normal(size=(4000, 4))).astype(np.float32)

    likely = categories.crossed(scores, true)

    sure, right = likely.max(axis=1), likely.argmax(axis=1) == true
    assert calibration_error(sure, right) < 0.03
    assert calibration_error(np.ones(4000, np.float32), right) > 0.2


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    likely = np.full(1000, 0.8, np.float32)
    true = np.arange(1000) % 2 == 0

    assert calibration_error(likely, true) == pytest.approx(0.3, abs=0.02)


def test_names_of_before_are_todays_and_a_paper_is_one_paper() -> None:
    assert todays(["cs.SY", "eess.SY", "math.IT"]) == ("eess.SY", "cs.IT")
    labelled = Example("1", "A", "B", np.datetime64("2026-01-02"), ("cs.CL",))
    listed = Example("1", "A", "B", np.datetime64("2026-01-03"), (), ("agents",))
    other = Example("2", "C", "D", None)

    assert united([listed, labelled, other], without={"2"}) == [
        Example("1", "A", "B", np.datetime64("2026-01-03"), ("cs.CL",), ("agents",))
    ]


SOME_WORDS = st.lists(
    st.sampled_from(["long", "context", "window", "rag", "the", "moe", "expert", "multi", "hop"]),
    max_size=12,
).map(" ".join)


@given(st.lists(st.tuples(SOME_WORDS, SOME_WORDS), max_size=4))
def test_seeds_are_found_exactly_where_their_phrases_are(some: list[tuple[str, str]]) -> None:
    tokens = tokenized(some)

    titles, abstracts = SEEDS.in_titles(tokens), SEEDS.by_topic(SEEDS.in_abstracts(tokens)) > 0

    for row, (title, abstract) in enumerate(some):
        for column, topic in enumerate(taxonomy.topics()):
            in_title = any(phrase(s) in phrase(title) for s in topic.seeds + topic.title_seeds)
            assert titles[row, column] == in_title
            assert abstracts[row, column] == any(phrase(s) in phrase(abstract) for s in topic.seeds)


def test_features_that_are_dropped_leave_the_others_as_they_were() -> None:
    examples = papers(400)
    tokens = tokenized(texts(examples))
    fitted = features.fitted(tokens)
    wide = fitted.full(tokens).toarray()
    kept = np.array([random.Random(0).random() < 0.5 for _ in range(wide.shape[1])])

    narrow, columns = fitted.only(kept)

    rows = narrow.full(tokens).toarray()
    assert np.isin(np.flatnonzero(kept), columns).all()
    scale = np.linalg.norm(wide[:, columns], axis=1, keepdims=True)
    assert rows * scale == pytest.approx(wide[:, columns], abs=1e-5)


def test_a_word_is_a_feature_only_if_several_papers_have_it() -> None:
    fitted = features.fitted(tokenized([("", "common word"), ("", "common"), ("", "common x")]))

    assert fitted.stems == ("common",)


def test_an_own_model_is_tried_beside_the_one_in_use_on_papers_that_it_was_not_shown() -> None:
    trial = tried(papers(1500), shipped(), NOW)

    assert trial.new.papers == trial.present.papers == 150
    assert trial.model.facts["papers"] == 1350
    # These papers use words as no others do: who has seen them knows better.
    assert trial.passed


def test_without_an_own_model_the_shipped_one_is_in_use(session: Session) -> None:
    assert in_use(session) is shipped()


def test_an_adopted_model_is_in_use_and_the_next_edition_is_made_with_it(session: Session) -> None:
    _, words = FIELDS["astro-ph.GA"]
    make.paper(session, now=NOW, title="A study", abstract=f"{words} {words} {words}")
    before = edition.build(session, NOW).topics
    trial = tried(papers(1500), shipped(), NOW)

    adopting.adopt(session, trial, NOW)
    session.flush()

    assert in_use(session).model.facts["papers"] == 1350
    assert in_use(session) is in_use(session)
    after = edition.build(session, NOW).topics
    assert not np.array_equal(before, after)


def test_an_own_model_of_another_form_costs_no_edition(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    session.add(TopicModelRow(trained_at=NOW, body=b"of another form", figures={}))
    session.flush()

    assert in_use(session) is shipped()

    assert "own model left out" in caplog.text


def test_a_worse_model_is_not_adopted(session: Session) -> None:
    figures = measured(shipped(), papers(30), SEEDS)
    worse = Trial(
        learnt(),
        beside=shipped(),
        new=replace(figures, first=0.0),
        present=replace(figures, first=0.1),
    )

    with pytest.raises(BadInput, match="worse"):
        adopting.adopt(session, worse, NOW)

    assert in_use(session) is shipped()


def test_of_two_that_were_learnt_at_once_one_is_adopted(session: Session) -> None:
    first, second = (tried(papers(1500), in_use(session), NOW) for _ in range(2))
    adopting.adopt(session, first, NOW)
    session.flush()

    with pytest.raises(BadInput, match="train again"):
        adopting.adopt(session, second, NOW)


def test_a_model_of_which_nothing_could_be_told_is_not_adopted() -> None:
    untold = replace(measured(shipped(), papers(30), SEEDS), first=None, topics=None)

    assert not untold.no_worse_than(untold)


def test_a_paper_of_the_future_is_not_all_that_models_are_compared_on() -> None:
    far = replace(papers(1)[0], id="2999.00001", day=np.datetime64("2999-01-01"))

    with pytest.raises(BadInput, match="1 held back"):
        tried([*papers(1500), far], shipped(), NOW)


def test_own_papers_are_those_in_the_database_but_for_the_invented_ones(session: Session) -> None:
    make.paper(session, now=NOW, external_id="2611.1", title="Real", categories=["cs.SY"])
    make.paper(session, now=NOW, external_id="sample-1", title="Invented", sample=True)

    [found] = own_papers(session)

    assert (found.title, found.categories) == ("Real", ("eess.SY",))
    assert found.day == np.datetime64("2026-11-20")

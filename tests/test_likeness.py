"""Likeness of a block of readers, held against the rules written out for one."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.match import closeness, likeness
from digest.match.likeness import LIKED_LATENT, LIKED_MEANT, NEAREST, Seen
from digest.match.reasons import strongest
from tests.offers import SUBJECTS, a_day, on

SPACE = a_day().pool.space
RATED = likeness.seen(SPACE, [on(subject, n) for n in range(5) for subject in SUBJECTS])

Row = npt.NDArray[np.float64]


def term_weights(paper: Seen) -> Row:
    weights = np.zeros(len(SPACE.terms))
    weights[paper.terms] = paper.weights
    return weights


def by_the_rules(rated: Sequence[Seen]) -> tuple[Row, Row]:
    """Return scores and meaning for who rated these, paper by paper."""
    direction = np.mean([term_weights(paper) for paper in rated], axis=0) - SPACE.bias
    middle = SPACE.unit(np.mean([paper.latent for paper in rated], axis=0, keepdims=True))[0]
    scores, meant = [], []
    for place in range(len(SPACE.papers.latent)):
        exact = SPACE.papers.exact[[place]].toarray()[0] @ direction / np.linalg.norm(direction)
        meaning, own = (cosines[place] for cosines in SPACE.cosines(middle))
        nearest = sorted((paper.alike[place] for paper in rated), reverse=True)[:NEAREST]
        scores.append(exact + LIKED_LATENT * (meaning + own) + np.mean(nearest))
        share = any(paper.shares[place] for paper in rated)
        meant.append(meaning / LIKED_MEANT if share else 0.0)
    return np.array(scores), np.array(meant)


RATINGS = st.lists(
    st.lists(st.sampled_from(RATED), min_size=1, max_size=8, unique=True), min_size=1, max_size=5
)


@settings(deadline=None, max_examples=60)
@given(RATINGS)
def test_a_block_of_readers_is_matched_by_the_rules_for_one(rated: list[list[Seen]]) -> None:
    found = likeness.to_seen(SPACE, rated)

    for row, papers in enumerate(rated):
        scores, meant = by_the_rules(papers)
        assert found.scores[row] == pytest.approx(scores, abs=2e-5)
        assert found.meant[row] == pytest.approx(meant, abs=2e-5)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(RATED), min_size=1, max_size=6, unique=True), st.integers(0, 10**6))
def test_what_papers_have_in_common_is_what_most_of_them_weigh_more_than_is_usual(
    papers: list[Seen], anywhere: int
) -> None:
    place = anywhere % len(SPACE.papers.latent)
    terms, _ = SPACE.row(place)
    each = [term_weights(paper) for paper in papers]
    most = sum((row > 0).astype(int) for row in each) * 2 > len(papers)
    common = np.where(most, np.mean(each, axis=0) - SPACE.bias, 0)

    found = likeness.in_common(SPACE, papers, place)

    assert found == pytest.approx(common[terms], abs=1e-6)
    for word in strongest(SPACE, place, found):
        assert common[SPACE.terms.index(word)] > 0


def test_rated_papers_are_seen_the_same_together_as_alone() -> None:
    texts = [on(subject, 7) for subject in SUBJECTS]

    together = likeness.seen(SPACE, texts)

    for paper, text in zip(together, texts, strict=True):
        [alone] = likeness.seen(SPACE, [text])
        assert (paper.terms == alone.terms).all()
        assert paper.weights == pytest.approx(alone.weights)
        assert paper.alike == pytest.approx(alone.alike, abs=1e-5)
        assert (paper.shares == alone.shares).all()
        assert (paper.near == alone.near).all()


@pytest.mark.parametrize("text", ["quantum tides and tidal models", "of the and"])
def test_of_a_text_only_the_words_that_it_has_are_kept(text: str) -> None:
    asked = SPACE.of_query(text).exact

    said = closeness.to_words(SPACE, text)

    every = np.arange(len(SPACE.terms), dtype=np.int32)
    assert np.array_equal(said.at(every), asked.toarray()[0])
    assert said.terms.size == said.weights.size == asked.nnz

import io
from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.space import Space, Text, background, stems, training

ABOUT = ("galaxies", "robots", "proteins", "speech", "proofs", "markets")
PAPERS = [
    Text(f"{about} {n}", f"We study {about} and how {about} of kind k{n} behave near others.")
    for about in ABOUT
    for n in range(4)
]


@pytest.fixture(scope="module")
def space() -> Space:
    return Space(PAPERS)


def close(space: Space, text: str) -> list[float]:
    """Return the cosine of exact terms between *text* and each paper."""
    found: list[float] = (space.papers.exact @ space.of_query(text).exact.toarray()[0]).tolist()
    return found


def test_words_of_one_stem_count_as_one() -> None:
    assert stems("Segmenting a segmented image: segmentations") == [
        *["segment", "segment"],
        *["imag", "segment"],
    ]


def test_stop_words_single_letters_and_signs_do_not_count() -> None:
    assert stems("The a of I x y! -- _ 7 *") == []


def test_a_latin_word_among_chinese_is_a_word() -> None:
    assert stems("我研究LLM的推理") == ["我研究", "llm", "的推理"]


def test_ligatures_and_wide_letters_are_those_that_people_type() -> None:
    assert stems("e\ufb03cient \uff2c\uff2c\uff2d") == stems("efficient LLM")


def test_the_background_ships_with_the_package() -> None:
    shipped = background.shipped()

    count = len(shipped.stems)
    assert count == len(set(shipped.stems)) > 5_000
    assert shipped.papers > 100_000
    assert shipped.levels.shape == (count, training.DIMENSIONS)
    assert shipped.levels.dtype == np.int8
    assert shipped.in_papers.shape == shipped.step.shape == (count,)
    assert (shipped.in_papers >= training.LEAST_PAPERS).all()
    assert np.isfinite(shipped.directions).all()


def test_the_background_is_small_and_no_pickle() -> None:
    body = resources.files("digest.space").joinpath("background.npz").read_bytes()

    assert len(body) < 4_000_000
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays.files} <= {"u", "i", "f"}


def test_a_background_that_holds_a_pickle_is_refused() -> None:
    body = io.BytesIO()
    np.savez(body, stems=np.array([{"a": 1}], dtype=object))

    with pytest.raises(ValueError, match="allow_pickle"):
        background.from_bytes(body.getvalue())


def test_what_was_learnt_survives_being_kept_as_bytes() -> None:
    learnt = training.learn(_history(), dimensions=4, least_papers=2)

    read = background.from_bytes(background.to_bytes(learnt))

    assert read.stems == learnt.stems
    assert read.papers == learnt.papers == len(_history())
    assert np.array_equal(read.levels, learnt.levels)
    assert np.array_equal(read.directions, learnt.directions)


def test_what_goes_together_in_many_papers_lies_in_one_direction() -> None:
    learnt = training.learn(_history(), dimensions=4, least_papers=2)

    row = {stem: learnt.directions[n] for n, stem in enumerate(learnt.stems)}
    together = row["mask"] @ row["segment"]
    apart = row["mask"] @ row["galaxi"]
    assert together > 4 * abs(apart)


def test_texts_without_words_in_common_teach_nothing() -> None:
    with pytest.raises(ValueError, match="documents"):
        training.learn(["alpha", "beta"], least_papers=2)


def _history() -> list[str]:
    subjects = ("masks segmenting", "galaxies halos", "speech phonemes", "proofs lemmas")
    return [f"{subjects[n % 4]} w{n} v{n % 7}" for n in range(60)]


def test_every_row_is_of_length_1(space: Space) -> None:
    exact, latent = space.papers.exact, space.papers.latent

    assert exact.shape == (len(PAPERS), len(space.terms))
    assert np.allclose(np.sqrt((exact**2).sum(axis=1)), 1, atol=1e-5)
    half = background.shipped().dimensions
    assert np.allclose(np.linalg.norm(latent[:, :half], axis=1), 1, atol=1e-4)
    assert np.allclose(np.linalg.norm(latent[:, half:], axis=1), 1, atol=1e-4)
    assert exact.dtype == latent.dtype == np.float32


def test_a_text_is_close_to_the_papers_that_say_the_same(space: Space) -> None:
    found = close(space, "the behaviour of a galaxy")

    assert set(np.argsort(found)[-4:].tolist()) == {0, 1, 2, 3}


def test_a_text_is_close_by_words_that_no_paper_at_hand_has(space: Space) -> None:
    sought = space.of_query("redshift of quasars")

    assert not (space.papers.exact @ sought.exact.toarray()[0]).any()
    meaning, _ = space.cosines(sought.latent[0])
    assert set(np.argsort(meaning)[-4:].tolist()) == {0, 1, 2, 3}


def test_words_that_nobody_knows_are_nothing(space: Space) -> None:
    sought = space.of_query("asdfgh qwertz")

    assert sought.exact.nnz == 0
    assert not sought.latent.any()


def test_what_people_say_around_their_subject_is_not_sought(space: Space) -> None:
    framed = space.of_query("I work on topics in the field of galaxies")

    assert np.array_equal(framed.exact.toarray(), space.of_query("galaxies").exact.toarray())


def test_a_title_counts_more_than_an_abstract(space: Space) -> None:
    titled, told = space.of_papers([Text("robots", "galaxies"), Text("galaxies", "robots")]).exact

    robots = space.terms.index("robot")
    assert titled.toarray().ravel()[robots] > told.toarray().ravel()[robots] > 0


def test_a_word_of_every_paper_counts_less_than_one_of_a_few() -> None:
    everywhere = Space([Text("", f"galaxies robots{' proteins' * (n == 0)}") for n in range(200)])

    row = everywhere.of_query("galaxies proteins").exact.toarray()[0]
    assert row[everywhere.terms.index("protein")] > 2 * row[everywhere.terms.index("galaxi")] > 0


def test_papers_are_most_like_themselves_and_then_like_those_of_their_subject(
    space: Space,
) -> None:
    likeness = space.likeness

    assert np.allclose(likeness.diagonal(), 1, atol=1e-4)
    assert np.allclose(likeness, likeness.T, atol=1e-5)
    for row in range(len(PAPERS)):
        nearest = np.argsort(-likeness[row], kind="stable")[:4]
        assert {n // 4 for n in nearest.tolist()} == {row // 4}


def test_the_same_papers_make_the_same_space(space: Space) -> None:
    again = Space(PAPERS)

    assert again.terms == space.terms
    assert np.array_equal(again.papers.latent, space.papers.latent)
    assert np.array_equal(again.papers.exact.toarray(), space.papers.exact.toarray())


def test_a_row_is_that_of_its_paper(space: Space) -> None:
    terms, weights = space.row(5)

    row = space.papers.exact.toarray()[5]
    assert np.array_equal(row[terms], weights)
    assert row.sum() == pytest.approx(weights.sum())


NOTHING, SOME = Text("", ""), Text("Robots", "Robots grasp things.")


@pytest.mark.parametrize(
    "papers",
    [
        pytest.param([], id="no papers"),
        pytest.param([NOTHING], id="an empty one"),
        pytest.param([NOTHING] * 5, id="empty ones"),
        pytest.param([SOME], id="one"),
        pytest.param([SOME] * 2, id="the same twice"),
        pytest.param([SOME] * 50, id="the same fifty times"),
        pytest.param([SOME, NOTHING, Text("The", "of and")], id="stop words"),
        pytest.param([Text("机器人", "机器人学习"), SOME], id="Chinese"),
        pytest.param([Text("x" * 100_000, "robot " * 20_000), SOME, SOME], id="huge"),
        pytest.param([Text("\ud800 🤖", "\x00 nan inf NaN"), SOME], id="odd letters"),
    ],
)
def test_a_space_of_any_papers_holds_numbers(papers: list[Text]) -> None:
    space = Space(papers)

    for vectors in (space.papers, space.of_papers([SOME, NOTHING]), space.of_query("robots")):
        assert np.isfinite(vectors.exact.data).all()
        assert np.isfinite(vectors.latent).all()
        assert (np.linalg.norm(vectors.latent, axis=1) < 1.5).all()
    assert space.papers.exact.shape[0] == len(papers)
    assert space.likeness.shape == (len(papers), len(papers))
    assert np.isfinite(space.likeness).all()


def test_papers_that_say_the_same_are_alike_whatever_rounding_leaves() -> None:
    space = Space([SOME] * 7)

    assert np.ptp(space.likeness) < 1e-3


@settings(deadline=None, max_examples=20)
@given(st.lists(st.builds(Text, st.text(max_size=20), st.text(max_size=60)), max_size=5))
def test_a_space_of_whatever_is_written_holds_numbers(papers: list[Text]) -> None:
    space = Space(papers)

    assert np.isfinite(space.papers.exact.data).all()
    assert np.isfinite(space.papers.latent).all()
    assert np.isfinite(space.likeness).all()

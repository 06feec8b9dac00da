"""The papers that a new reader is asked to rate."""

import numpy as np
import pytest

from digest.match import varied
from tests.offers import SUBJECTS, a_day, an_edition, on, paper


def subjects(rows: list[int], each: int = 4) -> list[int]:
    """Return which of `SUBJECTS` the rows of `a_day` are about, by their number."""
    return [row // each for row in rows]


def test_papers_to_rate_are_of_all_kinds_before_one_kind_comes_twice() -> None:
    rows = varied(a_day(), len(SUBJECTS))

    assert sorted(subjects(rows)) == list(range(len(SUBJECTS)))


def test_the_first_stands_for_most() -> None:
    many = [on("robots", turn) for turn in range(6)]
    others = [on(subject, 7) for subject in ("galaxies", "proofs", "speech")]
    edition = an_edition(*(paper(text.title, abstract=text.abstract) for text in others + many))

    [first] = varied(edition, 1)

    assert first >= len(others)


@pytest.mark.parametrize("count", [0, 1, 12, 40, 100])
def test_there_are_as_many_as_asked_for_if_there_are_and_none_twice(count: int) -> None:
    rows = varied(a_day(), count)

    assert len(rows) == len(set(rows)) == min(count, 40)


def test_papers_that_were_rated_are_left_out() -> None:
    edition = a_day()
    rated = {int(edition.paper_ids[row]) for row in varied(edition, 5)}

    rows = varied(edition, 40, leave_out=rated)

    assert rated.isdisjoint(int(edition.paper_ids[row]) for row in rows)
    assert len(rows) == 35


def test_they_are_the_same_each_time() -> None:
    assert varied(a_day(), 12) == varied(a_day(), 12)


@pytest.mark.parametrize(
    "papers",
    [
        pytest.param([], id="none"),
        pytest.param([paper("", abstract="")] * 3, id="empty ones"),
        pytest.param([paper("Alpha", abstract="Beta.")] * 6, id="all the same"),
        pytest.param([paper()], id="one"),
    ],
)
def test_whatever_is_on_offer_there_is_a_choice(papers: list[dict[str, object]]) -> None:
    rows = varied(an_edition(*papers), 4)

    assert len(rows) == min(4, len(papers))
    assert np.isfinite(rows).all()

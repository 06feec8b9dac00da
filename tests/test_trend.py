from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digest.trend import Signals, scores

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)

SIGNALS = st.builds(
    Signals,
    first_seen_at=st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 21)).map(  # noqa: DTZ001
        lambda moment: moment.replace(tzinfo=UTC)
    ),
    upvotes=st.integers(0, 5000),
    comments=st.integers(0, 500),
)


@given(st.lists(SIGNALS))
def test_there_is_one_score_a_paper_between_nought_and_one(papers: list[Signals]) -> None:
    found = scores(papers, NOW)

    assert found.shape == (len(papers),)
    assert found.dtype == np.float32
    assert ((found > 0) & (found < 1)).all()


@given(SIGNALS, st.integers(0, 1000), st.integers(0, 1000))
def test_more_votes_never_lower_a_paper(paper: Signals, upvotes: int, comments: int) -> None:
    louder = Signals(paper.first_seen_at, paper.upvotes + upvotes, paper.comments + comments)

    before, after = scores([paper, louder], NOW)

    assert after >= before


@given(SIGNALS, st.floats(0, 1000))
def test_an_older_paper_never_stands_higher_for_its_age(paper: Signals, hours: float) -> None:
    older = paper._replace(first_seen_at=paper.first_seen_at - timedelta(hours=hours))

    young, old = scores([paper, older], NOW)

    assert old <= young


@given(st.lists(SIGNALS, min_size=1))
def test_a_score_does_not_hang_on_the_company_it_is_in(papers: list[Signals]) -> None:
    together = scores(papers, NOW)

    alone = np.concatenate([scores([paper], NOW) for paper in papers])

    assert np.allclose(together, alone, rtol=1e-6)


def test_a_fresh_paper_without_votes_ties_with_one_that_had_nine_yesterday() -> None:
    fresh, yesterdays = scores([Signals(NOW, 0, 0), Signals(NOW - timedelta(days=1), 9, 0)], NOW)

    assert np.isclose(fresh, yesterdays)

"""
The laws of a trend, over made-up histories.

"Never lowers" is meant but for rounding: a score is a float32.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.orm import Session

from digest import edition, trend
from digest.library import Seen
from digest.models import Sighting
from tests import make

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
ROUNDING = 1e-6

History = list[Seen]
"""The sightings of one paper; its place among the histories is its id."""

Scores = npt.NDArray[np.float32]


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def seen(
    hours: float = 0,
    upvotes: int | None = None,
    comments: int | None = None,
    stars: int | None = None,
    source: str = "hf",
) -> Seen:
    return Seen(0, source, ago(hours), upvotes, comments, stars)


def sightings(
    histories: Sequence[History], likes: Mapping[int, int] | None = None
) -> trend.Sightings:
    rows = [each._replace(paper_id=n) for n, rows in enumerate(histories) for each in rows]
    first = {
        n: min((each.seen_at for each in rows), default=NOW) for n, rows in enumerate(histories)
    }
    return trend.gather(rows, first, likes)


def scores(histories: Sequence[History], likes: Mapping[int, int] | None = None) -> Scores:
    return trend.scores(sightings(histories, likes), NOW)


def same_order(before: Scores, after: Scores) -> bool:
    """Tell whether no two that stood clearly apart have changed places."""
    clearly = before[:, None] > before + ROUNDING
    return bool((after[:, None] >= after - ROUNDING)[clearly].all())


def counting(row: Seen, count: str, number: int | None) -> Seen:
    counts: dict[str, Any] = {count: number}
    return row._replace(**counts)


HOURS = st.integers(0, 31 * 24) | st.integers(0, 36)
COUNT = st.integers(0, 300)

# What each source counts is the source's, and so the same for all of its papers.
SIGHTING = st.one_of(
    st.builds(seen, HOURS, COUNT, COUNT, st.none() | COUNT, st.just("hf")),
    st.builds(seen, HOURS, COUNT, st.none(), st.none(), st.just("forum")),
    st.builds(seen, HOURS, st.none(), st.none(), st.none(), st.just("arxiv")),
    st.builds(seen, HOURS, st.none(), st.none(), st.none(), st.just(trend.CURATOR)),
)
HISTORY = st.lists(SIGHTING, max_size=5)
HISTORIES = st.lists(HISTORY, min_size=1, max_size=8)


@given(st.lists(HISTORY, max_size=8))
def test_there_is_one_score_a_paper_between_nought_and_one(histories: list[History]) -> None:
    found = scores(histories)

    assert found.shape == (len(histories),)
    assert found.dtype == np.float32
    assert ((found > 0) & (found < 1)).all()


@given(HISTORIES, st.randoms())
def test_the_order_in_which_sightings_are_read_does_not_matter(
    histories: list[History], random: Random
) -> None:
    shuffled = [random.sample(rows, len(rows)) for rows in histories]

    assert np.allclose(scores(shuffled), scores(histories), atol=ROUNDING)


@given(HISTORIES)
def test_the_same_sightings_give_the_same_scores(histories: list[History]) -> None:
    assert (scores(histories) == scores(histories)).all()


def raised(rows: History, source: str, count: str, more: Sequence[int]) -> History:
    """Return *rows* with *more* of one count at each of the source's sightings, oldest first."""
    rows = sorted(rows, key=lambda each: each.seen_at)
    growing = iter(more)
    return [
        counting(each, count, getattr(each, count) + next(growing))
        if each.source == source and getattr(each, count) is not None
        else each
        for each in rows
    ]


@given(
    HISTORIES,
    st.sampled_from([("hf", "upvotes"), ("hf", "comments"), ("hf", "stars"), ("forum", "upvotes")]),
    st.lists(st.integers(0, 50), min_size=5, max_size=5),
)
# Raised at the last sighting alone, and at all of them alike.
@example([[seen(9, 3, 0), seen(1, 5, 0)], [seen(9, 4, 0)]], ("hf", "upvotes"), [0, 7, 0, 0, 0])
@example([[seen(90, 0, 0), seen(1, 9, 0)], [seen(9, 4, 0)]], ("hf", "upvotes"), [7, 0, 0, 0, 0])
def test_more_votes_never_lower_a_paper(
    histories: list[History], counted: tuple[str, str], more: list[int]
) -> None:
    # Votes stay once they are given: what is more at one sighting is more at all later ones.
    # (More at an earlier one alone means fewer since, and a slower paper.)
    louder = [raised(histories[0], *counted, list(accumulate(more))), *histories[1:]]

    before, after = scores(histories), scores(louder)

    assert after[0] >= before[0] - ROUNDING
    assert (after[1:] <= before[1:] + ROUNDING).all()


@given(HISTORIES, SIGHTING, HOURS)
def test_another_source_never_lowers_a_paper(others: list[History], only: Seen, hours: int) -> None:
    also = seen(hours, source="elsewhere")

    before, *_ = scores([[only], *others])
    after, *_ = scores([[only, also], *others])

    assert after >= before


@given(HISTORIES, st.integers(0, 9), st.integers(1, 9))
def test_likes_here_never_lower_a_paper_and_change_no_other(
    histories: list[History], likes: int, more: int
) -> None:
    before, after = scores(histories, {0: likes}), scores(histories, {0: likes + more})

    assert after[0] >= before[0]
    assert (after[1:] == before[1:]).all()


@given(
    st.lists(st.tuples(HOURS, COUNT, COUNT), min_size=1, max_size=8),
    st.integers(0, 500),
    st.sampled_from(["stars", "comments"]),
)
def test_a_count_that_is_the_same_for_all_says_as_much_as_none(
    papers: list[tuple[int, int, int]], everybodys: int, count: str
) -> None:
    histories = [[seen(hours, upvotes)] for hours, upvotes, _ in papers]
    with_count = [[counting(row, count, everybodys) for row in rows] for rows in histories]

    assert np.allclose(scores(with_count), scores(histories), atol=ROUNDING)


@given(
    st.lists(st.integers(0, 5000), min_size=2, max_size=9),
    st.integers(0, 200),
    st.sampled_from(["upvotes", "comments", "stars"]),
)
def test_a_paper_whose_source_does_not_count_stands_neither_above_nor_below_all_others(
    counts: list[int], hours: int, count: str
) -> None:
    counted = [[counting(seen(hours), count, number)] for number in counts]

    *found, silent = scores([*counted, [seen(hours, source="arxiv")]])

    assert min(found) - ROUNDING <= silent <= max(found) + ROUNDING


def scaled_by(times: int, row: Seen) -> Seen:
    for count in ("upvotes", "comments", "stars"):
        number = getattr(row, count)
        row = counting(row, count, None if number is None else number * times)
    return row


@given(HISTORIES, st.sampled_from(["hf", "forum"]), st.sampled_from([2, 10, 1000]))
def test_scales_of_sources_do_not_matter(histories: list[History], source: str, times: int) -> None:
    scaled = [
        [scaled_by(times, each) if each.source == source else each for each in rows]
        for rows in histories
    ]

    before, after = scores(histories), scores(scaled)

    assert np.allclose(before, after, atol=ROUNDING)
    assert same_order(before, after)


@given(HISTORIES, st.sampled_from(["hf", "forum", "arxiv"]), HOURS)
def test_a_source_that_is_down_changes_nothing_among_the_papers_of_others(
    histories: list[History], source: str, down_for: int
) -> None:
    lost = [
        [each for each in rows if each.source != source or each.seen_at < ago(down_for)]
        for rows in histories
    ]
    others = [n for n, rows in enumerate(histories) if all(r.source != source for r in rows)]

    assert (scores(histories)[others] == scores(lost)[others]).all()


@given(HISTORIES, st.integers(0, 48))
def test_where_all_sources_are_down_the_counts_just_fade(
    histories: list[History], hours: int
) -> None:
    found = trend.scores(sightings(histories), NOW)

    later = trend.scores(sightings(histories), NOW + timedelta(hours=hours))

    assert (later <= found + ROUNDING).all()


@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=60),
    st.integers(24, 40),
)
def test_a_fresh_paper_without_votes_is_not_buried_under_yesterdays_favourites(
    votes: list[int], hours: int
) -> None:
    yesterdays = [[seen(hours, each, each, each)] for each in votes]

    *others, fresh = scores([*yesterdays, [seen(0, 0, 0, 0)]])

    # Not even a day with nothing but outliers has more of them.
    assert sum(other > fresh + ROUNDING for other in others) <= len(votes) / 8 + 1


def test_only_what_had_eight_times_the_usual_stands_above_a_fresh_paper_without_votes() -> None:
    usual = [[seen(24, 10, 10, 10)] for _ in range(500)]
    favourites = [[seen(24, 70, 70, 70)], [seen(24, 90, 90, 90)]]

    *_, seven, nine, fresh = scores([*usual, *favourites, [seen(0, 0, 0, 0)]])

    assert seven < fresh < nine


def test_an_old_paper_that_gathers_votes_again_can_lead() -> None:
    todays = [[seen(3, votes)] for votes in (0, 2, 5, 9, 12)]
    forgotten = [seen(20 * 24, 40)]

    before = scores([*todays, forgotten])
    after = scores([*todays, [*forgotten, seen(0, 140)]])

    assert before.argmin() == 5
    assert after.argmax() == 5


def test_an_old_paper_that_another_source_shows_is_fresh_again() -> None:
    old = [seen(20 * 24, source="arxiv")]

    forgotten, shown_again, fresh = scores(
        [old, [*old, seen(0, source="list")], [seen(0, source="arxiv")]]
    )

    assert forgotten < fresh < shown_again


def test_an_old_paper_that_the_curator_picks_stands_above_a_fresh_one() -> None:
    old = [seen(20 * 24, source="arxiv")]

    picked, twice, fresh = scores(
        [
            [*old, seen(1, source=trend.CURATOR)],
            [*old, seen(15 * 24, source=trend.CURATOR), seen(1, source=trend.CURATOR)],
            [seen(1, source="arxiv")],
        ]
    )

    assert picked == twice > fresh


def test_votes_that_came_lately_weigh_more_than_the_same_of_this_morning() -> None:
    early, late, bystander = [seen(10, 40), seen(1, 40)], [seen(10, 0), seen(1, 40)], [seen(10, 20)]

    slowing, gathering, _ = scores([early, late, bystander])

    assert gathering > slowing


def test_a_vote_that_is_taken_back_and_given_again_is_no_new_one() -> None:
    steady = [seen(20, 40), seen(2, 40), seen(1, 40)]
    wavering = [seen(20, 40), seen(2, 10), seen(1, 40)]

    first, second, _ = scores([steady, wavering, [seen(5, 30)]])

    assert first == second


def test_a_typical_paper_scores_one_half_when_it_is_shown() -> None:
    assert np.allclose(scores([[seen(0, 12, 3, 700)] for _ in range(9)]), 0.5)


def test_a_paper_without_sightings_is_as_old_as_it_was_first_seen() -> None:
    found = trend.scores(trend.gather([], {7: NOW, 3: ago(12), 5: ago(24)}), NOW)

    assert (np.diff(found) < 0).all()


def test_sightings_of_other_papers_are_left_out() -> None:
    gathered = trend.gather([Seen(1, "hf", NOW, 3, 1, None), Seen(2, "hf", NOW, 9, 9, 9)], {1: NOW})

    assert gathered.most("upvotes").tolist() == [3]
    assert gathered.most("stars").tolist() == [0]


def test_an_edition_reads_all_sightings_in_one_query(session: Session) -> None:
    for upvotes in range(9):
        make.paper(session, now=ago(upvotes), upvotes=upvotes)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(session.connection(), "before_cursor_execute", note)
    edition.build(session, NOW)

    assert sum("FROM sighting" in statement for statement in statements) == 1


def test_an_edition_puts_what_gathers_votes_before_what_had_them(session: Session) -> None:
    resting, rising = (make.paper(session, now=ago(30), upvotes=upvotes).id for upvotes in (60, 20))
    for paper_id in (resting, rising):
        session.add(
            Sighting(
                paper_id=paper_id, source="huggingface", seen_at=NOW, day=NOW.date(), upvotes=60
            )
        )

    built = edition.build(session, NOW)

    assert [card.paper_id for card in built.cards] == [rising, resting]
    assert [card.upvotes for card in built.cards] == [60, 60]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], ""),
        ([seen(3)], ""),
        ([seen(3, 0)], ""),
        ([seen(3, 12)], "▲ 12"),
        ([seen(30, 144), seen(6, 144), seen(0, 184)], "▲ 184, 40 in the last 6 hours"),
        ([seen(30, 100), seen(9, 144), seen(0, 184)], "▲ 184, 40 in the last 9 hours"),
        ([seen(47, 10), seen(0, 1184)], "▲ 1,184, 1,174 in the last 47 hours"),
        ([seen(24 * 5, 10), seen(1, 12)], "▲ 12, 2 in the last 5 days"),
        ([seen(9, 12), seen(0, 12)], "▲ 12"),
        # Taken back since: nothing is new.
        ([seen(9, 12), seen(0, 11)], "▲ 12"),
        # Nobody knows how many of its votes a source had before it was asked first.
        ([seen(9, 12), seen(0, 50, source="forum")], "▲ 50"),
        ([seen(9, None, 4), seen(7, 3), seen(2, 5)], "▲ 5, 2 in the last 7 hours"),
        ([seen(9, 3), seen(7), seen(2, 5)], "▲ 5, 2 in the last 9 hours"),
        ([seen(9), seen(2, 5)], "▲ 5"),
        ([seen(-1, 90), seen(1, 3)], "▲ 3"),
    ],
)
def test_a_trend_can_be_said_in_words(rows: History, words: str) -> None:
    assert trend.in_words(rows, NOW) == words


@given(HISTORY, st.randoms())
def test_words_can_be_found_for_any_history(rows: History, random: Random) -> None:
    shuffled = random.sample(rows, len(rows))

    assert trend.in_words(shuffled, NOW) == trend.in_words(rows, NOW)

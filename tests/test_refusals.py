"""What one domain refuses is about an address; what several refuse in a row is about us."""

from datetime import UTC, datetime, timedelta

from digest.database import Sessions
from digest.delivery import refusals

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


def test_refusals_that_are_long_apart_say_nothing_of_us(sessions: Sessions) -> None:
    earlier = NOW - refusals.WITHIN - timedelta(seconds=1)
    before = refusals.note(sessions, [(1, "a.example"), (2, "b.example")], earlier)

    afterwards = refusals.note(sessions, [(3, "c.example"), (4, "d.example")], NOW)

    assert (before, afterwards) == ([], [])


def test_all_that_were_refused_in_a_row_are_told_though_they_came_one_by_one(
    sessions: Sessions,
) -> None:
    refusals.note(sessions, [(1, "a.example"), (2, "a.example")], NOW - refusals.WITHIN / 2)
    refusals.note(sessions, [(3, "b.example")], NOW)

    assert refusals.note(sessions, [(4, "c.example")], NOW) == [1, 2, 3, 4]


def test_what_was_told_once_is_not_told_again_with_what_others_refuse(
    sessions: Sessions,
) -> None:
    refusals.note(sessions, [(1, "a.example"), (2, "b.example"), (3, "c.example")], NOW)

    again = refusals.note(sessions, [(4, "d.example"), (5, "e.example"), (6, "f.example")], NOW)

    assert again == [4, 5, 6]

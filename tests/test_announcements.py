"""When arXiv announces papers, and when nobody should wait for any."""

from datetime import UTC, date, datetime

import pytest

from digest.sources.announcements import announced, eastern_day, holiday


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 2), True),  # Monday: Sunday evening's
        (date(2026, 3, 6), True),  # Friday: Thursday evening's
        (date(2026, 3, 7), False),
        (date(2026, 3, 8), False),
        (date(2026, 9, 7), True),  # Labor Day itself shows what came on Sunday evening
        (date(2026, 9, 8), False),  # and on its evening nothing comes
        (date(2025, 6, 20), False),  # Juneteenth's evening
        (date(2025, 7, 7), False),  # a Friday off leaves out the Sunday evening
        (date(2026, 6, 22), False),
        (date(2026, 11, 27), False),
        (date(2026, 11, 30), True),
    ],
)
def test_announcements_come_on_the_evening_before(day: date, *, expected: bool) -> None:
    assert announced(day) is expected


def test_the_day_of_a_feed_is_new_york_s() -> None:
    assert eastern_day(datetime(2026, 3, 3, 4, 59, tzinfo=UTC)) == date(2026, 3, 2)
    assert eastern_day(datetime(2026, 3, 3, 5, 0, tzinfo=UTC)) == date(2026, 3, 3)


def test_a_holiday_has_a_name() -> None:
    assert holiday(date(2026, 11, 26)) == "Thanksgiving"
    assert holiday(date(2026, 11, 25)) is None

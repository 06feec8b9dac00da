from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.clock import WEEKDAYS, Cadence, Timetable, last_daily, utc_now, zones

NIGHTS = {
    # zone: the local dates on which the clocks go forward and back
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 29)),
    "America/Nuuk": (date(2026, 3, 28), date(2026, 10, 24)),
}


def timetable(cadence: Cadence = Cadence.DAILY, **facts: Any) -> Timetable:
    return Timetable(**{"cadence": cadence, "days": (), "hour": 7, "zone": "UTC", **facts})


def due_dates(table: Timetable, start: date, count: int) -> list[date]:
    return [table.local_day(moment) for moment in islice(table._due_from(start), count)]


def test_the_present_is_aware_and_in_utc() -> None:
    assert utc_now().tzinfo is UTC


def test_a_daily_reader_is_due_every_day_at_their_own_hour() -> None:
    table = timetable(zone="Asia/Kolkata", hour=7)

    moment = table.first_from(date(2026, 11, 20))

    assert moment == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def test_weekdays_leave_the_weekend_out() -> None:
    table = timetable(Cadence.WEEKDAYS)

    days = due_dates(table, date(2026, 11, 20), 3)

    assert days == [date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)]


def test_chosen_days_come_in_the_order_of_the_calendar() -> None:
    table = timetable(Cadence.DAYS, days=("sun", "tue"))

    days = due_dates(table, date(2026, 11, 20), 3)

    assert days == [date(2026, 11, 22), date(2026, 11, 24), date(2026, 11, 29)]


def test_chosen_days_without_a_day_are_an_error_and_no_endless_search() -> None:
    table = timetable(Cadence.DAYS)

    with pytest.raises(ValueError, match="at least one day"):
        table.first_from(date(2026, 11, 20))


@pytest.mark.parametrize(
    ("days", "weekday"), [((), "mon"), (("thu",), "thu"), (("sat", "wed"), "wed")]
)
def test_a_weekly_digest_comes_on_the_first_chosen_day(days: tuple[str, ...], weekday: str) -> None:
    table = timetable(Cadence.WEEKLY, days=days)

    first, second = due_dates(table, date(2026, 11, 20), 2)

    assert WEEKDAYS[first.weekday()] == weekday
    assert second - first == timedelta(days=7)


def test_a_monthly_digest_comes_on_the_first_such_day_of_each_month() -> None:
    table = timetable(Cadence.MONTHLY, days=("tue",))

    days = due_dates(table, date(2026, 11, 4), 3)

    assert days == [date(2026, 12, 1), date(2027, 1, 5), date(2027, 2, 2)]


@pytest.mark.parametrize("zone", NIGHTS)
@pytest.mark.parametrize("hour", range(24))
def test_each_date_around_a_change_of_the_clocks_has_one_due_moment(zone: str, hour: int) -> None:
    for night in NIGHTS[zone]:
        table = timetable(zone=zone, hour=hour)
        wanted = [night + timedelta(days=n) for n in range(-2, 3)]

        dates = due_dates(table, wanted[0], 5)

        assert dates == wanted


def test_a_skipped_hour_comes_an_hour_later() -> None:
    table = timetable(zone="Europe/Berlin", hour=2)

    moment = table.due_on(date(2026, 3, 29))

    assert moment.astimezone(ZoneInfo("Europe/Berlin")).hour == 3


def test_a_midnight_that_is_skipped_still_belongs_to_the_day_it_begins() -> None:
    table = timetable(zone="Africa/Cairo", hour=0)

    moment = table.due_on(date(2026, 4, 24))

    assert moment.astimezone(ZoneInfo("Africa/Cairo")).isoformat() == "2026-04-24T01:00:00+03:00"


def test_a_last_hour_that_is_skipped_comes_earlier_and_stays_on_its_date() -> None:
    table = timetable(zone="America/Nuuk", hour=23)

    moment = table.due_on(date(2026, 3, 28))

    assert moment.astimezone(ZoneInfo("America/Nuuk")).isoformat() == "2026-03-28T22:00:00-02:00"


def test_a_repeated_hour_takes_the_first_of_the_two() -> None:
    table = timetable(zone="America/New_York", hour=1)

    moment = table.due_on(date(2026, 11, 1))

    assert moment == datetime(2026, 11, 1, 5, tzinfo=UTC)


def test_a_day_ends_where_the_next_one_begins() -> None:
    table = timetable(zone="Africa/Cairo")

    end = table.end_of(date(2026, 4, 23))

    assert table.local_day(end) == date(2026, 4, 24)
    assert table.local_day(end - timedelta(microseconds=1)) == date(2026, 4, 23)


TABLES = st.builds(
    Timetable,
    cadence=st.sampled_from(Cadence),
    days=st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(tuple),
    hour=st.integers(0, 23),
    zone=st.sampled_from(sorted(zones())),
)


@given(TABLES, st.dates(date(2024, 1, 1), date(2036, 1, 1)))
@example(timetable(zone="America/Nuuk", hour=23), date(2026, 3, 27))
@example(timetable(zone="America/Scoresbysund", hour=23), date(2026, 3, 27))
def test_due_moments_increase_and_there_is_one_for_each_wanted_date(
    table: Timetable, start: date
) -> None:
    calendar = (start + timedelta(days=n) for n in range(400))
    wanted = list(islice(filter(table.wants, calendar), 6))

    moments = list(islice(table._due_from(start), 6))

    assert [table.local_day(moment) for moment in moments] == wanted
    assert all(earlier < later for earlier, later in pairwise(moments))


@given(TABLES, st.dates(date(2024, 1, 1), date(2036, 1, 1)), st.integers(0, 100 * 24))
def test_after_an_outage_the_last_due_moment_counts(
    table: Timetable, start: date, hours: int
) -> None:
    due = table.first_from(start)
    now = due + timedelta(hours=hours)

    latest = table.latest(due, now)

    following = table.first_from(table.local_day(latest) + timedelta(days=1))
    assert due <= latest <= now < following


def test_a_moment_at_once_stays_until_the_next_due_one() -> None:
    table = timetable(hour=7)
    confirmed = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)

    latest = table.latest(confirmed, confirmed + timedelta(hours=20))

    assert latest == confirmed


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2026, 11, 20, 5, 0, tzinfo=UTC), datetime(2026, 11, 20, 5, tzinfo=UTC)),
        (datetime(2026, 11, 20, 4, 59, tzinfo=UTC), datetime(2026, 11, 19, 5, tzinfo=UTC)),
        (
            datetime(2026, 11, 20, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo")),
            datetime(2026, 11, 19, 5, tzinfo=UTC),
        ),
    ],
)
def test_the_last_daily_moment_is_never_in_the_future(now: datetime, last: datetime) -> None:
    assert last_daily(time(5), now) == last


def test_a_reader_may_choose_names_only_and_none_of_the_machine() -> None:
    assert {"Europe/Berlin", "UTC"} <= zones()
    assert zones().isdisjoint({"localtime", "Factory"})

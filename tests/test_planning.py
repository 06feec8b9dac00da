from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from digest import planning, subscribers
from digest.clock import Cadence
from digest.database import DatabaseNow, Sessions
from digest.delivery import sweep
from digest.models import Delivery, DeliveryKind, DeliveryState, Standing, Subscriber, Suppression
from digest.subscribers import Choices, choices
from tests import make

FRIDAY = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


def digests(sessions: Sessions) -> list[tuple[str, DeliveryState]]:
    with sessions() as session:
        found = session.execute(
            select(Delivery.dedupe_key, Delivery.state)
            .where(Delivery.kind == DeliveryKind.DIGEST)
            .order_by(Delivery.id)
        )
        return [(key, state) for key, state in found]


def all_are_sent(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.state == DeliveryState.PENDING)
            .values(state=DeliveryState.SENT)
        )


def next_due(sessions: Sessions) -> datetime | None:
    with sessions() as session:
        return session.scalars(select(Subscriber.next_due_at)).one()


def the_reader(session: Session) -> Subscriber:
    return session.scalars(select(Subscriber).with_for_update()).one()


def pending_reader(sessions: Sessions, **facts: Any) -> None:
    with sessions.begin() as session:
        make.subscriber(session, standing=Standing.PENDING, confirmed_at=None, **facts)


def confirm(sessions: Sessions, now: datetime) -> subscribers.Confirmed:
    with sessions.begin() as session:
        return subscribers.confirm(session, the_reader(session), Choices(), now=now)


def reader_due(sessions: Sessions, at: datetime, **facts: Any) -> None:
    with sessions.begin() as session:
        make.subscriber(session, next_due_at=at, **facts)


SENT, PENDING, SKIPPED = DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.SKIPPED


def test_confirming_makes_the_first_digest_due_at_once(sessions: Sessions) -> None:
    pending_reader(sessions)
    now = FRIDAY - timedelta(hours=3)

    confirmed = confirm(sessions, now)
    swept = sweep(sessions, now)

    assert confirmed.first_now
    assert swept.planned == 1
    assert digests(sessions) == [("2026-11-20", PENDING)]


def test_the_first_digest_takes_the_place_of_the_one_of_that_day(sessions: Sessions) -> None:
    pending_reader(sessions)
    confirm(sessions, FRIDAY - timedelta(hours=3))
    sweep(sessions, FRIDAY - timedelta(hours=3))
    all_are_sent(sessions)

    swept = sweep(sessions, FRIDAY)

    assert swept.planned == 0
    assert next_due(sessions) == FRIDAY + timedelta(days=1)


def test_a_first_digest_comes_before_the_others(sessions: Sessions) -> None:
    pending_reader(sessions)
    confirm(sessions, FRIDAY)
    sweep(sessions, FRIDAY)
    all_are_sent(sessions)

    sweep(sessions, FRIDAY + timedelta(days=1))

    with sessions() as session:
        priorities = session.scalars(select(Delivery.priority).order_by(Delivery.id)).all()
    assert priorities == [1, 2]


ALMOST_MIDNIGHT = datetime(2026, 11, 20, 23, 59, 55, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)


def test_confirmed_just_before_midnight_and_swept_before_it_both_days_have_their_digest(
    sessions: Sessions,
) -> None:
    pending_reader(sessions, hour=0)
    confirm(sessions, ALMOST_MIDNIGHT)

    sweep(sessions, ALMOST_MIDNIGHT + timedelta(seconds=1))
    all_are_sent(sessions)
    for seconds in range(0, 60, 10):
        sweep(sessions, MIDNIGHT + timedelta(seconds=seconds))

    assert digests(sessions) == [("2026-11-20", SENT), ("2026-11-21", PENDING)]


def test_confirmed_just_before_midnight_and_swept_after_it_tomorrows_is_not_lost(
    sessions: Sessions,
) -> None:
    pending_reader(sessions, hour=0)
    confirm(sessions, ALMOST_MIDNIGHT)

    for seconds in range(5, 60, 10):
        sweep(sessions, MIDNIGHT + timedelta(seconds=seconds))
        all_are_sent(sessions)
    sweep(sessions, MIDNIGHT + timedelta(days=1))

    assert digests(sessions) == [("2026-11-21", SENT), ("2026-11-22", PENDING)]


def test_confirmed_just_before_midnight_and_swept_late_the_key_is_of_the_due_moment(
    sessions: Sessions,
) -> None:
    pending_reader(sessions, hour=7)
    confirm(sessions, ALMOST_MIDNIGHT)

    sweep(sessions, MIDNIGHT + timedelta(seconds=5))

    assert digests(sessions) == [("2026-11-20", PENDING)]
    assert next_due(sessions) == datetime(2026, 11, 21, 7, tzinfo=UTC)


def prefer(sessions: Sessions, chosen: Choices, now: datetime) -> None:
    with sessions.begin() as session:
        subscribers.prefer(session, the_reader(session), chosen, now=now)


def test_a_save_plans_what_was_due_by_the_old_timetable_first(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)

    prefer(sessions, choices(hour=20), FRIDAY + timedelta(seconds=3))

    assert digests(sessions) == [("2026-11-20", PENDING)]


def test_a_save_makes_no_second_digest_for_that_date(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)
    prefer(sessions, choices(hour=20), FRIDAY + timedelta(seconds=3))
    all_are_sent(sessions)

    for hours in (0, 13, 14, 20):
        sweep(sessions, FRIDAY + timedelta(hours=hours, seconds=5))

    assert digests(sessions) == [("2026-11-20", SENT)]
    assert next_due(sessions) == datetime(2026, 11, 21, 20, tzinfo=UTC)


def test_a_save_to_an_earlier_hour_gives_todays_digest_at_once(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)
    early = FRIDAY - timedelta(hours=2)

    prefer(sessions, choices(hour=4), early)
    sweep(sessions, early)

    assert digests(sessions) == [("2026-11-20", PENDING)]


def test_a_save_of_topics_alone_leaves_the_timetable(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY + timedelta(days=3))

    prefer(sessions, choices(keywords=["protein folding"]), FRIDAY)

    assert next_due(sessions) == FRIDAY + timedelta(days=3)


def test_a_save_to_another_zone_gives_one_digest_for_each_date(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)
    sweep(sessions, FRIDAY)
    all_are_sent(sessions)

    prefer(sessions, choices(zone="America/New_York"), FRIDAY + timedelta(minutes=1))
    for hours in range(0, 48, 6):
        sweep(sessions, FRIDAY + timedelta(hours=hours, minutes=2))
        all_are_sent(sessions)

    assert [key for key, _ in digests(sessions)] == ["2026-11-20", "2026-11-21"]


def test_a_save_while_paused_makes_nothing_due(sessions: Sessions) -> None:
    with sessions.begin() as session:
        make.subscriber(session, standing=Standing.PAUSED)

    prefer(sessions, choices(hour=3), FRIDAY)

    assert next_due(sessions) is None


def test_three_days_of_outage_give_one_digest(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)

    for hours in (73, 74, 90):
        sweep(sessions, FRIDAY + timedelta(hours=hours))
        all_are_sent(sessions)

    assert digests(sessions) == [("2026-11-23", SENT)]


@pytest.mark.parametrize("hours", [0.01, 5, 19.9])
def test_an_outage_gives_the_days_digest_exactly_once(sessions: Sessions, hours: float) -> None:
    """Row 13."""
    reader_due(sessions, FRIDAY)

    for seconds in (0, 10, 20):
        sweep(sessions, FRIDAY + timedelta(hours=hours, seconds=seconds))
        all_are_sent(sessions)

    assert digests(sessions) == [("2026-11-20", SENT)]
    assert next_due(sessions) == FRIDAY + timedelta(days=1)


def test_a_pause_that_ends_makes_that_days_digest_due_at_its_hour(sessions: Sessions) -> None:
    with sessions.begin() as session:
        make.subscriber(session, standing=Standing.PAUSED, paused_until=date(2026, 11, 20))

    too_early = sweep(sessions, datetime(2026, 11, 19, 23, 59, tzinfo=UTC))
    at_midnight = sweep(sessions, datetime(2026, 11, 20, tzinfo=UTC))
    at_the_hour = sweep(sessions, FRIDAY)

    assert [too_early.planned, at_midnight.planned, at_the_hour.planned] == [0, 0, 1]


def test_a_pause_ends_on_the_readers_own_calendar(sessions: Sessions) -> None:
    with sessions.begin() as session:
        make.subscriber(
            session,
            standing=Standing.PAUSED,
            paused_until=date(2026, 11, 20),
            zone="Pacific/Kiritimati",
            hour=0,
        )

    swept = sweep(sessions, datetime(2026, 11, 19, 10, tzinfo=UTC))

    assert swept.planned == 1
    assert digests(sessions) == [("2026-11-20", PENDING)]


def test_a_pause_without_an_end_lasts(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)
    with sessions.begin() as session:
        subscribers.pause(the_reader(session), None)

    swept = sweep(sessions, FRIDAY + timedelta(days=400))

    assert swept.planned == 0


def test_resuming_after_the_hour_gives_todays_digest_still(sessions: Sessions) -> None:
    with sessions.begin() as session:
        make.subscriber(session, standing=Standing.PAUSED)
    with sessions.begin() as session:
        subscribers.resume(the_reader(session), now=FRIDAY + timedelta(hours=5))

    sweep(sessions, FRIDAY + timedelta(hours=5))

    assert digests(sessions) == [("2026-11-20", PENDING)]


def test_pausing_and_resuming_after_the_digest_gives_no_second_one(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)
    sweep(sessions, FRIDAY)
    all_are_sent(sessions)
    with sessions.begin() as session:
        subscribers.pause(the_reader(session), None)
        subscribers.resume(the_reader(session), now=FRIDAY + timedelta(hours=1))

    sweep(sessions, FRIDAY + timedelta(hours=1))

    assert digests(sessions) == [("2026-11-20", SENT)]
    assert next_due(sessions) == FRIDAY + timedelta(days=1)


def leave_and_come_back(sessions: Sessions, now: datetime) -> subscribers.Confirmed:
    with sessions() as session:
        reader_id, email, hashed = session.execute(
            select(Subscriber.id, Subscriber.email, Subscriber.address_hash)
        ).one()
    subscribers.unsubscribe(sessions, reader_id)
    with sessions.begin() as session:
        subscribers.subscribe(session, email, Choices(), now=now, address_hash=hashed)
    return confirm(sessions, now)


def test_leaving_and_coming_back_on_the_day_of_a_sent_digest_gives_no_second(
    sessions: Sessions,
) -> None:
    reader_due(sessions, FRIDAY)
    sweep(sessions, FRIDAY)
    all_are_sent(sessions)

    confirmed = leave_and_come_back(sessions, FRIDAY + timedelta(hours=1))
    sweep(sessions, FRIDAY + timedelta(hours=1))

    assert not confirmed.first_now
    assert confirmed.next_due_at == FRIDAY + timedelta(days=1)
    assert digests(sessions) == [("2026-11-20", SENT)]


def test_leaving_and_coming_back_before_it_was_sent_keeps_the_same_row(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)
    sweep(sessions, FRIDAY)

    confirmed = leave_and_come_back(sessions, FRIDAY + timedelta(hours=1))
    sweep(sessions, FRIDAY + timedelta(hours=1))

    assert confirmed.first_now
    assert digests(sessions) == [("2026-11-20", PENDING)]


def test_an_older_pending_digest_is_superseded(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY)
    sweep(sessions, FRIDAY)

    sweep(sessions, FRIDAY + timedelta(days=1))

    assert digests(sessions) == [("2026-11-20", SKIPPED), ("2026-11-21", PENDING)]


@pytest.mark.parametrize("state", [DeliveryState.CLAIMED, DeliveryState.SENDING])
def test_a_digest_waits_until_the_open_one_is_through(
    sessions: Sessions, state: DeliveryState
) -> None:
    with sessions.begin() as session:
        reader = make.subscriber(session, next_due_at=FRIDAY)
        make.delivery(session, reader, dedupe_key="2026-11-19", state=state)

    while_open = sweep(sessions, FRIDAY)
    with sessions.begin() as session:
        session.execute(update(Delivery).values(state=DeliveryState.SENT))
    afterwards = sweep(sessions, FRIDAY + timedelta(seconds=10))

    assert [while_open.planned, afterwards.planned] == [0, 1]
    assert digests(sessions) == [("2026-11-19", SENT), ("2026-11-20", PENDING)]


def test_a_digest_whose_outcome_is_unknown_does_not_hold_the_next_one_up(
    sessions: Sessions,
) -> None:
    with sessions.begin() as session:
        reader = make.subscriber(session, next_due_at=FRIDAY)
        make.delivery(
            session,
            reader,
            dedupe_key="2026-11-19",
            state=DeliveryState.UNKNOWN,
            sending_at=DatabaseNow(),
        )

    swept = sweep(sessions, FRIDAY)

    assert swept.planned == 1


def test_planning_again_changes_nothing(sessions: Sessions) -> None:
    """Row 6."""
    reader_due(sessions, FRIDAY)

    counts = [sweep(sessions, FRIDAY).planned for _ in range(3)]

    assert counts == [1, 0, 0]


@pytest.mark.parametrize(
    ("cadence", "days", "keys"),
    [
        (Cadence.WEEKLY, ["wed"], ["2026-11-25", "2026-12-02", "2026-12-09"]),
        (Cadence.MONTHLY, [], ["2026-12-07"]),
        (Cadence.DAYS, ["tue", "sat"], ["2026-11-21", "2026-11-24", "2026-11-28", "2026-12-01"]),
        (Cadence.WEEKDAYS, [], ["2026-11-20", "2026-11-23", "2026-11-24", "2026-11-25"]),
    ],
)
def test_each_cadence_gives_digests_on_its_days_only(
    sessions: Sessions, cadence: Cadence, days: list[str], keys: list[str]
) -> None:
    reader_due(sessions, FRIDAY + timedelta(days=365), cadence=Cadence.DAILY)
    chosen = choices(cadence=cadence, days=days or None)
    prefer(sessions, chosen, FRIDAY - timedelta(minutes=1))

    for day in range(20):
        sweep(sessions, FRIDAY + timedelta(days=day))
        all_are_sent(sessions)

    assert [key for key, _ in digests(sessions)][: len(keys)] == keys


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "America/Nuuk"])
@pytest.mark.parametrize("hour", [0, 2, 23])
def test_both_nights_of_changing_clocks_give_one_digest_a_date(
    sessions: Sessions, zone: str, hour: int
) -> None:
    """Row 14."""
    for start in (date(2026, 3, 27), date(2026, 10, 23)):
        with sessions.begin() as session:
            reader = make.subscriber(session, zone=zone, hour=hour)
            reader.next_due_at = first = reader.timetable.first_from(start)
            reader_id = reader.id
        for hours in range(0, 76, 3):
            sweep(sessions, first + timedelta(hours=hours))
            all_are_sent(sessions)
        with sessions.begin() as session:
            keys = session.scalars(
                select(Delivery.dedupe_key)
                .where(Delivery.subscriber_id == reader_id)
                .order_by(Delivery.id)
            ).all()
            session.get_one(Subscriber, reader_id).next_due_at = None

        assert keys == [(start + timedelta(days=n)).isoformat() for n in range(4)]


@pytest.mark.parametrize(
    "standing", [standing for standing in Standing if standing is not Standing.ACTIVE]
)
def test_only_active_readers_are_planned_for(sessions: Sessions, standing: Standing) -> None:
    reader_due(sessions, FRIDAY, standing=standing)

    swept = sweep(sessions, FRIDAY)

    assert swept.planned == 0


def test_more_readers_than_a_portion_are_all_planned(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for n in range(planning.PORTION + 5):
            make.subscriber(session, next_due_at=FRIDAY - timedelta(seconds=n % 7))

    swept = sweep(sessions, FRIDAY)

    assert swept.planned == swept.waiting == planning.PORTION + 5


def test_a_pending_mail_is_closed_when_its_day_is_over_and_its_reader_has_left(
    sessions: Sessions,
) -> None:
    with sessions.begin() as session:
        for standing in (Standing.UNSUBSCRIBED, Standing.ACTIVE):
            reader = make.subscriber(session, standing=standing)
            make.delivery(session, reader, day_ends_at=FRIDAY)

    before = sweep(sessions, FRIDAY)
    after = sweep(sessions, FRIDAY + timedelta(seconds=1))

    assert [before.skipped, after.skipped] == [0, 1]
    assert [state for _, state in digests(sessions)] == [SKIPPED, PENDING]


def test_a_pending_mail_to_an_address_that_bars_us_is_closed_too(sessions: Sessions) -> None:
    with sessions.begin() as session:
        reader = make.subscriber(session)
        make.delivery(session, reader, day_ends_at=FRIDAY)
        session.add(
            Suppression(
                address_hash=reader.address_hash, reason=Standing.COMPLAINED, at=make.LONG_AGO
            )
        )

    swept = sweep(sessions, FRIDAY + timedelta(seconds=1))

    assert swept.skipped == 1


def test_nobody_has_two_open_digests_whatever_happens_in_a_day(sessions: Sessions) -> None:
    reader_due(sessions, FRIDAY, hour=0, zone="Pacific/Kiritimati")
    for hours, zone in enumerate(("Asia/Tokyo", "UTC", "Pacific/Niue", "Pacific/Kiritimati") * 6):
        now = FRIDAY + timedelta(hours=hours)

        sweep(sessions, now)
        prefer(sessions, choices(zone=zone, hour=hours % 24), now)
        sweep(sessions, now)

        with sessions() as session:
            open_now = session.scalars(
                select(func.count()).where(Delivery.state.in_(planning.OPEN))
            ).one()
        assert open_now <= 1


def test_who_moves_to_where_it_is_yesterday_has_had_the_digest_of_tomorrow(
    sessions: Sessions,
) -> None:
    """Row 14."""
    evening = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    reader_due(sessions, evening)
    sweep(sessions, evening)
    all_are_sent(sessions)
    with sessions.begin() as session:
        moved = choices(zone="America/Los_Angeles")
        subscribers.prefer(session, the_reader(session), moved, now=evening)

    for hours in range(48):
        sweep(sessions, evening + timedelta(hours=hours))
        all_are_sent(sessions)

    assert digests(sessions) == [("2026-11-22", SENT), ("2026-11-23", SENT)]


def test_a_digest_of_a_far_date_that_somebody_tried_out_holds_up_no_other(
    sessions: Sessions,
) -> None:
    reader_due(sessions, FRIDAY)
    sweep(sessions, FRIDAY + timedelta(days=30))
    all_are_sent(sessions)
    with sessions.begin() as session:
        subscribers.prefer(session, the_reader(session), choices(hour=6), now=FRIDAY)

    sweep(sessions, FRIDAY)

    assert digests(sessions) == [("2026-12-20", SENT), ("2026-11-20", PENDING)]

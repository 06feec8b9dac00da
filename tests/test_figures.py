"""What the operator sees is counted once, kept for good, and never wrong by being counted twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from digest import errands, figures, pipeline
from digest.database import DatabaseNow
from digest.figures import Late, Present, Stats
from digest.figures.calendar import days
from digest.models import (
    Bounce,
    Counted,
    DailyFigure,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EventKind,
    EventRow,
    FetchRun,
    Heartbeat,
    Rating,
    Standing,
    Subscriber,
)
from digest.services import Services
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT
from tests import make
from tests.conftest import StoppedClock

TODAY = date(2026, 11, 20)


def counted(services: Services, count: int = 3) -> Stats:
    errands.count_figures(services)
    return seen(services, count)


def seen(services: Services, count: int = 3) -> Stats:
    with services.sessions.begin() as session:
        return figures.stats(session, services.clock(), count)


def now(services: Services) -> Present:
    with services.sessions.begin() as session:
        return figures.present(session, services.clock())


def rows(services: Services) -> dict[tuple[Counted, date, str], int]:
    with services.sessions.begin() as session:
        kept = session.query(DailyFigure.what, DailyFigure.day, DailyFigure.of, DailyFigure.value)
        return {(row[0], row[1], row[2]): row[3] for row in kept}


def decided(
    services: Services,
    state: DeliveryState,
    count: int = 1,
    kind: DeliveryKind = DeliveryKind.DIGEST,
    **facts: object,
) -> None:
    """Add deliveries that were decided on at this moment, each to a reader of its own."""
    with services.sessions.begin() as session:
        for _ in range(count):
            reader = make.subscriber(session)
            told = {"created_at": services.clock(), "state": state, "kind": kind, **facts}
            make.delivery(session, reader, **told)


def moved(services: Services, old: DeliveryState, new: DeliveryState) -> None:
    with services.sessions.begin() as session:
        session.execute(update(Delivery).where(Delivery.state == old).values(state=new))


@pytest.fixture
def quiet(services: Services) -> Services:
    """An installation that has papers of the sample day."""
    pipeline.fetch(services, ["sample"])
    return services


# Counting


def test_readers_are_counted_by_standing_each_day(services: Services, clock: StoppedClock) -> None:
    with services.sessions.begin() as session:
        leaving = make.subscriber(session).id
        make.subscriber(session, standing=Standing.PAUSED)
    counted(services)
    clock.advance(days=1)
    with services.sessions.begin() as session:
        session.get_one(Subscriber, leaving).standing = Standing.UNSUBSCRIBED

    found = counted(services)

    assert found.days == (date(2026, 11, 19), TODAY, date(2026, 11, 21))
    assert found.readers["active"] == (None, 1, 0)
    assert found.readers["paused"] == (None, 1, 1)
    assert found.readers["unsubscribed"] == (None, 0, 1)


def test_counting_again_changes_nothing(quiet: Services) -> None:
    decided(quiet, DeliveryState.SENT, 3, sending_at=DatabaseNow(-60))
    decided(quiet, DeliveryState.PENDING, 2)
    counted(quiet)
    before = rows(quiet)

    for _ in range(2):
        counted(quiet)

    assert rows(quiet) == before


def test_several_processes_may_count_at_once(services: Services) -> None:
    decided(services, DeliveryState.SENT, 5)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: errands.count_figures(services), range(8)))

    assert seen(services).digests["sent"] == (None, None, 5)


def test_digests_are_counted_apart_from_other_mails(services: Services) -> None:
    decided(services, DeliveryState.SENT, 2)
    decided(services, DeliveryState.FAILED, 1)
    decided(services, DeliveryState.SENT, 4, DeliveryKind.CONFIRMATION)

    found = counted(services)

    assert found.digests["sent"][-1] == 2
    assert found.digests["failed"][-1] == 1
    assert now(services).ended == {
        ("digests", "sent"): 2,
        ("digests", "failed"): 1,
        ("others", "sent"): 4,
    }


def test_a_day_is_counted_until_nothing_of_it_is_open(
    services: Services, clock: StoppedClock
) -> None:
    decided(services, DeliveryState.UNKNOWN, 2)
    first = counted(services, 5)
    clock.advance(days=3)
    moved(services, DeliveryState.UNKNOWN, DeliveryState.SENT)
    decided(services, DeliveryState.PENDING)

    found = counted(services, 5)

    assert first.digests["unknown"][-1] == 2
    assert found.digests["unknown"] == (None, 0, 0, 0, 0)
    assert found.digests["sent"] == (None, 2, 0, 0, 0)
    assert found.digests["pending"] == (None, 0, 0, 0, 1)


def test_mails_decided_on_after_a_day_was_counted_last_are_not_lost(
    services: Services, clock: StoppedClock
) -> None:
    decided(services, DeliveryState.SENT)
    counted(services)
    clock.advance(hours=17, minutes=59)
    decided(services, DeliveryState.SENT, 2)
    clock.advance(hours=6)
    decided(services, DeliveryState.SENT, 4)

    found = counted(services)

    assert found.digests["sent"] == (None, 3, 4)


def test_the_first_count_takes_in_all_that_was_before(
    services: Services, clock: StoppedClock
) -> None:
    for _ in range(2):
        decided(services, DeliveryState.SENT, 2)
        clock.advance(days=1)

    found = counted(services)

    assert found.digests["sent"] == (2, 2, 0)


def test_pruning_and_erasure_do_not_take_the_history_along(
    services: Services, clock: StoppedClock
) -> None:
    decided(services, DeliveryState.SENT, 3)
    decided(services, DeliveryState.UNKNOWN)
    counted(services)
    before = now(services).ended
    with services.sessions.begin() as session:
        session.execute(delete(Delivery))
        session.execute(delete(Subscriber))
    clock.advance(days=1)

    found = counted(services)

    assert found.digests["sent"] == (None, 3, 0)
    assert found.digests["unknown"] == (None, 0, 0)
    assert now(services).ended == before == {("digests", "sent"): 3}


def test_what_is_told_to_the_monitoring_as_a_counter_never_falls(
    services: Services, clock: StoppedClock
) -> None:
    sums = []
    for _ in range(4):
        decided(services, DeliveryState.SENT, 2)
        errands.count_figures(services)
        sums.append(now(services).ended["digests", "sent"])
        with services.sessions.begin() as session:
            session.execute(delete(Delivery))
        errands.count_figures(services)
        sums.append(now(services).ended["digests", "sent"])
        clock.advance(days=1)

    assert sums == sorted(sums)
    assert sums[-1] == 8


def test_mails_are_counted_by_the_hour_in_which_they_left(services: Services) -> None:
    with services.sessions.begin() as session:
        at = session.scalars(select(DatabaseNow())).one()
    decided(services, DeliveryState.SENT, 2, sending_at=DatabaseNow(-1))
    decided(services, DeliveryState.FAILED, 1, sending_at=DatabaseNow(-1))
    decided(services, DeliveryState.SKIPPED)

    errands.count_figures(services)

    hours = {(day, of): n for (what, day, of), n in rows(services).items() if what == "hours"}
    assert sum(hours.values()) == 3
    assert {day for day, _ in hours} <= {at.date(), (at - timedelta(seconds=1)).date()}


def told(services: Services, kind: EventKind, count: int, bounce: Bounce | None = None) -> None:
    make.events(services.sessions, services.clock(), kind, count, bounce)


def test_bounces_and_complaints_outlive_their_events(services: Services) -> None:
    told(services, EventKind.BOUNCED, 3, Bounce.PERMANENT)
    told(services, EventKind.BOUNCED, 2, Bounce.TRANSIENT)
    told(services, EventKind.COMPLAINED, 1)
    told(services, EventKind.DELIVERED, 9)
    errands.count_figures(services)
    with services.sessions.begin() as session:
        session.execute(delete(EventRow))

    errands.count_figures(services)

    expected = {"bounced-permanent": 3, "bounced-transient": 2, "complained": 1}
    assert now(services).events == expected


def test_topics_have_followers_and_a_precision(quiet: Services) -> None:
    with quiet.sessions.begin() as session:
        offered = make.offered(session)
        place = max(range(len(taxonomy.topics())), key=lambda n: offered.topics[:, n].max())
        row = int(offered.topics[:, place].argmax())
        topic, paper = taxonomy.topics()[place].slug, int(offered.paper_ids[row])
        readers = [make.subscriber(session, topics=(topic,)) for _ in range(4)]
        make.subscriber(session, topics=(topic,), standing=Standing.UNSUBSCRIBED)
        for number, reader in enumerate(readers):
            liked = number < 3
            session.add(
                Rating(subscriber_id=reader.id, paper_id=paper, liked=liked, at=quiet.clock())
            )
    assert offered.topics[row, place] >= ABOUT

    found = counted(quiet)

    [figure] = [each for each in found.topics if each.slug == topic]
    assert found.topics[0] == figure
    assert figure.followers == 4
    assert (figure.answers.more, figure.answers.less) == (3, 1)
    assert figure.answers.precision == pytest.approx(0.75)
    assert found.answers.precision == pytest.approx(0.75)


def test_who_says_the_opposite_later_counts_once(quiet: Services) -> None:
    with quiet.sessions.begin() as session:
        offered = make.offered(session)
        reader, paper = make.subscriber(session), int(offered.paper_ids[0])
        session.add(Rating(subscriber_id=reader.id, paper_id=paper, liked=True, at=quiet.clock()))
    before = counted(quiet)
    with quiet.sessions.begin() as session:
        session.execute(update(Rating).values(liked=False))

    after = counted(quiet)

    assert (before.answers.more, before.answers.less) == (1, 0)
    assert (after.answers.more, after.answers.less) == (0, 1)
    assert sum(each.answers.more for each in after.topics) == 0


def test_without_an_answer_there_is_no_precision(services: Services) -> None:
    found = counted(services)

    assert {each.answers.precision for each in found.topics} == {None}
    assert found.answers.precision is None


# Sources and runs


def test_sources_tell_how_their_readings_went_without_the_keys_of_feeds(
    services: Services, clock: StoppedClock
) -> None:
    with services.sessions.begin() as session:
        session.add_all(
            [
                FetchRun(source="arxiv", at=clock() - timedelta(hours=2), new=7),
                FetchRun(source="arxiv", at=clock() - timedelta(hours=1), error="503 of proxy"),
                FetchRun(source="feed:x.org", at=clock(), error="https://x.org/f?key=a: 403"),
            ]
        )

    arxiv, feed = seen(services).sources

    assert (arxiv.title, arxiv.readings, arxiv.failures, arxiv.papers) == ("arXiv", 2, 1, 7)
    assert arxiv.good_at == clock() - timedelta(hours=2)
    assert arxiv.error == "503 of proxy"
    assert (feed.good_at, feed.failures) == (None, 1)
    assert feed.error == "https://x.org/... 403"


def test_a_run_tells_when_sources_were_read_and_when_mails_left(
    services: Services,
) -> None:
    at = datetime(2026, 11, 19, 5, 0, tzinfo=UTC)
    with services.sessions.begin() as session:
        session.add(FetchRun(source="arxiv", at=at))
        session.add(FetchRun(source="huggingface", at=at, error="no answer"))
    for minutes in (30, 95):
        decided(services, DeliveryState.SENT, sending_at=at + timedelta(minutes=minutes))

    _, run, today = counted(services).runs

    assert run.fetches == ((at, False),)
    assert (run.first_at, run.last_at) == (
        at + timedelta(minutes=30),
        at + timedelta(minutes=95),
    )
    assert (run.hours[5], run.hours[6], sum(run.hours)) == (1, 1, 2)
    assert (today.fetches, today.first_at) == ((), None)


# Lateness


def late(services: Services) -> Late | None:
    return now(services).late


@pytest.mark.parametrize(("minutes", "is_late"), [(59, False), (61, True)])
def test_a_digest_that_could_have_gone_an_hour_ago_is_late(
    services: Services, minutes: int, *, is_late: bool
) -> None:
    decided(services, DeliveryState.PENDING, 2, not_before=DatabaseNow(-60 * minutes))

    assert (late(services) is not None) == is_late


@pytest.mark.parametrize(
    ("state", "kind", "is_late"),
    [
        (DeliveryState.CLAIMED, DeliveryKind.DIGEST, True),
        (DeliveryState.SENT, DeliveryKind.DIGEST, False),
        (DeliveryState.PENDING, DeliveryKind.NOTICE, False),
    ],
)
def test_only_digests_that_have_not_gone_are_late(
    services: Services, state: DeliveryState, kind: DeliveryKind, *, is_late: bool
) -> None:
    decided(services, state, kind=kind, not_before=DatabaseNow(-7200))

    assert (late(services) is not None) == is_late


def test_a_digest_that_nobody_planned_is_late_too(services: Services) -> None:
    due_at = services.clock() - timedelta(hours=2)
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=due_at)
        make.subscriber(session, next_due_at=services.clock() - timedelta(minutes=30))
        make.subscriber(session, next_due_at=due_at, standing=Standing.PAUSED)

    found = late(services)

    assert found == Late(1, due_at)
    assert str(found) == "1 digests, due since 2026-11-20 04:00 UTC, have not gone out"


def test_who_may_not_have_their_digest_has_none_that_is_late(services: Services) -> None:
    decided(services, DeliveryState.PENDING, not_before=DatabaseNow(-7200))
    with services.sessions.begin() as session:
        session.execute(update(Subscriber).values(standing=Standing.PAUSED))

    assert late(services) is None


# The present


def test_the_present_is_read_off_the_rows(services: Services) -> None:
    decided(services, DeliveryState.PENDING, 3)
    decided(services, DeliveryState.UNKNOWN, 1)
    pipeline.beat(services, "worker")
    errands.count_figures(services)

    found = now(services)

    assert found.underway[DeliveryState.PENDING] == 3
    assert found.underway[DeliveryState.UNKNOWN] == 1
    assert found.readers[Standing.ACTIVE] == 4
    assert found.beats == {"worker": services.clock()}
    assert found.counted_at == services.clock()
    assert not found.budget.stopped


def test_before_the_first_count_nothing_is_known(services: Services) -> None:
    found = now(services)

    assert (found.readers, found.counted_at, found.ended) == ({}, None, {})


def test_looking_changes_nothing(services: Services) -> None:
    seen(services)
    now(services)

    with services.sessions.begin() as session:
        assert session.query(DailyFigure).count() == 0
        assert session.query(Heartbeat).count() == 0


def test_the_days_of_a_period_are_all_of_them() -> None:
    assert days(TODAY, TODAY) == [TODAY]
    assert len(days(date(2024, 2, 1), date(2024, 3, 1))) == 30

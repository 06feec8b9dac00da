import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session, sessionmaker

from digest.database import DatabaseNow, Sessions
from digest.delivery import budget
from digest.mail.message import Mail
from digest.mail.transport import Allowance, Outcome, Unknown
from digest.models import Delivery, DeliveryState, SendingBudget, StoppedBy
from tests import make

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


class Post:
    """A transport that is only asked what it allows."""

    def __init__(self, allowed: Allowance | None) -> None:
        self.allowed = allowed
        self.asked = 0

    def send(self, mail: Mail) -> Outcome:
        return Unknown(mail.subject)

    def allowance(self) -> Allowance | None:
        self.asked += 1
        return self.allowed

    def close(self) -> None:
        pass


def allow(sessions: Sessions, *, rate: float | None = None, quota: int | None = None) -> None:
    budget.read_allowance(sessions, Post(Allowance(rate=rate, daily_quota=quota)), NOW)


def row(sessions: Sessions) -> SendingBudget:
    with sessions() as session:
        return session.get_one(SendingBudget, 1)


def turns(sessions: Sessions, wanted: int, grants: int) -> list[datetime]:
    """Be granted *grants* times; return the moments at which each mail of them may begin."""
    mine = sessionmaker(sessions.kw["bind"])
    ends: list[datetime] = []

    @event.listens_for(mine, "before_commit")
    def _(session: Session) -> None:
        ends.append(session.get_one(SendingBudget, 1).next_free_at)

    moments = []
    while len(ends) < grants:
        granted = budget.grant(mine, wanted)
        assert granted
        spacing = timedelta(seconds=granted.spacing)
        begin = ends[-1] - granted.count * spacing
        moments += [begin + n * spacing for n in range(granted.count)]
    return moments


@pytest.mark.parametrize(("rate", "wanted"), [(14.0, 50), (14.0, 3), (5.0, 2), (100.0, 30)])
def test_the_grants_of_several_senders_never_exceed_the_rate_in_any_second(
    sessions: Sessions, rate: float, wanted: int
) -> None:
    """Row 21."""
    allow(sessions, rate=rate)

    with ThreadPoolExecutor(4) as senders:
        granted = list(senders.map(lambda _: turns(sessions, wanted, 4), range(4)))

    moments = sorted(moment for each in granted for moment in each)
    second = timedelta(seconds=1)
    most = max(sum(begin <= other < begin + second for other in moments) for begin in moments)
    assert len(moments) >= 16
    assert most <= rate


def test_several_senders_may_make_the_first_grant_ever(sessions: Sessions) -> None:
    with ThreadPoolExecutor(6) as senders:
        granted = list(senders.map(lambda _: budget.grant(sessions, 10), range(6)))

    assert [each and each.count for each in granted] == [10] * 6
    assert row(sessions).sent_today == 60


def test_a_grant_is_a_seconds_share_at_most(sessions: Sessions) -> None:
    allow(sessions, rate=14.0)

    granted = budget.grant(sessions, 1000)

    assert granted
    assert granted.count == 12


def test_without_a_pace_a_grant_is_a_group_at_most(sessions: Sessions) -> None:
    allow(sessions)

    granted = budget.grant(sessions, 1000)

    assert granted == budget.Grant(budget.GROUP, 0.0, 0.0)


def test_a_slow_account_is_granted_one_at_a_time(sessions: Sessions) -> None:
    allow(sessions, rate=1.0)

    first, second = budget.grant(sessions, 10), budget.grant(sessions, 10)

    assert first
    assert second
    assert (first.count, second.count) == (1, 1)
    assert 1.0 <= second.wait + 0.1 <= 1.3


def test_a_quota_is_never_granted_beyond_however_many_ask(sessions: Sessions) -> None:
    allow(sessions, quota=95)

    with ThreadPoolExecutor(4) as senders:
        granted = list(senders.map(lambda _: budget.grant(sessions, 10), range(16)))

    assert sum(each.count for each in granted if each) == 95


def test_a_stop_is_kept_with_its_first_reason(sessions: Sessions) -> None:
    budget.stop(sessions, "account suspended", NOW)
    budget.stop(sessions, "another", NOW)

    assert budget.grant(sessions, 1) is None
    assert row(sessions).stopped_why == "account suspended"


def test_resuming_grants_again_and_asks_anew_what_is_allowed(sessions: Sessions) -> None:
    post = Post(Allowance(rate=10.0))
    budget.read_allowance(sessions, post, NOW)
    budget.stop(sessions, "by hand", NOW)

    budget.resume(sessions)
    budget.read_allowance(sessions, post, NOW)

    assert budget.grant(sessions, 1)
    assert post.asked == 2


def test_a_rest_ends_by_itself(sessions: Sessions) -> None:
    allow(sessions)
    budget.rest(sessions, timedelta(hours=1), "the quota is used up")

    while_resting = budget.grant(sessions, 1)
    with sessions.begin() as session:
        session.execute(update(SendingBudget).values(next_free_at=DatabaseNow(-1)))
    afterwards = budget.grant(sessions, 1)

    assert while_resting is None
    assert afterwards


def test_what_is_allowed_is_asked_once_an_hour(sessions: Sessions) -> None:
    post = Post(Allowance(rate=10.0))

    for minutes in (0, 30, 59, 61):
        budget.read_allowance(sessions, post, NOW + timedelta(minutes=minutes))

    assert post.asked == 2


def test_a_transport_that_could_not_say_is_paced_slowly(sessions: Sessions) -> None:
    budget.read_allowance(sessions, Post(None), NOW)

    assert row(sessions).rate == budget.SLOWEST


def test_a_transport_that_could_not_say_keeps_the_pace_it_had(sessions: Sessions) -> None:
    allow(sessions, rate=14.0)

    budget.read_allowance(sessions, Post(None), NOW + timedelta(hours=2))

    assert row(sessions).rate == 14.0


def test_all_senders_together_claim_what_they_can_send_in_a_minute(sessions: Sessions) -> None:
    allow(sessions, rate=14.0)

    assert budget.claim_limit(sessions) == 105


def test_a_claim_has_a_bound_where_there_is_no_pace(sessions: Sessions) -> None:
    assert budget.claim_limit(sessions) == 1000


def test_a_rate_of_nothing_is_a_slow_one_and_not_no_limit(sessions: Sessions) -> None:
    allow(sessions, rate=0.0)

    assert row(sessions).rate == budget.LEAST


def test_senders_are_not_slowed_down_for_ever(sessions: Sessions) -> None:
    allow(sessions, rate=1.0)

    for _ in range(50):
        budget.slow_down(sessions)

    assert row(sessions).rate == budget.LEAST


def test_nothing_is_claimed_once_the_days_quota_is_used_up(sessions: Sessions) -> None:
    allow(sessions, rate=14.0, quota=3)

    before = budget.claim_limit(sessions)
    budget.grant(sessions, 3)
    after = budget.claim_limit(sessions)
    with sessions.begin() as session:
        session.get_one(SendingBudget, 1).sent_on -= timedelta(days=1)

    assert (before, after, budget.claim_limit(sessions)) == (3, 0, 3)


def since(moment: datetime | None, sessions: Sessions) -> float:
    """Return the seconds from the database's now until *moment*."""
    assert moment
    with sessions() as session:
        return (moment - session.scalars(select(DatabaseNow())).one()).total_seconds()


def used_up_for(sessions: Sessions, seconds: float) -> None:
    allow(sessions)
    with sessions.begin() as session:
        session.execute(update(SendingBudget).values(next_free_at=DatabaseNow(seconds)))


def test_a_turn_within_the_minute_is_waited_for_and_a_later_one_is_not(
    sessions: Sessions,
) -> None:
    used_up_for(sessions, 50)
    soon = budget.grant(sessions, 5)
    limit = budget.claim_limit(sessions)

    used_up_for(sessions, 70)

    assert soon
    assert (soon.count, soon.spacing) == (5, 0.0)
    assert 40 < soon.wait <= 50
    assert limit == 1000
    assert budget.grant(sessions, 5) is None
    assert budget.claim_limit(sessions) == 0


def test_a_grant_takes_the_time_of_its_mails_and_is_counted(sessions: Sessions) -> None:
    allow(sessions, rate=0.1)

    first = budget.grant(sessions, 5)
    first_ends_at = row(sessions).next_free_at
    budget.grant(sessions, 5)

    assert first
    assert (first.count, first.wait) == (1, 0.0)
    assert first.spacing == pytest.approx(100 / 9)
    took = row(sessions).next_free_at - first_ends_at
    assert took.total_seconds() == pytest.approx(100 / 9)
    assert row(sessions).sent_today == 2


def test_what_the_transport_allows_is_kept_with_the_moment_of_asking(sessions: Sessions) -> None:
    allowed = Allowance(rate=14.0, daily_quota=500, sent_today=120)

    budget.read_allowance(sessions, Post(allowed), NOW)

    kept = row(sessions)
    assert (kept.rate, kept.daily_quota, kept.allowance_read_at) == (14.0, 500, NOW)
    assert (kept.sent_on, kept.sent_today) == (NOW.date(), 120)


def test_who_says_nothing_of_what_was_sent_leaves_our_own_count(sessions: Sessions) -> None:
    allow(sessions)
    budget.grant(sessions, 7)

    budget.read_allowance(sessions, Post(Allowance(daily_quota=500)), NOW + timedelta(days=1))

    assert row(sessions).sent_today == 7


def test_a_transport_that_could_not_say_is_asked_again(sessions: Sessions) -> None:
    silent = Post(None)

    budget.read_allowance(sessions, silent, NOW)
    budget.read_allowance(sessions, silent, NOW)

    assert silent.asked == 2


@pytest.mark.parametrize(
    ("rate", "quota", "limit"), [(0.1, None, 1), (1000.0, None, 1000), (14.0, 20, 20), (None, 1, 1)]
)
def test_a_claim_is_of_one_mail_at_least_and_of_what_is_left_at_most(
    sessions: Sessions, rate: float | None, quota: int | None, limit: int
) -> None:
    allow(sessions, rate=rate, quota=quota)

    assert budget.claim_limit(sessions) == limit


def test_nothing_is_claimed_while_sending_is_stopped(sessions: Sessions) -> None:
    budget.stop(sessions, "by hand", NOW)

    assert budget.claim_limit(sessions) == 0


@pytest.mark.parametrize(("rate", "slower"), [(10.0, 8.0), (None, 0.8 * budget.GROUP)])
def test_a_slower_pace_is_a_fifth_slower(
    sessions: Sessions, rate: float | None, slower: float
) -> None:
    allow(sessions, rate=rate)

    budget.slow_down(sessions)

    assert row(sessions).rate == pytest.approx(slower)


def test_a_rest_says_until_when_and_why(sessions: Sessions) -> None:
    allow(sessions)

    budget.rest(sessions, timedelta(hours=1), "the quota is used up")

    resting = row(sessions)
    assert since(resting.next_free_at, sessions) == pytest.approx(3600, abs=60)
    assert since(resting.rests_until, sessions) == pytest.approx(3600, abs=60)
    assert resting.rests_why == "the quota is used up"


@pytest.mark.parametrize("seconds", [-1.0, 0.05])
def test_a_moment_is_waited_for_unless_it_has_been(seconds: float) -> None:
    moment = time.monotonic() + seconds

    budget.wait_until(moment)

    assert time.monotonic() >= moment


OPERATOR, SENDER, BRAKES = StoppedBy.OPERATOR, StoppedBy.SENDER, StoppedBy.BRAKES


@pytest.mark.parametrize(
    ("first", "then", "kept"),
    [
        (OPERATOR, OPERATOR, "second"),
        (OPERATOR, SENDER, "first"),
        (SENDER, OPERATOR, "first"),
        (BRAKES, BRAKES, "first"),
    ],
)
def test_nobody_but_an_operator_puts_their_own_reason_in_a_new_way(
    sessions: Sessions, first: StoppedBy, then: StoppedBy, kept: str
) -> None:
    told = [
        budget.stop(sessions, "first", NOW, by=first),
        budget.stop(sessions, "second", NOW + timedelta(hours=1), by=then),
    ]

    stopped = row(sessions)
    assert told == ["first", kept]
    assert (stopped.stopped_why, stopped.stopped_by, stopped.stopped_at) == (kept, first, NOW)


def test_resuming_leaves_nothing_of_the_stop_but_the_moment_of_its_end(
    sessions: Sessions,
) -> None:
    allow(sessions)
    budget.stop(sessions, "by hand", NOW, by=OPERATOR)

    budget.resume(sessions)

    resumed = row(sessions)
    assert (resumed.stopped_at, resumed.stopped_why, resumed.stopped_by) == (None, None, None)
    assert resumed.allowance_read_at is None
    assert since(resumed.resumed_at, sessions) == pytest.approx(0, abs=60)


def test_what_is_being_sent_still_is_told_after_a_while(sessions: Sessions) -> None:
    with sessions.begin() as session:
        reader = make.subscriber(session)
        sending = [
            make.delivery(session, reader, state=state, dedupe_key=f"{n}").id
            for n, state in enumerate([DeliveryState.SENDING, DeliveryState.SENT] * 2)
        ][::2]

    assert budget.still_sending(sessions, wait=0.2) == sending


def test_what_has_been_sent_meanwhile_is_waited_for(sessions: Sessions) -> None:
    with sessions.begin() as session:
        sending = make.delivery(session, make.subscriber(session), state=DeliveryState.SENDING).id

    def settle() -> None:
        with sessions.begin() as session:
            session.get_one(Delivery, sending).state = DeliveryState.SENT

    with ThreadPoolExecutor(1) as others:
        asked = others.submit(budget.still_sending, sessions, wait=30)
        told_too_early = bool(wait([asked], 0.3).done)
        settle()

    assert not told_too_early
    assert asked.result() == []

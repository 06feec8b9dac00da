"""The arrows between a delivery's states, each on its own."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from digest import delivery, subscribers
from digest.database import DatabaseNow, Sessions, in_transaction
from digest.delivery import budget, states, sweep
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Pick,
    Standing,
    Subscriber,
    Suppression,
)
from digest.subscribers import choices
from tests import make

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


def due_deliveries(sessions: Sessions, count: int = 1, **facts: Any) -> list[int]:
    """Add *count* readers with a delivery each; return the deliveries' ids."""
    with sessions.begin() as session:
        return [make.delivery(session, make.subscriber(session), **facts).id for _ in range(count)]


def row(sessions: Sessions, delivery_id: int) -> Delivery:
    with sessions() as session:
        return session.get_one(Delivery, delivery_id)


def state_of(sessions: Sessions, delivery_id: int) -> DeliveryState:
    return row(sessions, delivery_id).state


def change(sessions: Sessions, delivery_id: int, **values: Any) -> None:
    with sessions.begin() as session:
        session.execute(update(Delivery).where(Delivery.id == delivery_id).values(**values))


def lease_runs_out(sessions: Sessions, delivery_id: int) -> None:
    change(sessions, delivery_id, lease_until=DatabaseNow(-1))


def reap(sessions: Sessions) -> None:
    in_transaction(sessions, states.reap)


def claimed(sessions: Sessions, holder: str = "mine", **facts: Any) -> int:
    [delivery_id] = due_deliveries(sessions, **facts)
    states.claim(sessions, holder, 10)
    return delivery_id


def armed(sessions: Sessions, holder: str = "mine", picks: Iterable[int] = ()) -> int:
    delivery_id = claimed(sessions, holder)
    reader_id = row(sessions, delivery_id).subscriber_id
    ledger = [
        (reader_id, paper_id, delivery_id, place, "[]") for place, paper_id in enumerate(picks)
    ]
    assert states.arm(sessions, holder, [delivery_id], ledger) == {delivery_id}
    return delivery_id


def a_paper(sessions: Sessions) -> int:
    with sessions.begin() as session:
        return make.paper(session, now=NOW).id


def picked(sessions: Sessions) -> list[int]:
    with sessions() as session:
        return list(session.scalars(select(Pick.paper_id)))


# pending -> claimed


def test_a_claim_on_a_fresh_table_takes_exactly_its_limit(sessions: Sessions) -> None:
    due_deliveries(sessions, 300)

    first = states.claim(sessions, "first", 100)
    second = states.claim(sessions, "second", 100)

    assert [len(first), len(second)] == [100, 100]
    assert {each.id for each in first}.isdisjoint(each.id for each in second)


def test_two_senders_never_claim_one_row(sessions: Sessions) -> None:
    """Row 6."""
    ids = due_deliveries(sessions, 120)

    with ThreadPoolExecutor(4) as senders:
        portions = list(senders.map(lambda n: states.claim(sessions, f"sender {n}", 7), range(20)))

    taken = [each.id for portion in portions for each in portion]
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(ids)


def test_confirmations_are_claimed_before_digests(sessions: Sessions) -> None:
    [digest] = due_deliveries(sessions)
    with sessions.begin() as session:
        reader = make.subscriber(session, standing=Standing.PENDING)
        confirmation = make.delivery(session, reader, kind=DeliveryKind.CONFIRMATION, priority=0).id

    order = [each.id for each in states.claim(sessions, "mine", 10)]

    assert order == [confirmation, digest]


def test_an_urgent_claim_takes_no_ordinary_digest(sessions: Sessions) -> None:
    due_deliveries(sessions, priority=2)
    [first_digest] = due_deliveries(sessions, priority=1)

    urgent = states.claim(sessions, "mine", 10, urgent=True)

    assert [each.id for each in urgent] == [first_digest]


def test_what_is_to_wait_is_not_claimed(sessions: Sessions) -> None:
    due_deliveries(sessions, not_before=DatabaseNow(60))

    assert states.claim(sessions, "mine", 10) == []


ASKED = {
    DeliveryKind.DIGEST: {Standing.ACTIVE},
    DeliveryKind.CONFIRMATION: {Standing.PENDING},
    DeliveryKind.CHANGE: {Standing.ACTIVE, Standing.PAUSED},
    DeliveryKind.LINK: {Standing.ACTIVE, Standing.PAUSED},
    DeliveryKind.NOTICE: {Standing.ACTIVE, Standing.PAUSED},
}


@pytest.mark.parametrize("kind", DeliveryKind)
def test_each_kind_of_mail_goes_only_to_the_standings_it_asks_for(
    sessions: Sessions, kind: DeliveryKind
) -> None:
    with sessions.begin() as session:
        expected = {}
        for standing in Standing:
            reader = make.subscriber(session, standing=standing)
            expected[make.delivery(session, reader, kind=kind).id] = standing

    taken = {expected[each.id] for each in states.claim(sessions, "mine", 10)}

    assert taken == ASKED[kind]


def suppress(sessions: Sessions, delivery_id: int) -> None:
    with sessions.begin() as session:
        reader = session.get_one(Subscriber, session.get_one(Delivery, delivery_id).subscriber_id)
        session.add(Suppression(address_hash=reader.address_hash, reason=Standing.BOUNCED, at=NOW))


def test_a_mail_to_a_suppressed_address_is_not_even_claimed(sessions: Sessions) -> None:
    [delivery_id] = due_deliveries(sessions)
    suppress(sessions, delivery_id)

    assert states.claim(sessions, "mine", 10) == []


def test_a_row_that_killed_two_senders_is_claimed_alone_and_last(sessions: Sessions) -> None:
    dangerous = due_deliveries(sessions, 2, attempts=2, priority=0)
    sound = due_deliveries(sessions, 3)

    first, second, third = (states.claim(sessions, "mine", 10) for _ in range(3))

    assert {each.id for each in first} == set(sound)
    assert [[each.id for each in alone] for alone in (second, third)] == [
        [delivery_id] for delivery_id in dangerous
    ]


def test_a_row_that_killed_two_senders_does_not_overtake_into_a_batch(sessions: Sessions) -> None:
    due_deliveries(sessions, attempts=2, priority=0)

    assert states.claim(sessions, "mine", 10, urgent=True) == []


# claimed -> pending


def test_a_lease_that_ran_out_goes_back_and_counts_as_one_attempt(sessions: Sessions) -> None:
    """Row 1."""
    delivery_id = claimed(sessions)
    lease_runs_out(sessions, delivery_id)

    reap(sessions)
    reap(sessions)

    found = row(sessions, delivery_id)
    assert (found.state, found.attempts, found.lease_token) == (DeliveryState.PENDING, 1, None)


def test_a_lease_that_holds_is_left_alone(sessions: Sessions) -> None:
    sending, about_to = armed(sessions), claimed(sessions)
    # As of one that the operator has sent again.
    change(sessions, about_to, sending_at=DatabaseNow(-2 * states.SETTLED_WITHIN))

    reap(sessions)

    assert state_of(sessions, sending) is DeliveryState.SENDING
    assert state_of(sessions, about_to) is DeliveryState.CLAIMED


def test_a_row_that_killed_ten_senders_fails(sessions: Sessions) -> None:
    [delivery_id] = due_deliveries(sessions)

    for _ in range(10):
        # Each time it may be taken once more: nine deaths are no failure.
        [taken] = states.claim(sessions, "mine", 1)
        lease_runs_out(sessions, taken.id)
        reap(sessions)

    assert state_of(sessions, delivery_id) is DeliveryState.FAILED
    assert states.claim(sessions, "mine", 1) == []


def test_a_sender_gives_back_what_is_its_own_only(sessions: Sessions) -> None:
    mine = claimed(sessions, "mine")
    theirs = claimed(sessions, "theirs")

    states.let_go(sessions, "mine")

    assert state_of(sessions, mine) is DeliveryState.PENDING
    assert state_of(sessions, theirs) is DeliveryState.CLAIMED
    assert row(sessions, mine).attempts == 0


# claimed -> sending


def test_arming_returns_what_may_be_sent_and_writes_its_picks(sessions: Sessions) -> None:
    paper_id = a_paper(sessions)

    delivery_id = armed(sessions, picks=[paper_id])

    found = row(sessions, delivery_id)
    assert found.state is DeliveryState.SENDING
    assert found.sending_at is not None
    assert found.lease_until is not None
    assert found.lease_until - found.sending_at == pytest.approx(
        timedelta(seconds=states.LEASE), abs=timedelta(seconds=60)
    )
    assert picked(sessions) == [paper_id]


def refusals(sessions: Sessions, delivery_id: int) -> dict[str, Any]:
    reader_id = row(sessions, delivery_id).subscriber_id
    return {
        "an unsubscribe": lambda: subscribers.unsubscribe(sessions, reader_id),
        "a suppression": lambda: suppress(sessions, delivery_id),
        "a stop": lambda: budget.stop(sessions, "by hand", NOW),
        "a lease that is over": lambda: lease_runs_out(sessions, delivery_id),
        "another sender's token": lambda: change(sessions, delivery_id, lease_token="theirs"),
        "a row taken back": lambda: change(sessions, delivery_id, state=DeliveryState.PENDING),
    }


@pytest.mark.parametrize(
    "what",
    [
        "an unsubscribe",
        "a suppression",
        "a stop",
        "a lease that is over",
        "another sender's token",
        "a row taken back",
    ],
)
def test_arming_refuses_after(sessions: Sessions, what: str) -> None:
    paper_id = a_paper(sessions)
    delivery_id = claimed(sessions)
    pick = (row(sessions, delivery_id).subscriber_id, paper_id, delivery_id, 0, "[]")
    refusals(sessions, delivery_id)[what]()

    may_be_sent = states.arm(sessions, "mine", [delivery_id], [pick])

    assert may_be_sent == set()
    assert picked(sessions) == []
    assert state_of(sessions, delivery_id) is not DeliveryState.SENDING


def test_one_that_may_not_be_sent_leaves_the_others_of_its_group(sessions: Sessions) -> None:
    first, second = due_deliveries(sessions, 2)
    states.claim(sessions, "mine", 10)
    subscribers.unsubscribe(sessions, row(sessions, first).subscriber_id)

    assert states.arm(sessions, "mine", [first, second], []) == {second}


# sending -> sent, pending, failed, unknown


def test_what_was_accepted_is_sent_under_the_mail_systems_own_id(sessions: Sessions) -> None:
    delivery_id = armed(sessions)

    states.record(sessions, [(delivery_id, "0102018f")])

    found = row(sessions, delivery_id)
    assert (found.state, found.provider_id) == (DeliveryState.SENT, "0102018f")
    assert (found.lease_token, found.lease_until) == (None, None)


def test_what_was_not_sent_goes_back_for_a_while_with_its_picks(sessions: Sessions) -> None:
    delivery_id = armed(sessions, picks=[a_paper(sessions)])

    states.back(sessions, "mine", delivery_id, why="refused the connection", after=60)

    found = row(sessions, delivery_id)
    assert (found.state, found.sending_at) == (DeliveryState.PENDING, None)
    assert picked(sessions) == []
    assert states.claim(sessions, "mine", 1) == []


def test_what_was_refused_for_good_fails_and_its_papers_are_free_again(
    sessions: Sessions,
) -> None:
    delivery_id = armed(sessions, picks=[a_paper(sessions)])

    states.fail(sessions, "mine", delivery_id, why="no such mailbox")

    assert state_of(sessions, delivery_id) is DeliveryState.FAILED
    assert picked(sessions) == []


@pytest.mark.parametrize(
    "unsent",
    [
        lambda sessions, each: states.back(sessions, "again", each, why="busy", after=0),
        lambda sessions, each: states.fail(sessions, "again", each, why="no such user"),
    ],
    ids=["back", "failed"],
)
def test_what_is_sent_again_by_hand_and_was_not_keeps_the_first_mails_picks(
    sessions: Sessions, unsent: Callable[[Sessions, int], None]
) -> None:
    paper_id = a_paper(sessions)
    delivery_id = armed(sessions, picks=[paper_id])
    states.doubt(sessions, "mine", delivery_id, why="hung up")
    delivery.settle(sessions, delivery_id, again=True)
    states.claim(sessions, "again", 10)
    states.arm(sessions, "again", [delivery_id], [])

    unsent(sessions, delivery_id)

    assert picked(sessions) == [paper_id]


def test_an_event_of_the_first_mail_spares_a_second_that_was_put_off(sessions: Sessions) -> None:
    delivery_id = armed(sessions)
    states.doubt(sessions, "mine", delivery_id, why="hung up")
    delivery.settle(sessions, delivery_id, again=True)
    states.claim(sessions, "second", 10)
    states.let_go(sessions, "second")
    states.claim(sessions, "third", 10)
    lease_runs_out(sessions, delivery_id)
    reap(sessions)
    states.claim(sessions, "fourth", 10)
    states.arm(sessions, "fourth", [delivery_id], [])
    states.back(sessions, "fourth", delivery_id, why="busy", after=0)

    with sessions.begin() as session:
        proved = states.prove(session, delivery_id, "first", left=True)

    assert proved
    assert states.claim(sessions, "fifth", 10) == []
    assert state_of(sessions, delivery_id) is DeliveryState.SENT


def test_what_is_in_doubt_keeps_its_picks_and_is_never_claimed_again(sessions: Sessions) -> None:
    paper_id = a_paper(sessions)
    delivery_id = armed(sessions, picks=[paper_id])

    states.doubt(sessions, "mine", delivery_id, why="no answer")
    reap(sessions)

    assert state_of(sessions, delivery_id) is DeliveryState.UNKNOWN
    assert picked(sessions) == [paper_id]
    assert states.claim(sessions, "mine", 10) == []


def test_what_a_dead_sender_was_sending_is_in_doubt(sessions: Sessions) -> None:
    """Row 2."""
    paper_id = a_paper(sessions)
    delivery_id = armed(sessions, picks=[paper_id])
    lease_runs_out(sessions, delivery_id)

    reap(sessions)

    assert state_of(sessions, delivery_id) is DeliveryState.UNKNOWN
    assert picked(sessions) == [paper_id]


def test_a_late_answer_still_settles_what_was_in_doubt(sessions: Sessions) -> None:
    delivery_id = armed(sessions)
    lease_runs_out(sessions, delivery_id)
    reap(sessions)

    states.record(sessions, [(delivery_id, "0102018f")])

    assert state_of(sessions, delivery_id) is DeliveryState.SENT


@pytest.mark.parametrize(
    ("seconds_ago", "state"),
    [
        (states.SETTLED_WITHIN - 60, DeliveryState.UNKNOWN),
        (states.SETTLED_WITHIN + 60, DeliveryState.SKIPPED),
    ],
)
def test_doubt_is_closed_after_three_days(
    sessions: Sessions, seconds_ago: float, state: DeliveryState
) -> None:
    paper_id = a_paper(sessions)
    delivery_id = armed(sessions, picks=[paper_id])
    states.doubt(sessions, "mine", delivery_id, why="no answer")
    change(sessions, delivery_id, sending_at=DatabaseNow(-seconds_ago))

    reap(sessions)

    assert state_of(sessions, delivery_id) is state
    assert picked(sessions) == [paper_id]


def test_doubt_that_was_closed_says_so(sessions: Sessions) -> None:
    delivery_id = armed(sessions)
    states.doubt(sessions, "mine", delivery_id, why="no answer")
    change(sessions, delivery_id, sending_at=DatabaseNow(-states.SETTLED_WITHIN - 1))

    reap(sessions)

    assert row(sessions, delivery_id).error == "outcome unknown"


@pytest.mark.parametrize(
    "ended",
    [
        DeliveryState.SENT,
        DeliveryState.UNKNOWN,
        DeliveryState.FAILED,
        DeliveryState.SKIPPED,
        DeliveryState.PENDING,
    ],
)
def test_nothing_but_a_mail_in_the_sending_goes_back_fails_or_falls_into_doubt(
    sessions: Sessions, ended: DeliveryState
) -> None:
    paper_id = a_paper(sessions)
    delivery_id = armed(sessions, picks=[paper_id])
    change(sessions, delivery_id, state=ended)

    states.back(sessions, "mine", delivery_id, why="late", after=0)
    states.fail(sessions, "mine", delivery_id, why="late")
    states.doubt(sessions, "mine", delivery_id, why="late")

    assert state_of(sessions, delivery_id) is ended
    assert picked(sessions) == [paper_id]


def test_a_sender_that_lost_its_lease_cannot_take_back_what_another_sends(
    sessions: Sessions,
) -> None:
    """Row 6."""
    delivery_id = armed(sessions, "mine")
    change(sessions, delivery_id, lease_token="theirs")

    states.back(sessions, "mine", delivery_id, why="late", after=0)

    assert state_of(sessions, delivery_id) is DeliveryState.SENDING


# Several at once


def arm_and_wait(
    sessions: Sessions, delivery_id: int, is_armed: threading.Event, go_on: threading.Event
) -> None:
    """Arm as a sender does that is held up just before its transaction ends."""
    slow = sessionmaker(sessions.kw["bind"])

    @event.listens_for(slow, "before_commit")
    def _(_session: Session) -> None:
        is_armed.set()
        assert go_on.wait(10)

    states.arm(slow, "mine", [delivery_id], [])


def test_an_unsubscribe_waits_for_an_open_arm_and_then_for_its_mail(sessions: Sessions) -> None:
    delivery_id = claimed(sessions)
    reader_id = row(sessions, delivery_id).subscriber_id
    is_armed, go_on = threading.Event(), threading.Event()

    with ThreadPoolExecutor(2) as threads:
        arming = threads.submit(arm_and_wait, sessions, delivery_id, is_armed, go_on)
        assert is_armed.wait(10)
        leaving = threads.submit(subscribers.unsubscribe, sessions, reader_id, wait=10)
        returned_while_arm_was_open = bool(wait([leaving], 0.2).done)
        go_on.set()
        arming.result(10)
        returned_while_sending = bool(wait([leaving], 0.2).done)
        states.record(sessions, [(delivery_id, "0102018f")])
        acknowledged = leaving.result(10)

    assert not returned_while_arm_was_open
    assert not returned_while_sending
    assert acknowledged
    assert state_of(sessions, delivery_id) is DeliveryState.SENT


def test_an_unsubscribe_says_so_when_a_mail_may_be_on_its_way(sessions: Sessions) -> None:
    delivery_id = armed(sessions)

    nothing_on_its_way = subscribers.unsubscribe(
        sessions, row(sessions, delivery_id).subscriber_id, wait=0
    )

    assert not nothing_on_its_way


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_planning_and_preferring_never_deadlock_with_arming(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for _ in range(40):
            make.subscriber(session, next_due_at=NOW)
        reader_ids = list(session.scalars(select(Subscriber.id)))
    over = threading.Event()

    def send(token: str) -> None:
        while not over.is_set():
            ids = [each.id for each in states.claim(sessions, token, 10)]
            states.record(sessions, [(each, "id") for each in states.arm(sessions, token, ids, [])])

    def save() -> None:
        # Planning takes readers in the order of their hours, sending in that of its rows.
        for n in count():
            if over.is_set():
                return
            with sessions.begin() as session:
                reader = session.get_one(
                    Subscriber, reader_ids[n * 7 % len(reader_ids)], with_for_update=True
                )
                subscribers.prefer(session, reader, choices(hour=n * 11 % 24), now=NOW)

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(send, "a"), threads.submit(send, "b"), threads.submit(save)]
        planned = [sweep(sessions, NOW + timedelta(days=n)).planned for n in range(80)]
        over.set()
        for each in running:
            each.result(30)

    assert sum(planned) > 40
    assert deadlocks(sessions) == 0


def deadlocks(sessions: Sessions) -> int:
    # A server process reports what it counted when its connection ends.
    sessions.kw["bind"].dispose()
    with sessions() as session:
        counted = session.scalars(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ).one()
    return int(counted)


# One delivery, and no other


def in_doubt(sessions: Sessions) -> int:
    delivery_id = armed(sessions)
    states.doubt(sessions, "mine", delivery_id, why="no answer")
    return delivery_id


def test_the_operators_word_is_about_one_delivery(sessions: Sessions) -> None:
    one, other = in_doubt(sessions), in_doubt(sessions)
    change(sessions, one, not_before=DatabaseNow(3600))

    with sessions.begin() as session:
        assert states.settle(session, one, again=True)

    assert (state_of(sessions, one), state_of(sessions, other)) == (
        DeliveryState.PENDING,
        DeliveryState.UNKNOWN,
    )
    # It does not wait for what it waited for before.
    assert [each.id for each in states.claim(sessions, "another", 10)] == [one]


def test_an_event_proves_one_delivery(sessions: Sessions) -> None:
    one, other = in_doubt(sessions), in_doubt(sessions)

    with sessions.begin() as session:
        assert states.prove(session, one, "id-1", left=True)

    assert (state_of(sessions, one), state_of(sessions, other)) == (
        DeliveryState.SENT,
        DeliveryState.UNKNOWN,
    )


def test_only_what_failed_and_is_named_is_revived(sessions: Sessions) -> None:
    failed, other, sent = armed(sessions), armed(sessions), armed(sessions)
    for each in (failed, other):
        states.fail(sessions, "mine", each, why="the sender is refused")
    states.record(sessions, [(sent, "id-1")])
    change(sessions, failed, not_before=DatabaseNow(3600))

    states.revive(sessions, [failed, sent])

    revived = row(sessions, failed)
    assert (revived.state, revived.sending_at) == (DeliveryState.PENDING, None)
    assert [each.id for each in states.claim(sessions, "another", 10)] == [failed]
    assert state_of(sessions, other) is DeliveryState.FAILED
    assert state_of(sessions, sent) is DeliveryState.SENT


def test_what_became_of_a_delivery_is_kept_in_words_and_nobody_holds_it(
    sessions: Sessions,
) -> None:
    put_off, failed, doubtful = armed(sessions), armed(sessions), armed(sessions)

    states.back(sessions, "mine", put_off, why="too fast", after=60)
    states.fail(sessions, "mine", failed, why="no such mailbox")
    states.doubt(sessions, "mine", doubtful, why="no answer")

    rows = [row(sessions, each) for each in (put_off, failed, doubtful)]
    assert [each.error for each in rows] == ["too fast", "no such mailbox", "no answer"]
    assert {(each.lease_token, each.lease_until) for each in rows} == {(None, None)}


def test_what_dead_senders_left_says_so_and_is_held_by_nobody(sessions: Sessions) -> None:
    sending, given_up = armed(sessions), claimed(sessions, attempts=states.GIVEN_UP_AT - 1)
    given_back = claimed(sessions, error="busy")
    for each in (sending, given_up, given_back):
        lease_runs_out(sessions, each)

    reap(sessions)

    rows = [row(sessions, each) for each in (sending, given_up, given_back)]
    assert [(each.state, each.error) for each in rows] == [
        (DeliveryState.UNKNOWN, "its sender died"),
        (DeliveryState.FAILED, "its senders died"),
        (DeliveryState.PENDING, None),
    ]
    assert {(each.lease_token, each.lease_until) for each in rows} == {(None, None)}


@pytest.mark.parametrize(
    "ended",
    [
        DeliveryState.PENDING,
        DeliveryState.SENT,
        DeliveryState.FAILED,
        DeliveryState.SKIPPED,
    ],
)
def test_what_nobody_holds_or_doubts_is_not_reaped_however_old(
    sessions: Sessions, ended: DeliveryState
) -> None:
    delivery_id = armed(sessions)
    long_ago = DatabaseNow(-2 * states.SETTLED_WITHIN)
    change(sessions, delivery_id, state=ended, lease_until=long_ago, sending_at=long_ago)

    reap(sessions)

    assert state_of(sessions, delivery_id) is ended


def test_what_is_let_go_may_be_claimed_as_before(sessions: Sessions) -> None:
    delivery_id = claimed(sessions, attempts=states.GIVEN_UP_AT - 1)
    before = row(sessions, delivery_id)

    states.let_go(sessions, "mine", why="stopped")

    after = row(sessions, delivery_id)
    assert (after.lease_token, after.lease_until, after.error) == (None, None, "stopped")
    assert (after.not_before, after.attempts) == (before.not_before, before.attempts)
    assert [each.id for each in states.claim(sessions, "another", 10)] == [delivery_id]


def test_what_breaks_again_and_again_waits_in_between_and_fails_at_the_last_attempt(
    sessions: Sessions,
) -> None:
    delivery_id = claimed(sessions, attempts=states.GIVEN_UP_AT - 2)

    states.let_go(sessions, "mine", [delivery_id], after=60, why="broken", attempt=True)
    before = row(sessions, delivery_id)
    claimed_at_once = states.claim(sessions, "mine", 10)
    change(sessions, delivery_id, state=DeliveryState.CLAIMED, lease_token="mine")
    states.let_go(sessions, "mine", [delivery_id], after=60, why="broken", attempt=True)
    last = row(sessions, delivery_id)

    assert (before.state, before.attempts) == (DeliveryState.PENDING, states.GIVEN_UP_AT - 1)
    assert claimed_at_once == []
    assert (last.state, last.attempts) == (DeliveryState.FAILED, states.GIVEN_UP_AT)
    assert (before.error, last.error) == ("broken", "broken")


def test_the_operators_word_stays_on_a_mail_until_that_mail_is_closed(sessions: Sessions) -> None:
    delivery_id = in_doubt(sessions)
    delivery.settle(sessions, delivery_id, again=True)
    word = row(sessions, delivery_id).error

    states.claim(sessions, "second", 10)
    states.let_go(sessions, "second", why="stopped")
    let_go = row(sessions, delivery_id).error
    states.claim(sessions, "third", 10)
    states.let_go(sessions, "third", state=DeliveryState.SKIPPED, why="nothing new")

    assert word
    assert let_go == word
    assert row(sessions, delivery_id).error == "nothing new"


def test_what_an_event_proves_while_it_is_sent_is_held_by_nobody(sessions: Sessions) -> None:
    delivery_id = armed(sessions)

    with sessions.begin() as session:
        states.prove(session, delivery_id, "id-1", left=True)

    found = row(sessions, delivery_id)
    assert (found.state, found.provider_id) == (DeliveryState.SENT, "id-1")
    assert (found.lease_token, found.lease_until, found.error) == (None, None, None)

"""What became of each mail is written down, and what it means for all senders."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from digest.database import DatabaseNow, Sessions
from digest.delivery import Letter, budget, settling, states
from digest.delivery.settling import HELD_UP, Settler
from digest.mail.transport import Accepted, NotSent, Outcome, Reaction, Refused, Unknown
from digest.models import Delivery, DeliveryState, StoppedBy
from tests.test_delivery import due, letter, sending_budget, states_of

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
BUSY = NotSent("busy", kind=Reaction.LATER)
THROTTLED = NotSent("too fast", kind=Reaction.SLOW_DOWN)
USED_UP = NotSent("quota used up", kind=Reaction.QUOTA)
LOCKED_OUT = NotSent("account suspended", kind=Reaction.STOP)
HUNG_UP, SENT = Unknown("hung up"), Accepted("id")


@pytest.fixture
def settler(sessions: Sessions) -> Settler:
    return Settler(sessions, "mine", lambda: NOW)


def armed(sessions: Sessions, count: int) -> list[Letter]:
    """Do what a sender does before it hands mails over."""
    due(sessions, count)
    budget.grant(sessions, count)
    claimed = states.claim(sessions, "mine", count)
    states.arm(sessions, "mine", [each.id for each in claimed], [])
    return [letter(each) for each in claimed]


def settle(sessions: Sessions, settler: Settler, *outcomes: Outcome) -> bool:
    """Arm as many mails, and let them end so."""
    letters = armed(sessions, len(outcomes))
    for outcome in outcomes:
        settler.doubts(outcome)
    return settler.settle(list(zip(letters, outcomes, strict=True)))


def rest_of(sessions: Sessions) -> timedelta:
    """Return for how long nobody may send."""
    with sessions() as session:
        now = session.scalars(select(DatabaseNow())).one()
    return sending_budget(sessions).next_free_at - now


@pytest.mark.parametrize(
    ("outcomes", "goes_on"),
    [
        ([SENT], True),
        ([Refused("no such mailbox")], True),
        ([BUSY], True),
        ([THROTTLED], True),
        ([HELD_UP], True),
        ([HUNG_UP] * 2, True),
        ([HUNG_UP] * 2 + [SENT] + [HUNG_UP] * 2, True),
        ([HUNG_UP] * 2 + [BUSY, HUNG_UP], False),
        ([USED_UP], False),
        ([LOCKED_OUT], False),
        ([LOCKED_OUT, BUSY], False),
        ([BUSY, LOCKED_OUT], False),
    ],
)
def test_a_sender_goes_on_unless_nothing_else_can_be_sent(
    sessions: Sessions,
    settler: Settler,
    outcomes: list[Outcome],
    goes_on: bool,  # noqa: FBT001
) -> None:
    assert settle(sessions, settler, *outcomes) is goes_on


def test_what_became_of_the_mails_is_counted_over_all_groups(
    sessions: Sessions, settler: Settler
) -> None:
    for _ in range(2):
        settle(sessions, settler, SENT, SENT, Refused("no such mailbox"), HUNG_UP, BUSY)

    assert settler.tally == {"sent": 4, "failed": 2, "unknown": 2}


def test_each_outcome_is_kept_with_its_reason(sessions: Sessions, settler: Settler) -> None:
    settle(sessions, settler, SENT, Refused("no such mailbox"), HUNG_UP, BUSY, HELD_UP)

    with sessions() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [(each.state, each.provider_id, each.error) for each in rows] == [
        (DeliveryState.SENT, "id", None),
        (DeliveryState.FAILED, None, "no such mailbox"),
        (DeliveryState.UNKNOWN, None, "hung up"),
        (DeliveryState.PENDING, None, "busy"),
        (DeliveryState.PENDING, None, "its sender was held up"),
    ]


def test_what_was_held_up_by_us_is_tried_again_at_once_and_nothing_else_is(
    sessions: Sessions, settler: Settler
) -> None:
    settle(sessions, settler, BUSY, HELD_UP, THROTTLED, USED_UP, LOCKED_OUT)

    _, held_up, *_ = ids = ids_of(sessions)

    assert [each.id for each in states.claim(sessions, "another", len(ids))] == [held_up]


@pytest.mark.parametrize("outcome", [THROTTLED, USED_UP, LOCKED_OUT])
def test_what_is_no_fault_of_a_mail_does_not_put_it_off_for_longer_as_it_ages(
    sessions: Sessions, settler: Settler, outcome: NotSent
) -> None:
    [written] = armed(sessions, 1)
    old = replace(written, mail=replace(written.mail, decided_at=NOW - timedelta(days=1)))

    settler.settle([(old, outcome)])

    with sessions() as session:
        now = session.scalars(select(DatabaseNow())).one()
        waits = session.scalars(select(Delivery.not_before)).one() - now
    assert timedelta() < waits <= timedelta(seconds=settling.TRY_AGAIN_IN)


def test_a_throttled_group_slows_down_and_neither_rests_nor_stops(
    sessions: Sessions, settler: Settler
) -> None:
    settle(sessions, settler, THROTTLED, THROTTLED)

    paced = sending_budget(sessions)
    assert paced.rate == pytest.approx(0.8 * budget.GROUP)
    assert (paced.rests_why, paced.stopped_at) == (None, None)


def test_a_used_up_quota_gives_an_hour_s_rest_and_says_why(
    sessions: Sessions, settler: Settler
) -> None:
    settle(sessions, settler, USED_UP)

    assert timedelta(minutes=59) < rest_of(sessions) <= timedelta(hours=1)
    assert sending_budget(sessions).rests_why == "quota used up"
    assert sending_budget(sessions).stopped_at is None


def test_three_doubts_give_two_minutes_rest_and_say_why(
    sessions: Sessions, settler: Settler
) -> None:
    settle(sessions, settler, HUNG_UP)
    settle(sessions, settler, HUNG_UP, HUNG_UP)

    assert timedelta(minutes=1) < rest_of(sessions) <= timedelta(minutes=2)
    assert sending_budget(sessions).rests_why == "3 outcomes in a row are unknown"


def test_a_stop_keeps_its_reason_and_its_moment(sessions: Sessions, settler: Settler) -> None:
    settle(sessions, settler, LOCKED_OUT)

    paced = sending_budget(sessions)
    assert (paced.stopped_why, paced.stopped_at) == ("account suspended", NOW)
    assert paced.stopped_by is StoppedBy.SENDER


def refused_by(*addresses: str) -> Callable[[Letter], tuple[Letter, Outcome]]:
    left = iter(addresses)

    def refused(each: Letter) -> tuple[Letter, Outcome]:
        return replace(each, mail=replace(each.mail, to=next(left))), Refused("no relay")

    return refused


def test_what_one_domain_refuses_to_several_people_stops_nothing(
    sessions: Sessions, settler: Settler
) -> None:
    refused = refused_by("ann@a.example", "bea@a.example", "cleo@a.example")

    goes_on = settler.settle([refused(each) for each in armed(sessions, 3)])

    assert goes_on
    assert states_of(sessions) == [DeliveryState.FAILED] * 3


def test_what_several_domains_refuse_stops_nothing_while_others_accept(
    sessions: Sessions, settler: Settler
) -> None:
    refused = refused_by("ann@a.example", "bea@b.example", "cleo@c.example")
    *some, last = armed(sessions, 4)

    goes_on = settler.settle([*(refused(each) for each in some), (last, SENT)])

    assert goes_on
    assert sending_budget(sessions).stopped_at is None


def test_the_third_doubt_in_a_row_is_one_too_many(settler: Settler) -> None:
    outcomes: list[Outcome] = [HUNG_UP, HUNG_UP, SENT, HUNG_UP, BUSY, HUNG_UP, HUNG_UP, BUSY]

    told = [settler.doubts(each) for each in outcomes]

    assert told == [False] * 6 + [True] * 2


def test_refusals_of_several_domains_are_taken_back_and_stop_sending_in_words(
    sessions: Sessions, settler: Settler
) -> None:
    refused = refused_by("ann@a.example", "ann@a.example", "bea@b.example", "cleo@c.example")
    earlier, *later = armed(sessions, 4)

    before = settler.settle([refused(earlier)])
    after = settler.settle([refused(each) for each in later])

    paced = sending_budget(sessions)
    assert (before, after) == (True, False)
    assert paced.stopped_at == NOW
    assert "several domains" in str(paced.stopped_why)
    assert states_of(sessions) == [DeliveryState.PENDING] * 4
    assert settler.tally["failed"] == 0, "the one of the group before is taken back, too"


def ids_of(sessions: Sessions) -> list[int]:
    with sessions() as session:
        return list(session.scalars(select(Delivery.id).order_by(Delivery.id)))

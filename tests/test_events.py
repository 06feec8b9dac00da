"""Events count once, in whatever order they come, and nothing final is undone by them."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from digest import delivery as deliveries
from digest import events, pipeline
from digest.database import DatabaseNow, Sessions, in_transaction
from digest.delivery import states
from digest.errors import BadInput
from digest.models import (
    Bounce,
    Delivery,
    DeliveryState,
    EventKind,
    EventRow,
    Pick,
    SendingBudget,
    Standing,
    StoppedBy,
    Subscriber,
    Suppression,
)
from digest.services import Services
from tests import make
from tests.conftest import StoppedClock
from tests.ses_events import AT, DETAILS, document, text

EMAIL = "ann@example.org"
PENDING, CLAIMED, SENDING, SENT, UNKNOWN, FAILED, SKIPPED = DeliveryState


def reader(services: Services, email: str = EMAIL, **facts: Any) -> int:
    with services.sessions.begin() as session:
        address_hash = services.keys.address_hash(email)
        return make.subscriber(session, email=email, address_hash=address_hash, **facts).id


def mail_to(services: Services, reader_id: int, state: DeliveryState = SENT, **facts: Any) -> int:
    armed = {} if state is PENDING else {"sending_at": DatabaseNow()}
    with services.sessions.begin() as session:
        subscriber = session.get_one(Subscriber, reader_id)
        return make.delivery(session, subscriber, **{"state": state, **armed, **facts}).id


def hear(services: Services, kind: str, *, to: str = EMAIL, **facts: Any) -> bool:
    return pipeline.hear(services, text(kind, to=to, **facts))


def row(services: Services, delivery_id: int) -> Delivery:
    with services.sessions() as session:
        return session.get_one(Delivery, delivery_id)


def standing(services: Services, reader_id: int) -> Standing:
    with services.sessions() as session:
        return session.get_one(Subscriber, reader_id).standing


def suppressed(services: Services, email: str = EMAIL) -> Standing | None:
    with services.sessions() as session:
        found = session.get(Suppression, services.keys.address_hash(email))
        return found.reason if found else None


def kept(services: Services) -> list[tuple[EventKind, Bounce | None]]:
    with services.sessions() as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.id))
        return [(each.kind, each.bounce) for each in rows]


def dump(services: Services) -> list[object]:
    """Return what events may change, but for when and in which order they came."""
    with services.sessions() as session:
        found: list[object] = [
            (each.standing, each.next_due_at) for each in session.scalars(select(Subscriber))
        ]
        found += [(each.state, each.error) for each in session.scalars(select(Delivery))]
        found += [(each.address_hash, each.reason) for each in session.scalars(select(Suppression))]
        rows = session.scalars(select(EventRow))
        found += sorted((each.message_id, each.kind, str(each.bounce)) for each in rows)
        return found


# What it does to the delivery: faults 2 and 15


LEFT = ("Send", "Delivery", "Bounce", "Complaint", "DeliveryDelay", "Subscription")


@pytest.mark.parametrize("kind", DETAILS)
@pytest.mark.parametrize("state", [SENDING, UNKNOWN])
def test_fault_2_any_event_shows_that_a_doubtful_mail_was_accepted(
    services: Services, kind: str, state: DeliveryState
) -> None:
    delivery_id = mail_to(services, reader(services), state, lease_token="dead")

    hear(services, kind, delivery=delivery_id, message_id="m1")

    settled = row(services, delivery_id)
    assert (settled.state, settled.provider_id, settled.lease_token) == (SENT, "m1", None)
    assert settled.error == (None if kind in LEFT else states.words.THROWN_AWAY)


@pytest.mark.parametrize("kind", LEFT)
@pytest.mark.parametrize("state", [PENDING, CLAIMED])
def test_an_event_spares_a_mail_that_was_to_be_sent_again(
    services: Services, kind: str, state: DeliveryState
) -> None:
    delivery_id = mail_to(services, reader(services), state, sending_at=AT, lease_token="other")

    hear(services, kind, delivery=delivery_id)

    assert row(services, delivery_id).state is SENT
    assert states.claim(services.sessions, "mine", 10) == []
    assert states.arm(services.sessions, "other", [delivery_id], []) == set()


@pytest.mark.parametrize("kind", ["Reject", "Rendering Failure"])
def test_a_mail_that_was_thrown_away_may_be_sent_again(services: Services, kind: str) -> None:
    delivery_id = mail_to(services, reader(services), PENDING, sending_at=AT)

    hear(services, kind, delivery=delivery_id)

    assert row(services, delivery_id).state is PENDING


@pytest.mark.parametrize("kind", DETAILS)
def test_no_event_makes_a_mail_sent_that_was_never_armed(services: Services, kind: str) -> None:
    delivery_id = mail_to(services, reader(services), PENDING)

    hear(services, kind, delivery=delivery_id)

    assert row(services, delivery_id).state is PENDING


def test_doubt_that_was_closed_is_settled_after_all(services: Services) -> None:
    late = {"sending_at": DatabaseNow(-states.SETTLED_WITHIN - 1)}
    delivery_id = mail_to(services, reader(services), UNKNOWN, **late)
    in_transaction(services.sessions, states.reap)
    before = row(services, delivery_id)

    hear(services, "Delivery", delivery=delivery_id)

    assert (before.state, before.error) == (SKIPPED, states.OUTCOME_UNKNOWN)
    assert row(services, delivery_id).state is SENT


@pytest.mark.parametrize("kind", DETAILS)
@pytest.mark.parametrize(
    ("state", "error"), [(SENT, None), (FAILED, "refused"), (SKIPPED, "nothing new")]
)
def test_fault_15_final_states_never_go_back(
    services: Services, kind: str, state: DeliveryState, error: str | None
) -> None:
    delivery_id = mail_to(services, reader(services), state, error=error, provider_id="first")

    hear(services, kind, delivery=delivery_id)

    assert row(services, delivery_id).state is state


def test_an_event_before_our_own_record_is_as_good(services: Services) -> None:
    delivery_id = mail_to(services, reader(services), SENDING, lease_token="mine")

    hear(services, "Send", delivery=delivery_id, message_id="m1")
    states.record(services.sessions, [(delivery_id, "m1")])
    states.doubt(services.sessions, "mine", delivery_id, why="time-out")
    states.back(services.sessions, "mine", delivery_id, why="no", after=0)

    settled = row(services, delivery_id)
    assert (settled.state, settled.provider_id) == (SENT, "m1")


def test_an_event_keeps_the_picks_of_what_it_settles(services: Services) -> None:
    reader_id = reader(services)
    delivery_id = mail_to(services, reader_id, UNKNOWN)
    with services.sessions.begin() as session:
        paper = make.paper(session, now=AT)
        session.add(
            Pick(
                subscriber_id=reader_id,
                paper_id=paper.id,
                delivery_id=delivery_id,
                place=0,
                reasons=[],
            )
        )

    hear(services, "Reject", delivery=delivery_id)

    with services.sessions() as session:
        assert len(session.scalars(select(Pick)).all()) == 1


# Twice, and in any order: fault 15


@pytest.mark.parametrize("kind", DETAILS)
def test_fault_15_an_event_that_comes_again_is_no_news(services: Services, kind: str) -> None:
    delivery_id = mail_to(services, reader(services), UNKNOWN)
    told = text(kind, to=EMAIL, delivery=delivery_id)

    first = pipeline.hear(services, told)
    after_one = dump(services)
    again = [pipeline.hear(services, told) for _ in range(2)]

    assert (first, again) == (True, [False, False])
    assert dump(services) == after_one


def test_events_that_come_at_once_count_once(services: Services) -> None:
    delivery_id = mail_to(services, reader(services), UNKNOWN)
    told = text("Complaint", to=EMAIL, delivery=delivery_id)

    with ThreadPoolExecutor(4) as doors:
        heard = list(doors.map(lambda _: pipeline.hear(services, told), range(12)))

    assert sorted(heard) == [False] * 11 + [True]
    assert kept(services) == [(EventKind.COMPLAINED, None)]


LIVES = {
    "delivered": ("Send", "Delivery"),
    "delayed": ("Send", "DeliveryDelay", "Delivery"),
    "bounced": ("Send", "Bounce"),
    "complained": ("Send", "Delivery", "Complaint"),
    "bounced late": ("Send", "Delivery", "Bounce"),
    "everything at once": ("Send", "Delivery", "Bounce", "Complaint"),
    "thrown away": ("Send", "Reject"),
    "not rendered": ("Rendering Failure", "Send"),
}


def orders(life: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield every order, with each event but the last told twice."""
    for order in itertools.permutations(life):
        yield [kind for kind in order for _ in range(2)][:-1]


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
@pytest.mark.parametrize("state", [UNKNOWN, SENT])
def test_fault_15_the_order_of_events_means_nothing(
    services: Services, life: Sequence[str], state: DeliveryState
) -> None:
    ends = []
    for order in orders(life):
        clear(services)
        delivery_id = mail_to(services, reader(services), state)
        for kind in order:
            told = document(kind, to=EMAIL, delivery=delivery_id, message_id="m1")
            pipeline.hear(services, json.dumps(told))
        ends.append(dump(services))

    assert all(end == ends[0] for end in ends)


def clear(services: Services) -> None:
    with services.sessions.begin() as session:
        for table in (EventRow, Suppression, Delivery, Subscriber):
            session.execute(delete(table))


def test_a_bounce_for_good_overrides_one_that_was_not(services: Services) -> None:
    for order in (("Transient", "Permanent"), ("Permanent", "Transient")):
        clear(services)
        reader_id = reader(services)

        news = [hear(services, "Bounce", bounceType=each, message_id="m1") for each in order]

        assert news == [True, order[1] == "Permanent"]
        assert kept(services) == [(EventKind.BOUNCED, Bounce.PERMANENT)]
        assert standing(services, reader_id) is Standing.BOUNCED


def test_a_bounce_that_is_not_for_good_overrides_none(services: Services) -> None:
    kinds = ("Transient", "Undetermined", "Permanent", "Transient")

    told = [hear(services, "Bounce", message_id="m1", bounceType=each) for each in kinds]

    assert told == [True, False, True, False]
    assert kept(services) == [(EventKind.BOUNCED, Bounce.PERMANENT)]


def test_an_event_is_kept_with_its_delivery_and_without_its_address(services: Services) -> None:
    delivery_id = mail_to(services, reader(services))
    nobody = document("Send")
    del nobody["mail"]["destination"]

    hear(services, "Delivery", delivery=delivery_id)
    pipeline.hear(services, json.dumps(nobody))

    with services.sessions() as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.id)).all()
    assert [(each.delivery_id, each.address_hash) for each in rows] == [
        (delivery_id, services.keys.address_hash(EMAIL)),
        (None, None),
    ]


# Whom it stops: faults 16 and 39


@pytest.mark.parametrize("before", Standing)
def test_fault_16_a_bounce_for_good_stops_the_address_at_once(
    services: Services, before: Standing
) -> None:
    reader_id = reader(services, standing=before, next_due_at=AT)

    hear(services, "Bounce", bounceType="Permanent")

    final = Standing.COMPLAINED if before is Standing.COMPLAINED else Standing.BOUNCED
    assert standing(services, reader_id) is final
    assert suppressed(services) is Standing.BOUNCED


@pytest.mark.parametrize("before", Standing)
def test_fault_15_a_complaint_ends_all_mail_from_any_standing(
    services: Services, before: Standing
) -> None:
    reader_id = reader(services, standing=before, next_due_at=AT)

    hear(services, "Complaint")

    assert standing(services, reader_id) is Standing.COMPLAINED
    assert suppressed(services) is Standing.COMPLAINED


def test_a_complaint_is_the_last_word(services: Services) -> None:
    reader_id = reader(services)

    hear(services, "Bounce")
    hear(services, "Complaint")
    hear(services, "Bounce")
    hear(services, "Delivery")

    assert standing(services, reader_id) is Standing.COMPLAINED
    assert suppressed(services) is Standing.COMPLAINED


def test_a_complaint_may_come_before_its_delivery(services: Services) -> None:
    reader_id = reader(services)
    delivery_id = mail_to(services, reader_id, SENDING)

    hear(services, "Complaint", delivery=delivery_id, message_id="m1")
    hear(services, "Delivery", delivery=delivery_id, message_id="m1")

    assert standing(services, reader_id) is Standing.COMPLAINED
    assert row(services, delivery_id).state is SENT


@pytest.mark.parametrize("kind", ["Bounce", "Complaint"])
def test_nothing_more_is_sent_to_a_stopped_address(services: Services, kind: str) -> None:
    reader_id = reader(services, next_due_at=AT)
    pending = mail_to(services, reader_id, PENDING)
    claimed = mail_to(services, reader_id, CLAIMED, lease_token="mine", lease_until=DatabaseNow(60))

    hear(services, kind)
    pipeline.sweep(services)

    assert states.arm(services.sessions, "mine", [claimed], []) == set()
    states.let_go(services.sessions, "mine")
    assert states.claim(services.sessions, "mine", 10) == []
    assert row(services, pending).state is PENDING


def test_fault_39_an_event_of_someone_erased_bars_their_address(services: Services) -> None:
    reader_id = reader(services)
    delivery_id = mail_to(services, reader_id)
    with services.sessions.begin() as session:
        session.delete(session.get_one(Subscriber, reader_id))

    news = hear(services, "Complaint", delivery=delivery_id)

    assert news
    assert suppressed(services) is Standing.COMPLAINED


def test_fault_39_no_table_keeps_the_address_of_an_event(services: Services) -> None:
    hear(services, "Bounce", to="gone@example.org", delivery=7)

    with services.sessions() as session:
        found = session.scalars(select(EventRow)).one()
        columns = list(EventRow.__table__.c.keys())
        shown = repr({column: getattr(found, column) for column in columns})
    assert "gone" not in shown
    assert found.address_hash == services.keys.address_hash("gone@example.org")


def test_an_event_is_about_the_address_and_not_about_who_had_it(services: Services) -> None:
    reader_id = reader(services)
    delivery_id = mail_to(services, reader_id)

    hear(services, "Bounce", to="old@example.org", delivery=delivery_id)

    assert standing(services, reader_id) is Standing.ACTIVE
    assert suppressed(services, "old@example.org") is Standing.BOUNCED


@pytest.mark.parametrize("kind", ["Send", "Delivery", "DeliveryDelay", "Reject", "Subscription"])
def test_other_events_stop_nobody(services: Services, kind: str) -> None:
    reader_id = reader(services)

    hear(services, kind)

    assert standing(services, reader_id) is Standing.ACTIVE
    assert suppressed(services) is None


# Five in a row: fault 16


def in_turn(services: Services, kinds: str) -> None:
    """Tell of mails, an hour apart: b came back, u nobody knows why, d was delivered, l is late."""
    for hours, letter in enumerate(kinds):
        at = AT - timedelta(days=9) + timedelta(hours=hours)
        one_event(services, letter, at)


def one_event(services: Services, letter: str, at: datetime = AT, to: str = EMAIL) -> None:
    told: dict[str, Callable[[], bool]] = {
        "b": lambda: hear(services, "Bounce", bounceType="Transient", at=at, to=to),
        "u": lambda: hear(services, "Bounce", bounceType="Undetermined", at=at, to=to),
        "d": lambda: hear(services, "Delivery", at=at, to=to),
        "l": lambda: hear(services, "DeliveryDelay", at=at, to=to),
    }
    told[letter]()


@pytest.mark.parametrize(
    ("kinds", "after"),
    [
        ("bbbb", Standing.ACTIVE),
        ("bbbbb", Standing.BOUNCED),
        ("ubbub", Standing.BOUNCED),
        ("bbbbdb", Standing.ACTIVE),
        ("bbbbdbbbb", Standing.ACTIVE),
        ("bbbbdbbbbb", Standing.BOUNCED),
        ("dbbbbb", Standing.BOUNCED),
        ("llllbbbb", Standing.ACTIVE),
        ("bblbbb", Standing.BOUNCED),
    ],
)
def test_fault_16_five_bounces_in_a_row_stop_an_address(
    services: Services, kinds: str, after: Standing
) -> None:
    reader_id = reader(services)

    in_turn(services, kinds)

    assert standing(services, reader_id) is after


def test_what_counts_is_when_mails_came_back_and_not_when_that_was_told(
    services: Services,
) -> None:
    reader_id = reader(services)
    one_event(services, "d", AT)

    in_turn(services, "bbbbb")  # all of them of before

    assert standing(services, reader_id) is Standing.ACTIVE


def test_the_newest_delivery_is_the_one_that_came_last_and_not_the_one_told_last(
    services: Services,
) -> None:
    reader_id = reader(services)
    moments = [AT - timedelta(days=9) + timedelta(hours=hours) for hours in range(8)]
    one_event(services, "d", moments[5])
    one_event(services, "d", moments[1])

    for at in (*moments[2:5], *moments[6:8]):
        one_event(services, "b", at)

    assert standing(services, reader_id) is Standing.ACTIVE


def test_events_of_one_moment_count_in_the_order_in_which_they_come(services: Services) -> None:
    reader_id = reader(services)

    for letter in "bbbbdbbbb":
        one_event(services, letter)
    before = standing(services, reader_id)
    one_event(services, "b")

    assert (before, standing(services, reader_id)) == (Standing.ACTIVE, Standing.BOUNCED)


def test_a_confirmation_shows_that_mail_comes(services: Services) -> None:
    reader_id = reader(services)
    in_turn(services, "bbbb")
    with services.sessions.begin() as session:
        session.execute(update(EventRow).values(received_at=make.LONG_AGO))
        session.execute(update(Subscriber).values(confirmed_at=AT))

    in_turn(services, "b")

    assert standing(services, reader_id) is Standing.ACTIVE


def test_five_at_once_are_five(services: Services) -> None:
    reader_id = reader(services)

    with ThreadPoolExecutor(5) as doors:
        list(doors.map(lambda _: one_event(services, "b"), range(5)))

    assert standing(services, reader_id) is Standing.BOUNCED


def test_bounces_of_others_count_for_nobody_else(services: Services) -> None:
    reader_id = reader(services)

    for number in range(6):
        hear(services, "Bounce", to=f"other{number}@example.org", bounceType="Transient")
    one_event(services, "b")

    assert standing(services, reader_id) is Standing.ACTIVE


def test_what_others_get_makes_nobody_s_address_good(services: Services) -> None:
    reader_id = reader(services)

    in_turn(services, "bbbb")
    one_event(services, "d", AT - timedelta(days=1), to="other@example.org")
    one_event(services, "b")

    assert standing(services, reader_id) is Standing.BOUNCED


def test_old_events_are_dropped(services: Services) -> None:
    hear(services, "Send")
    hear(services, "Send")
    with services.sessions.begin() as session:
        newest = session.scalars(select(EventRow.id).order_by(EventRow.id.desc())).first()
        old = update(EventRow).where(EventRow.id != newest)
        session.execute(old.values(received_at=DatabaseNow(-201 * 86_400)))

    pipeline.read_suppressions(services)

    with services.sessions() as session:
        assert session.scalars(select(EventRow.id)).all() == [newest]


# The brakes


def sent(sessions: Sessions, count: int) -> None:
    with sessions.begin() as session:
        someone = make.subscriber(session)
        for _ in range(count):
            make.delivery(session, someone, state=SENT, sending_at=DatabaseNow(-60))


def told(services: Services, kind: str, count: int) -> None:
    for number in range(count):
        hear(services, kind, to=f"{kind.lower()}{number}@example.org")


def stopped_why(services: Services) -> str | None:
    with services.sessions() as session:
        found = session.get(SendingBudget, 1)
        return found.stopped_why if found else None


@pytest.mark.parametrize(
    ("kind", "least"), [("Bounce", events.BOUNCES.least), ("Complaint", events.COMPLAINTS.least)]
)
def test_too_many_stop_all_sending_and_few_never_do(
    services: Services, kind: str, least: int
) -> None:
    sent(services.sessions, 100)

    told(services, kind, least - 1)
    before = stopped_why(services)
    hear(services, kind, to="one.more@example.org")

    assert before is None
    assert f"{least} {kind.lower()}" in (stopped_why(services) or "")
    with services.sessions() as session:
        budget = session.get_one(SendingBudget, 1)
        assert (budget.stopped_by, budget.stopped_at) == (StoppedBy.BRAKES, services.clock())


def test_many_are_few_among_many_mails(services: Services) -> None:
    sent(services.sessions, 300)
    with services.sessions.begin() as session:
        session.add_all(
            EventRow(
                message_id=f"b{n}",
                kind=EventKind.BOUNCED,
                bounce=Bounce.PERMANENT,
                at=AT,
                received_at=DatabaseNow(),
            )
            for n in range(11)
        )

    with services.sessions() as session:
        found = events.reputation(session)

    assert (found.mails, found.bounces, found.complaints) == (300, 11, 0)
    assert found.too_many() == []


def test_the_brakes_are_below_what_mailboxes_bear() -> None:
    assert events.BOUNCES.share < 0.05
    assert events.COMPLAINTS.share < 0.001
    assert events.Reputation(10_000, 399, 7).too_many() == []
    assert len(events.Reputation(10_000, 400, 8).too_many()) == 2


def test_bounces_that_are_not_for_good_are_no_reason_to_stop(services: Services) -> None:
    sent(services.sessions, 100)

    for number in range(events.BOUNCES.least):
        hear(services, "Bounce", to=f"full{number}@example.org", bounceType="Transient")

    assert stopped_why(services) is None


def test_only_mails_that_were_sent_within_a_week_count(services: Services) -> None:
    sent(services.sessions, 3)
    with services.sessions.begin() as session:
        someone = make.subscriber(session)
        make.delivery(session, someone, state=SENT, sending_at=DatabaseNow(-8 * 86_400))
        make.delivery(session, someone, state=SKIPPED, sending_at=DatabaseNow(-60))

    with services.sessions() as session:
        assert events.reputation(session).mails == 3


def test_only_a_week_counts(services: Services) -> None:
    sent(services.sessions, 20)
    told(services, "Complaint", 4)
    told(services, "Bounce", 3)
    with services.sessions.begin() as session:
        session.execute(update(EventRow).values(received_at=DatabaseNow(-8 * 86_400)))

    told(services, "Complaint", 4)

    with services.sessions() as session:
        assert events.reputation(session).complaints == 4
        assert events.reputation(session).bounces == 0
    assert stopped_why(services) is None


def test_of_many_mails_only_the_last_ten_thousand_count(services: Services) -> None:
    with services.sessions.begin() as session:
        someone = make.subscriber(session)
        first = make.delivery(session, someone, state=SENT, sending_at=DatabaseNow(-7200))
        columns = {
            name: getattr(first, name)
            for name in ("kind", "priority", "not_before", "day_ends_at", "created_at", "state")
        }
        session.execute(
            Delivery.__table__.insert(),  # type: ignore[attr-defined]
            [
                columns
                | {
                    "subscriber_id": someone.id,
                    "dedupe_key": f"n{number}",
                    "sending_at": AT + timedelta(days=3650),
                    "attempts": 0,
                }
                for number in range(10_000)
            ],
        )
    told(services, "Complaint", 1)

    with services.sessions() as session:
        found = events.reputation(session)

    assert (found.mails, found.complaints) == (10_000, 0)


def test_after_a_resume_old_complaints_do_not_stop_sending_again(services: Services) -> None:
    sent(services.sessions, 100)
    told(services, "Complaint", 5)
    deliveries.resume(services.sessions)

    hear(services, "Complaint", to="sixth@example.org")
    before = stopped_why(services)
    for number in range(4):
        hear(services, "Complaint", to=f"new{number}@example.org")

    assert before is None
    assert "5 complaints" in (stopped_why(services) or "")


# The operator's hand


def test_the_operator_may_say_that_it_was_sent(services: Services) -> None:
    delivery_id = mail_to(services, reader(services), UNKNOWN)

    deliveries.settle(services.sessions, delivery_id, again=False)

    assert row(services, delivery_id).state is SENT


def test_the_operator_may_have_it_sent_again(services: Services) -> None:
    delivery_id = mail_to(services, reader(services), UNKNOWN)

    deliveries.settle(services.sessions, delivery_id, again=True)

    [claimed] = states.claim(services.sessions, "mine", 10)
    assert claimed.id == delivery_id


def test_an_event_of_the_first_mail_spares_the_second(services: Services) -> None:
    delivery_id = mail_to(services, reader(services), UNKNOWN)
    deliveries.settle(services.sessions, delivery_id, again=True)

    hear(services, "Send", delivery=delivery_id)

    assert states.claim(services.sessions, "mine", 10) == []
    assert row(services, delivery_id).state is SENT


@pytest.mark.parametrize("state", [each for each in DeliveryState if each is not UNKNOWN])
def test_what_is_in_no_doubt_is_not_settled(services: Services, state: DeliveryState) -> None:
    delivery_id = mail_to(services, reader(services), state)

    for again in (True, False):
        with pytest.raises(BadInput, match=f"is {state}: .*Only unknown ones"):
            deliveries.settle(services.sessions, delivery_id, again=again)

    assert row(services, delivery_id).state is state


def test_there_has_to_be_a_delivery_to_settle(services: Services) -> None:
    with pytest.raises(BadInput, match="no delivery 4711"):
        deliveries.settle(services.sessions, 4711, again=True)


def test_a_digest_that_is_sent_again_shows_the_same_papers(
    services: Services, clock: StoppedClock
) -> None:
    pipeline.fetch(services, ["sample"])
    reader_id = reader(services, next_due_at=clock(), topics=("rlhf",))
    pipeline.send_due(services)
    with services.sessions.begin() as session:
        delivery_id = session.scalars(select(Delivery.id)).one()
        before = session.scalars(select(Pick.paper_id).order_by(Pick.place)).all()
        session.execute(update(Delivery).values(state=UNKNOWN))
        assert reader_id
    [first] = sorted(services.settings.outbox.glob("*.eml"))
    was = first.read_bytes()
    deliveries.settle(services.sessions, delivery_id, again=True)

    tally = pipeline.send_due(services)

    with services.sessions() as session:
        assert session.scalars(select(Pick.paper_id).order_by(Pick.place)).all() == before
    mails = sorted(services.settings.outbox.glob("*.eml"))
    assert tally.sent == 1
    assert papers_in(mails[-1].read_bytes()) == papers_in(was)


def papers_in(mail: bytes) -> list[bytes]:
    lines = mail.replace(b"=\r\n", b"").splitlines()
    return [line for line in lines if line.startswith(b"https://arxiv.org/abs/")]

"""A sender at work, with a transport that does as it is told."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from digest import delivery, subscribers
from digest.database import DatabaseNow, Sessions
from digest.delivery import Claimed, Composed, Entry, Held, Letter, budget, sender, sweep
from digest.delivery.states import ALONE_FROM
from digest.mail.message import Mail
from digest.mail.transport import (
    Accepted,
    Allowance,
    NotSent,
    Outcome,
    Reaction,
    Refused,
    Transport,
    Unknown,
)
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Pick,
    SendingBudget,
    Standing,
    Subscriber,
    Suppression,
)
from digest.subscribers.silence import take_back
from tests import make

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


class Post:
    """A transport that ends each hand-over as the script says, and well after that."""

    def __init__(self, *script: Outcome | Exception, **allowed: Any) -> None:
        self.script = list(script)
        self.allowed = Allowance(**allowed)
        self.mails: list[Mail] = []
        self.on_send: Callable[[], object] = lambda: None

    @property
    def ids(self) -> list[int]:
        return [mail.delivery_id for mail in self.mails]

    def send(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        self.on_send()
        outcome = self.script.pop(0) if self.script else Accepted(f"id-{mail.delivery_id}")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def allowance(self) -> Allowance:
        return self.allowed

    def close(self) -> None:
        pass


def letter(claimed: Claimed) -> Letter:
    mail = Mail(
        to=f"reader{claimed.subscriber_id}@example.org",
        subject="Today",
        html="<p>Today</p>",
        text="Today",
        delivery_id=claimed.id,
        kind=claimed.kind.value,
    )
    return Letter(claimed, mail, ())


def write(claimed: Sequence[Claimed]) -> list[Composed]:
    return [letter(each) for each in claimed]


def deliver(
    sessions: Sessions,
    post: Transport,
    compose: Callable[[Sequence[Claimed]], Iterable[Composed]] = write,
    **how: float,
) -> delivery.Tally:
    return delivery.deliver(sessions, post, compose, lambda: NOW, **how)


def due(sessions: Sessions, count: int = 1, **facts: Any) -> list[int]:
    with sessions.begin() as session:
        return [make.delivery(session, make.subscriber(session), **facts).id for _ in range(count)]


def states_of(sessions: Sessions) -> list[DeliveryState]:
    with sessions() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def sending_budget(sessions: Sessions) -> SendingBudget:
    with sessions() as session:
        return session.get_one(SendingBudget, 1)


def wait_is_over(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(update(Delivery).values(not_before=DatabaseNow(-1)))


SENT, PENDING, SENDING = DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.SENDING


def test_what_is_due_is_sent_once(sessions: Sessions) -> None:
    ids = due(sessions, 120)
    post = Post()

    tally = deliver(sessions, post)
    again = deliver(sessions, post)

    assert sorted(post.ids) == ids
    assert (tally["sent"], again.total()) == (120, 0)
    assert set(states_of(sessions)) == {SENT}


def test_nothing_due_is_no_work(sessions: Sessions) -> None:
    assert deliver(sessions, Post()).total() == 0


LATER, SLOW_DOWN = Reaction.LATER, Reaction.SLOW_DOWN


@pytest.mark.parametrize(
    ("outcome", "state", "told"),
    [
        (Accepted("0102018f"), DeliveryState.SENT, {"sent": 1}),
        (Refused("no such mailbox"), DeliveryState.FAILED, {"failed": 1}),
        (Unknown("no answer"), DeliveryState.UNKNOWN, {"unknown": 1}),
        (RuntimeError("an error of ours"), DeliveryState.UNKNOWN, {"unknown": 1}),
        (NotSent("busy", kind=Reaction.LATER), DeliveryState.PENDING, {}),
        (NotSent("too fast", kind=Reaction.SLOW_DOWN), DeliveryState.PENDING, {}),
        (NotSent("quota used up", kind=Reaction.QUOTA), DeliveryState.PENDING, {}),
        (NotSent("account suspended", kind=Reaction.STOP), DeliveryState.PENDING, {}),
    ],
)
def test_each_outcome_leads_to_its_state_and_the_picks_of_what_was_not_sent_are_taken_back(
    sessions: Sessions, outcome: Outcome | Exception, state: DeliveryState, told: dict[str, int]
) -> None:
    due(sessions)
    with sessions.begin() as session:
        paper_id = make.paper(session, now=NOW).id

    def with_a_pick(claimed: Sequence[Claimed]) -> list[Composed]:
        return [Letter(each, letter(each).mail, (pick(each, paper_id),)) for each in claimed]

    tally = deliver(sessions, Post(outcome), with_a_pick)

    with sessions() as session:
        kept = session.scalars(select(Pick.paper_id)).all()
    assert states_of(sessions) == [state]
    assert {name: count for name, count in tally.items() if count} == told
    assert kept == ([paper_id] if state in (SENT, DeliveryState.UNKNOWN) else [])


def pick(claimed: Claimed, paper_id: int) -> Entry:
    return claimed.subscriber_id, paper_id, claimed.id, 0, "[]"


def test_an_error_of_ours_is_told_of_the_mail_that_met_it(
    sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    _, second = due(sessions, 2)

    deliver(sessions, Post(Accepted("0102018f"), RuntimeError("an error of ours")))

    with sessions() as session:
        assert session.get_one(Delivery, second).error == "an error of the sender"
    [told] = [record for record in caplog.records if record.exc_info]
    assert told.getMessage().endswith(f" delivery={second}")


def test_what_is_unknown_is_never_sent_again_by_itself(sessions: Sessions) -> None:
    due(sessions)
    post = Post(Unknown("no answer"))
    deliver(sessions, post)

    for hours in range(0, 100, 9):
        sweep(sessions, NOW + timedelta(hours=hours))
        wait_is_over(sessions)
        deliver(sessions, post)

    assert len(post.mails) == 1


def test_what_was_not_sent_is_tried_again_after_a_while(sessions: Sessions) -> None:
    [delivery_id] = due(sessions)
    post = Post(NotSent("busy", kind=Reaction.LATER))

    deliver(sessions, post)
    deliver(sessions, post)
    tried_at_once = len(post.mails)
    wait_is_over(sessions)
    deliver(sessions, post)

    assert tried_at_once == 1
    assert post.ids == [delivery_id, delivery_id]
    assert states_of(sessions) == [SENT]


@pytest.mark.parametrize(
    ("age", "seconds"), [(0, 60), (300, 60), (4000, 400), (86_400, 600), (-3600, 60)]
)
def test_a_mail_that_is_put_off_again_and_again_is_tried_less_often(
    sessions: Sessions, age: int, seconds: int
) -> None:
    [delivery_id] = due(sessions)
    decided_at = NOW - timedelta(seconds=age)

    def compose(claimed: Sequence[Claimed]) -> list[Composed]:
        return [
            replace(letter(each), mail=replace(letter(each).mail, decided_at=decided_at))
            for each in claimed
        ]

    deliver(sessions, Post(NotSent("greylisted", kind=Reaction.LATER)), compose)

    with sessions() as session:
        waits = session.scalars(select(DatabaseNow())).one()
        not_before = session.get_one(Delivery, delivery_id).not_before
    assert not_before - waits == pytest.approx(
        timedelta(seconds=seconds), abs=timedelta(seconds=20)
    )


def test_a_throttled_group_slows_all_senders_once(sessions: Sessions) -> None:
    """Row 17."""
    due(sessions, sender.FIRST_GROUP)
    throttled = [NotSent("too fast", kind=Reaction.SLOW_DOWN)] * sender.FIRST_GROUP

    deliver(sessions, Post(*throttled, rate=100.0))

    assert sending_budget(sessions).rate == pytest.approx(80.0)


def test_a_used_up_quota_rests_everybody_and_sending_goes_on_by_itself(
    sessions: Sessions,
) -> None:
    """Row 18."""
    due(sessions, 1)
    post = Post(NotSent("quota used up", kind=Reaction.QUOTA))
    deliver(sessions, post)
    wait_is_over(sessions)

    while_resting = deliver(sessions, post)
    with sessions.begin() as session:
        session.execute(update(SendingBudget).values(next_free_at=DatabaseNow(-1)))
    afterwards = deliver(sessions, post)

    assert while_resting["sent"] == 0
    assert afterwards["sent"] == 1


def test_what_cannot_be_sent_at_all_stops_everything_until_it_is_resumed(
    sessions: Sessions,
) -> None:
    """Row 19."""
    due(sessions, 60)
    post = Post(NotSent("account suspended", kind=Reaction.STOP))

    deliver(sessions, post)
    tried = len(post.mails)
    wait_is_over(sessions)
    while_stopped = deliver(sessions, post)
    stopped_why = sending_budget(sessions).stopped_why
    delivery.resume(sessions)
    resumed = deliver(sessions, post)

    assert tried == 1, "the rest of the group is spared"
    assert stopped_why == "account suspended"
    assert while_stopped["sent"] == 0
    assert resumed["sent"] == 60


def test_a_stop_gives_every_claimed_row_back(sessions: Sessions) -> None:
    due(sessions, 3)
    delivery.stop(sessions, "by hand", NOW)

    tally = deliver(sessions, Post())

    assert tally.total() == 0
    assert states_of(sessions) == [PENDING] * 3


def test_a_stop_in_the_middle_of_a_batch_ends_the_sender_that_holds_it(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_GROUP", 4)
    due(sessions, 20)
    post, begun = Post(), count(1)
    post.on_send = lambda: delivery.stop(sessions, "by hand", NOW)

    def end_some_time(*_: object) -> None:
        assert next(begun) < 100, "it asks again and again for what it does not get"

    event.listen(sessions.kw["bind"], "begin", end_some_time)

    deliver(sessions, post)

    assert states_of(sessions) == [SENT] * 4 + [PENDING] * 16


@pytest.mark.parametrize("attempts", [0, ALONE_FROM])
def test_while_sending_is_stopped_nothing_is_written_in_vain(
    sessions: Sessions, attempts: int
) -> None:
    due(sessions, attempts=attempts)
    delivery.stop(sessions, "by hand", NOW)
    written: list[Claimed] = []

    def in_vain(claimed: Sequence[Claimed]) -> list[Composed]:
        written.extend(claimed)
        return write(claimed)

    deliver(sessions, Post(), in_vain)

    assert written == []


def test_the_daily_quota_holds_and_begins_anew_the_next_day(sessions: Sessions) -> None:
    due(sessions, 5)
    post = Post(daily_quota=3)

    first = deliver(sessions, post)
    second = deliver(sessions, post)
    with sessions.begin() as session:
        budget = session.get_one(SendingBudget, 1)
        budget.sent_on -= timedelta(days=1)
    next_day = deliver(sessions, post)

    assert [first["sent"], second["sent"], next_day["sent"]] == [3, 0, 2]


def test_what_the_account_sent_elsewhere_counts_against_the_quota(sessions: Sessions) -> None:
    due(sessions, 5)
    today = datetime.now(UTC)
    post = Post(daily_quota=1000, sent_today=998)

    tally = delivery.deliver(sessions, post, write, lambda: today)

    assert tally["sent"] == 2


def test_a_sender_that_was_held_up_after_arming_gives_its_mails_back_and_begins_anew(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 5."""
    monkeypatch.setattr(sender, "BEGIN_WITHIN", 1.0)
    first, second = due(sessions, 2)
    post = Post()
    post.on_send = lambda: time.sleep(1.1 if len(post.mails) == 1 else 0)

    first_round = deliver(sessions, post, seconds=1.0)
    after_first = states_of(sessions)
    deliver(sessions, post)

    assert first_round["sent"] == 1
    assert after_first == [SENT, PENDING]
    assert post.ids == [first, second]
    assert states_of(sessions) == [SENT, SENT]


@pytest.mark.parametrize(("look_every", "overtaken"), [(0.0, 120 - sender.FIRST_GROUP), (60.0, 0)])
def test_a_confirmation_alone_overtakes_the_digests_that_a_sender_holds_once_it_looks(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, look_every: float, overtaken: int
) -> None:
    monkeypatch.setattr(sender, "OVERTAKEN_EVERY", look_every)
    due(sessions, 120)
    post = Post()

    def somebody_subscribes() -> None:
        if len(post.mails) == 1:
            due(sessions)
            with sessions.begin() as session:
                reader = make.subscriber(session, standing=Standing.PENDING)
                make.delivery(session, reader, kind=DeliveryKind.CONFIRMATION, priority=0)

    post.on_send = somebody_subscribes

    deliver(sessions, post)

    kinds = [mail.kind for mail in post.mails]
    last_digest = max(post.ids) - 1
    assert kinds.index("confirmation") == 120 - overtaken
    assert post.ids.index(last_digest) == 121


def test_an_unsubscribe_that_was_acknowledged_is_never_followed_by_a_mail(
    sessions: Sessions,
) -> None:
    due(sessions, 3)
    post = Post()

    def leave_meanwhile(claimed: Sequence[Claimed]) -> list[Composed]:
        assert subscribers.unsubscribe(sessions, claimed[1].subscriber_id)
        return write(claimed)

    deliver(sessions, post, leave_meanwhile)

    assert states_of(sessions) == [SENT, PENDING, SENT]


def test_what_may_not_be_sent_any_more_is_let_go_at_once_and_nothing_beside_it(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_GROUP", 4)
    due(sessions, 10)
    post = Post()
    batches: list[int] = []
    seen: list[list[DeliveryState]] = []

    def leave_meanwhile(claimed: Sequence[Claimed]) -> list[Composed]:
        batches.append(len(claimed))
        assert subscribers.unsubscribe(sessions, claimed[1].subscriber_id)
        return write(claimed)

    post.on_send = lambda: seen.append(states_of(sessions))

    deliver(sessions, post, leave_meanwhile)

    armed = [SENDING, PENDING, SENDING, SENDING]
    assert seen[0] == armed + [DeliveryState.CLAIMED] * 6
    assert batches == [10]


def test_an_address_that_was_changed_after_the_claim_is_not_written_to(
    sessions: Sessions,
) -> None:
    due(sessions)
    post = Post()

    def taken_back(claimed: Sequence[Claimed]) -> list[Composed]:
        with sessions.begin() as session:
            session.execute(
                update(Delivery).values(state=PENDING, lease_token=None, not_before=make.FAR_OFF)
            )
        return write(claimed)

    deliver(sessions, post, taken_back)

    assert post.mails == []


look_at_once_or_never = pytest.mark.parametrize("look_every", [0.0, 60.0])
"""What was taken back is claimed anew while the sender holds a letter of it, or later."""


@look_at_once_or_never
def test_row_7_what_was_taken_back_and_claimed_anew_goes_once_and_as_written_last(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, look_every: float
) -> None:
    monkeypatch.setattr(sender, "OVERTAKEN_EVERY", look_every)
    [taken_back, _] = due(sessions, 2, priority=1)
    post, drafts = Post(), count(1)

    def write_and_lose_one(claimed: Sequence[Claimed]) -> list[Composed]:
        draft = next(drafts)
        written = [letter(each) for each in claimed]
        if draft == 1:
            # Its reader moves, or revokes their links, while it is written.
            with sessions.begin() as session:
                take_back(session, session.get_one(Delivery, taken_back).subscriber_id)
        return [replace(each, mail=replace(each.mail, text=f"{draft}")) for each in written]

    tally = deliver(sessions, post, write_and_lose_one)

    assert sorted((mail.delivery_id - taken_back, mail.text) for mail in post.mails) == [
        (0, "2"),
        (1, "1"),
    ]
    assert tally["sent"] == 2


@look_at_once_or_never
def test_row_7_what_is_not_to_be_written_any_more_is_not_sent_as_written_before(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, look_every: float
) -> None:
    monkeypatch.setattr(sender, "OVERTAKEN_EVERY", look_every)
    [taken_back] = due(sessions, priority=1)
    post, drafts = Post(), count(1)
    others: list[int] = []

    def write_once(claimed: Sequence[Claimed]) -> list[Composed]:
        draft = next(drafts)
        if draft == 2:
            others.extend(due(sessions))
            return [Held(each, "nothing new") for each in claimed]
        if draft == 1:
            with sessions.begin() as session:
                take_back(session, session.get_one(Delivery, taken_back).subscriber_id)
        return [letter(each) for each in claimed]

    deliver(sessions, post, write_once)

    assert post.ids == others, "the sender goes on with what else is due"
    assert states_of(sessions) == [DeliveryState.SKIPPED, SENT]


def test_a_suppressed_reader_costs_no_grant(sessions: Sessions) -> None:
    due(sessions)
    with sessions.begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        session.add(Suppression(address_hash=reader.address_hash, reason=Standing.BOUNCED, at=NOW))

    deliver(sessions, Post(), seconds=0.2)

    assert sending_budget(sessions).sent_today == 0


def test_what_has_no_news_yet_waits_and_what_never_will_is_skipped(sessions: Sessions) -> None:
    due(sessions, 3)

    def hold(claimed: Sequence[Claimed]) -> list[Composed]:
        later, *never = claimed
        return [
            Held(later, "not yet", try_again_in=600),
            *(Held(each, "nothing new") for each in never),
        ]

    tally = deliver(sessions, Post(), hold)

    assert states_of(sessions) == [PENDING, DeliveryState.SKIPPED, DeliveryState.SKIPPED]
    assert tally["skipped"] == 2
    with sessions() as session:
        words = session.scalars(select(Delivery.error).order_by(Delivery.id)).all()
    assert words == ["not yet", "nothing new", "nothing new"]


def test_a_row_that_breaks_composing_ten_times_fails(sessions: Sessions) -> None:
    due(sessions)

    def break_down(claimed: Sequence[Claimed]) -> list[Composed]:
        return [Held(each, "broken", try_again_in=600, broken=True) for each in claimed]

    after = []
    for _ in range(11):
        deliver(sessions, Post(), break_down)
        wait_is_over(sessions)
        after += states_of(sessions)

    assert after == [DeliveryState.PENDING] * 9 + [DeliveryState.FAILED] * 2


def test_an_error_while_composing_gives_everything_back(sessions: Sessions) -> None:
    due(sessions, 3)

    def fall_over(_claimed: Sequence[Claimed]) -> list[Composed]:
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        deliver(sessions, Post(), fall_over)

    assert states_of(sessions) == [PENDING] * 3


def test_row_9_a_sender_whose_database_crashed_gives_everything_back_once_it_is_there_again(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(sessions, 3)
    refused = count(1)
    monkeypatch.setattr(sender, "LOOK_AGAIN_AFTER", 0.01)

    def refuse_twice(*_: object) -> None:
        if next(refused) <= 3:
            raise OperationalError("BEGIN", {}, Exception("connection refused"))

    def crash(claimed: Sequence[Claimed]) -> list[Composed]:
        event.listen(sessions.kw["bind"], "begin", refuse_twice)
        with sessions.begin() as session:
            session.connection()
        return write(claimed)

    with pytest.raises(OperationalError):
        deliver(sessions, Post(), crash)

    assert next(refused) > 3
    assert set(states_of(sessions)) == {PENDING}


def test_a_sender_without_time_left_gives_everything_back(sessions: Sessions) -> None:
    """Row 12."""
    due(sessions, 3)

    deliver(sessions, Post(), seconds=0)

    assert states_of(sessions) == [PENDING] * 3


def test_a_sender_claims_no_more_than_all_of_them_can_send_in_a_minute(
    sessions: Sessions,
) -> None:
    due(sessions, 20)
    batches: list[int] = []

    def count(claimed: Sequence[Claimed]) -> list[Composed]:
        batches.append(len(claimed))
        return [Held(each, "nothing new") for each in claimed]

    deliver(sessions, Post(rate=1.0), count)

    assert batches == [7, 7, 6]


def test_a_sender_whose_time_is_up_claims_nothing_more(sessions: Sessions) -> None:
    due(sessions, 20)
    batches: list[int] = []

    def count(claimed: Sequence[Claimed]) -> list[Composed]:
        batches.append(len(claimed))
        return write(claimed)

    deliver(sessions, Post(rate=1.0), count, seconds=0)

    assert batches == [7]


def test_no_mail_of_a_group_or_of_the_next_one_is_begun_before_its_turn(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_GROUP", 2)
    due(sessions, 4)
    post = Post(rate=5.0)
    written_at: list[float] = []
    begun_at: list[float] = []

    def write_now(claimed: Sequence[Claimed]) -> list[Composed]:
        written_at.append(time.monotonic())
        return write(claimed)

    post.on_send = lambda: begun_at.append(time.monotonic())

    deliver(sessions, post, write_now)

    spacing = 1 / (5.0 * budget.HEADROOM)
    # The database counts in milliseconds.
    turns = [written_at[0] + n * spacing - 0.002 for n in range(4)]
    assert all(begun >= turn for begun, turn in zip(begun_at, turns, strict=True))


def letters_to(*domains: str) -> Callable[[Sequence[Claimed]], list[Composed]]:
    """Return what composes mails to these domains, one after the other."""

    def compose(claimed: Sequence[Claimed]) -> list[Composed]:
        return [
            replace(letter(each), mail=replace(letter(each).mail, to=f"ann@{domains[n]}"))
            for n, each in enumerate(claimed)
        ]

    return compose


def test_refusals_of_several_groups_that_stop_sending_count_as_failed_no_more(
    sessions: Sessions,
) -> None:
    due(sessions, sender.FIRST_GROUP + 2)
    compose = letters_to(*["a.example"] * sender.FIRST_GROUP, "b.example", "c.example")

    tally = deliver(sessions, Post(*[Refused("relaying denied")] * 9), compose)

    assert set(states_of(sessions)) == {PENDING}
    assert tally["failed"] == 0


def test_three_domains_that_refuse_in_a_row_stop_sending_and_nobody_loses_a_mail(
    sessions: Sessions,
) -> None:
    """Row 20."""
    due(sessions, 4)
    compose = letters_to("a.example", "b.example", "c.example", "d.example")

    tally = deliver(sessions, Post(*[Refused("relaying denied")] * 4), compose)

    assert sending_budget(sessions).stopped_at
    assert states_of(sessions) == [PENDING] * 4
    assert tally["failed"] == 0


@pytest.mark.parametrize(
    ("domains", "outcomes"),
    [
        pytest.param(("a.example",) * 4, [Refused("no")] * 4, id="one domain"),
        pytest.param(
            ("a.example", "b.example", "c.example", "d.example"),
            [Refused("no"), Refused("no"), Accepted("1"), Refused("no")],
            id="one accepted between",
        ),
    ],
)
def test_refusals_of_single_addresses_stop_nobody(
    sessions: Sessions, domains: tuple[str, ...], outcomes: list[Outcome]
) -> None:
    """Row 20."""
    due(sessions, 4)

    tally = deliver(sessions, Post(*outcomes), letters_to(*domains))

    assert sending_budget(sessions).stopped_at is None
    assert tally["failed"] == sum(isinstance(each, Refused) for each in outcomes)


def test_refusals_are_counted_over_several_senders(sessions: Sessions) -> None:
    for domain in ("a.example", "b.example", "c.example"):
        due(sessions, 1)
        deliver(sessions, Post(Refused("no")), letters_to(domain))

    assert sending_budget(sessions).stopped_at
    assert states_of(sessions) == [PENDING] * 3


def test_fault_20_what_stopped_sending_once_does_not_do_so_again_when_it_is_resumed(
    sessions: Sessions,
) -> None:
    due(sessions, 3)
    domains = ("a.example", "b.example", "c.example")
    deliver(sessions, Post(*[Refused("no")] * 3), letters_to(*domains))
    delivery.resume(sessions)

    deliver(sessions, Post(*[Refused("no")] * 3), letters_to(*domains))

    assert sending_budget(sessions).stopped_at is None
    assert states_of(sessions) == [DeliveryState.FAILED] * 3


def test_fault_20_others_that_refuse_after_a_resume_stop_it_and_nothing_is_lost(
    sessions: Sessions,
) -> None:
    due(sessions, 3)
    domains = ("a.example", "b.example", "c.example")
    deliver(sessions, Post(*[Refused("no")] * 3), letters_to(*domains))
    delivery.resume(sessions)
    due(sessions, 3)
    others = ("d.example", "e.example", "f.example")

    deliver(sessions, Post(*[Refused("no")] * 6), letters_to(*domains, *others))

    assert sending_budget(sessions).stopped_at
    assert states_of(sessions) == [PENDING] * 6


def test_after_three_unknown_outcomes_in_a_row_the_rest_is_spared(sessions: Sessions) -> None:
    due(sessions, 10)
    post = Post(*[Unknown("hung up")] * 10)

    deliver(sessions, post)
    again = deliver(sessions, post)

    assert states_of(sessions) == [DeliveryState.UNKNOWN] * 3 + [PENDING] * 7
    assert again.total() == 0


def groups_of(sessions: Sessions, post: Post, seconds: float) -> list[int]:
    """Let each mail take *seconds*; return how many were armed together, each time."""
    armed: list[int] = []

    def watch() -> None:
        time.sleep(seconds)
        armed.append(states_of(sessions).count(SENDING))

    post.on_send = watch

    deliver(sessions, post)

    assert set(states_of(sessions)) == {SENT}
    firsts: list[int] = []
    while sum(firsts) < len(armed):
        firsts.append(armed[sum(firsts)])
    return firsts


def test_no_more_mails_are_armed_than_can_be_begun_in_a_second_and_not_far_fewer(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_GROUP", 4)
    due(sessions, 30)
    sent_at: list[float] = []

    class Slow(Post):
        def send(self, mail: Mail) -> Outcome:
            sent_at.append(time.monotonic())
            return super().send(mail)

    begun = time.monotonic()
    first, second, *_ = groups_of(sessions, Slow(), 0.05)

    assert first == 4
    # The first group took no longer than that, however busy the machine is elsewhere.
    slowest = sent_at[first] - begun
    assert int(first / slowest) <= second <= 20


def test_where_one_mail_takes_longer_than_that_one_is_armed_at_a_time(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "GROUP_SECONDS", 0.001)
    due(sessions, sender.FIRST_GROUP + 3)

    assert groups_of(sessions, Post(), 0.002) == [sender.FIRST_GROUP, 1, 1, 1]

"""Several calls at once, where the mail system is slow: each mail once, and the rest spared."""

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from digest.database import Sessions
from digest.delivery import sender
from digest.delivery.crew import Crew
from digest.mail.message import Mail
from digest.mail.transport import Accepted, Allowance, NotSent, Outcome, Reaction, Unknown
from digest.models import Delivery, DeliveryState
from tests.test_delivery import deliver, due, sending_budget, wait_is_over

SLOW = 0.02


class TimeIsUp(BaseException):
    """What ends a task from outside."""


class SlowPost:
    """A transport that bears several calls, each of which takes its time."""

    at_once = 8

    def __init__(self, answer: Callable[[Mail], Outcome]) -> None:
        self.answer = answer
        self.begun: list[int] = []
        self.most = 0
        self._underway = 0
        self._counting = threading.Lock()

    def send(self, mail: Mail) -> Outcome:
        with self._counting:
            self.begun.append(mail.delivery_id)
            self._underway += 1
            self.most = max(self.most, self._underway)
        time.sleep(SLOW)
        with self._counting:
            self._underway -= 1
        return self.answer(mail)

    def allowance(self) -> Allowance:
        return Allowance()

    def close(self) -> None:
        pass


def accepted(mail: Mail) -> Outcome:
    return Accepted(f"id-{mail.delivery_id}")


def counted(sessions: Sessions) -> dict[DeliveryState, int]:
    with sessions() as session:
        by_state = select(Delivery.state, func.count()).group_by(Delivery.state)
        return {row[0]: row[1] for row in session.execute(by_state)}


def test_a_slow_mail_system_is_asked_several_times_at_once_and_for_each_mail_once(
    sessions: Sessions,
) -> None:
    ids = due(sessions, 60)
    post = SlowPost(accepted)

    tally = deliver(sessions, post)

    assert sorted(post.begun) == ids
    assert 1 < post.most <= post.at_once
    assert tally["sent"] == 60
    assert counted(sessions) == {DeliveryState.SENT: 60}


def test_each_mail_keeps_the_answer_that_was_its_own(sessions: Sessions) -> None:
    due(sessions, 40)

    deliver(sessions, SlowPost(accepted))

    with sessions() as session:
        rows = session.execute(select(Delivery.id, Delivery.provider_id)).all()
    assert all(provider_id == f"id-{delivery_id}" for delivery_id, provider_id in rows)


def test_what_has_not_begun_is_spared_when_nothing_can_be_sent_any_more(
    sessions: Sessions,
) -> None:
    due(sessions, 60)
    post = SlowPost(accepted)

    def locked_out(mail: Mail) -> Outcome:
        if len(post.begun) < 30:
            return accepted(mail)
        return NotSent("account suspended", kind=Reaction.STOP)

    post.answer = locked_out

    deliver(sessions, post)

    assert len(post.begun) <= 30 + post.at_once
    assert sending_budget(sessions).stopped_at
    assert set(counted(sessions)) == {DeliveryState.SENT, DeliveryState.PENDING}


def test_doubt_costs_no_more_than_what_is_under_way(sessions: Sessions) -> None:
    due(sessions, 60)
    post = SlowPost(accepted)

    def fall_silent(mail: Mail) -> Outcome:
        return accepted(mail) if len(post.begun) < 30 else Unknown("no answer")

    post.answer = fall_silent

    deliver(sessions, post)
    again = deliver(sessions, post)

    assert 3 <= counted(sessions)[DeliveryState.UNKNOWN] <= 3 + post.at_once
    assert again.total() == 0, "sending rests"


def test_what_is_armed_too_long_is_not_begun_by_any_hand(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "BEGIN_WITHIN", -1.0)
    due(sessions, 10)
    post = SlowPost(accepted)

    deliver(sessions, post, seconds=0.5)
    wait_is_over(sessions)
    monkeypatch.undo()
    deliver(sessions, post)

    assert len(post.begun) == 10
    assert counted(sessions) == {DeliveryState.SENT: 10}


def test_quick_calls_are_made_one_after_the_other() -> None:
    crew = Crew(50)

    for _ in range(10):
        crew.timed(lambda: None)

    assert crew.hands(spacing=0.0) == 1


def test_no_more_threads_wait_than_the_pace_asks_for() -> None:
    crew = Crew(50)

    for _ in range(4):
        crew.timed(lambda: time.sleep(SLOW))

    assert crew.hands(spacing=SLOW * 10) == 1
    assert crew.hands(spacing=0.0) > 1


@pytest.mark.parametrize("most", [1, 2])
def test_a_slow_mail_system_that_bears_few_calls_has_these(most: int) -> None:
    crew = Crew(most)

    for _ in range(4):
        crew.timed(lambda: time.sleep(SLOW))

    assert crew.hands(spacing=0.0) == most
    assert crew.hands(spacing=SLOW / 100) == most


def test_an_error_in_one_thread_is_raised_when_the_others_have_ended() -> None:
    crew, ended = Crew(3), []
    turns = iter(range(3))

    def work() -> None:
        if next(turns) == 2:
            raise ValueError("an error of ours")
        time.sleep(SLOW)
        ended.append(True)

    with pytest.raises(ValueError, match="of ours"):
        crew.together(3, work)
    crew.close()

    assert len(ended) == 2


def test_where_the_machine_has_no_thread_left_the_work_is_done_by_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = threading.Thread.start
    begun: list[threading.Thread] = []
    left, done = list(range(20)), []

    def only_two(thread: threading.Thread) -> None:
        if len(begun) == 2:
            raise RuntimeError("can't start new thread")
        begun.append(thread)
        begin(thread)

    def work() -> None:
        while left:
            each = left.pop()
            time.sleep(SLOW / 10)
            done.append(each)

    monkeypatch.setattr(threading.Thread, "start", only_two)
    crew = Crew(8)

    crew.together(8, work)

    assert sorted(done) == list(range(20))
    assert not any(thread.is_alive() for thread in begun)
    for _ in range(4):
        crew.timed(lambda: time.sleep(SLOW))
    assert crew.hands(spacing=0.0) == 3, "it asks for no more than there were"
    crew.close()


def test_what_is_known_is_kept_when_a_group_is_broken_off(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_GROUP", 4)
    due(sessions, 4)
    post = SlowPost(accepted)

    def time_is_up(mail: Mail) -> Outcome:
        if len(post.begun) == 2:
            raise TimeIsUp
        return accepted(mail)

    post.answer = time_is_up

    with pytest.raises(TimeIsUp):
        deliver(sessions, post)

    # Of the one that was on its way nobody knows: its lease will tell.
    assert counted(sessions) == {
        DeliveryState.SENT: 1,
        DeliveryState.SENDING: 1,
        DeliveryState.PENDING: 2,
    }

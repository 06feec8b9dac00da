"""
Delivery, broken on purpose: each of these is a mistake that somebody could make.

A break stands in for one function of the product while a search goes on, and the search must find
what comes of it. A search that misses one proves nothing.
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import event, true, update
from sqlalchemy.orm import Session

from digest import planning
from digest.database import DatabaseNow, Sessions, in_transaction
from digest.delivery import sender, states
from digest.delivery.states import outcomes
from digest.models import Delivery, DeliveryState, SendingBudget
from digest.sets import Ready
from digest.subscribers import silence
from tests.torture.world import replaced

Break = Callable[[], AbstractContextManager[None]]
CLAIMED, PENDING, SENDING = DeliveryState.CLAIMED, DeliveryState.PENDING, DeliveryState.SENDING


def moved(which: Any, **values: Any) -> Callable[[Session], object]:
    """Return a step that gives the deliveries of which *which* holds other *values*."""
    statement = update(Delivery).where(which).values(**values)
    return lambda session: session.execute(statement.execution_options(synchronize_session=False))


def _lease_is_over() -> Any:
    return Delivery.lease_until < DatabaseNow()


def what_a_dead_sender_was_sending_is_sent_again() -> AbstractContextManager[None]:
    reap = states.reap

    def broken(session: Session) -> None:
        moved((Delivery.state == SENDING) & _lease_is_over(), state=PENDING)(session)
        reap(session)

    return replaced((states, "reap", broken))


def what_a_dead_sender_had_claimed_is_dropped() -> AbstractContextManager[None]:
    reap = states.reap

    def broken(session: Session) -> None:
        moved((Delivery.state == CLAIMED) & _lease_is_over(), state=DeliveryState.SKIPPED)(session)
        reap(session)

    return replaced((states, "reap", broken))


def a_lost_answer_counts_as_not_sent() -> AbstractContextManager[None]:
    def broken(sessions: Sessions, token: str, delivery_id: int, *, why: str) -> None:
        states.back(sessions, token, delivery_id, why=why, after=60.0)

    return replaced((states, "doubt", broken))


def arm_does_not_ask_where_the_reader_stands() -> AbstractContextManager[None]:
    return replaced((outcomes, "_ARM", Ready(outcomes.arming(lambda _delivery, _reader: true()))))


def arm_does_not_ask_whether_the_row_is_still_its_own() -> AbstractContextManager[None]:
    arm = states.arm

    def broken(
        sessions: Sessions, token: str, ids: Collection[int], picks: Sequence[states.Entry]
    ) -> set[int]:
        lease = {"lease_token": token, "lease_until": DatabaseNow(states.LEASE)}
        in_transaction(sessions.real, moved(Delivery.id.in_(ids), state=CLAIMED, **lease))  # type: ignore[attr-defined]
        return arm(sessions, token, ids, picks)

    return replaced((states, "arm", broken))


def arm_does_not_heed_a_stop() -> AbstractContextManager[None]:
    arm = states.arm

    def broken(
        sessions: Sessions, token: str, ids: Collection[int], picks: Sequence[states.Entry]
    ) -> set[int]:
        real: Sessions = sessions.real  # type: ignore[attr-defined]
        resumed = update(SendingBudget).values(stopped_at=None)
        with sessions.begin():
            pass
        in_transaction(real, lambda session: session.execute(resumed))
        return arm(real, token, ids, picks)

    return replaced((states, "arm", broken))


def a_claim_takes_what_is_being_sent() -> AbstractContextManager[None]:
    claim = states.claim

    def broken(sessions: Sessions, token: str, limit: int, *, urgent: bool = False) -> Any:
        in_transaction(sessions.real, moved(Delivery.state == SENDING, state=PENDING))  # type: ignore[attr-defined]
        return claim(sessions, token, limit, urgent=urgent)

    return replaced((states, "claim", broken))


def what_is_given_up_includes_what_is_being_sent() -> AbstractContextManager[None]:
    let_go = states.let_go

    def broken(sessions: Sessions, token: str, *which: Any, **how: Any) -> None:
        let_go(sessions, token, *which, **how)
        if which:
            return
        theirs = (Delivery.state == SENDING) & (Delivery.lease_token == token)
        in_transaction(sessions.real, moved(theirs, state=PENDING))  # type: ignore[attr-defined]

    return replaced((states, "let_go", broken))


def an_event_does_not_settle_doubt() -> AbstractContextManager[None]:
    return replaced((states, "prove", lambda *_args, **_more: False))


def a_sender_does_not_look_at_its_clock() -> AbstractContextManager[None]:
    return replaced((sender, "BEGIN_WITHIN", math.inf))


def an_unsubscribe_does_not_wait() -> AbstractContextManager[None]:
    return replaced((silence, "_is_being_sent", lambda _sessions, _reader_id: False))


def a_digest_is_known_by_the_planners_clock() -> AbstractContextManager[None]:
    row = planning._row

    def broken(reader: Any, day: Any, *, awaited: bool, now: Any) -> dict[str, object]:
        made = row(reader, day, awaited=awaited, now=now)
        return {**made, "dedupe_key": f"{now:%H:%M:%S} {made['dedupe_key']}"}

    return replaced((planning, "_row", broken))


def a_change_of_address_takes_nothing_back() -> AbstractContextManager[None]:
    return replaced((silence, "take_back", lambda _session, _reader_id: None))


def a_sender_keeps_what_it_wrote_of_a_row_that_it_claims_anew() -> AbstractContextManager[None]:
    def broken(self: Any, letters: Any) -> None:
        urgent = states.claim(self._sessions, self.token, sender.URGENT, urgent=True)
        letters.extendleft(reversed(self._written(urgent)))

    return replaced((sender._Sender, "_let_overtake", broken))


def a_change_of_address_does_not_wait() -> AbstractContextManager[None]:
    return replaced((silence, "silent", lambda _sessions, _reader_id, _wait=0.0: True))


@contextmanager
def arm_takes_no_lock(sessions: Sessions) -> Iterator[None]:
    """Leave the lock out of ARM; not one of EACH, for only a server has locks of rows."""

    def unlocked(*execution: Any) -> tuple[str, Any]:
        _connection, _cursor, statement, parameters, *_ = execution
        return statement.replace("FOR SHARE OF subscriber", ""), parameters

    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", unlocked, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", unlocked)


EACH: dict[Break, tuple[str, ...]] = {
    what_a_dead_sender_was_sending_is_sent_again: ("a_sender_dies_and_is_missed",),
    what_a_dead_sender_had_claimed_is_dropped: ("a_sender_dies_and_is_missed",),
    a_lost_answer_counts_as_not_sent: ("a_sender_goes_on",),
    arm_does_not_ask_where_the_reader_stands: ("somebody_leaves_meanwhile",),
    arm_does_not_ask_whether_the_row_is_still_its_own: (
        "a_sender_that_is_about_to_arm_is_overtaken",
    ),
    arm_does_not_heed_a_stop: ("the_operator_stops_meanwhile",),
    a_claim_takes_what_is_being_sent: ("a_sender_is_overtaken",),
    what_is_given_up_includes_what_is_being_sent: ("the_database_is_gone_for_a_sender",),
    an_event_does_not_settle_doubt: ("a_sender_goes_on", "an_event_comes"),
    a_sender_does_not_look_at_its_clock: ("somebody_leaves_while_a_sender_is_held_up",),
    an_unsubscribe_does_not_wait: ("somebody_leaves_meanwhile",),
    a_change_of_address_takes_nothing_back: ("somebody_moves_meanwhile",),
    a_sender_keeps_what_it_wrote_of_a_row_that_it_claims_anew: ("somebody_revokes_meanwhile",),
    a_change_of_address_does_not_wait: ("somebody_moves_meanwhile",),
    a_digest_is_known_by_the_planners_clock: ("a_reader_comes_back", "a_reader_leaves"),
}
"""Each break, and what has to happen for it to do harm: there the search looks first."""

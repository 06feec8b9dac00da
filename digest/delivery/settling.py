"""Settling: what became of each mail is written down, and what it means for all senders."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from digest.clock import Clock
from digest.database import Sessions
from digest.delivery import budget, refusals, states
from digest.mail.message import Mail
from digest.mail.transport import Accepted, NotSent, Outcome, Reaction, Refused, Unknown

log = logging.getLogger(__name__)

TRY_AGAIN_IN, LONGEST_WAIT = 60.0, 600.0
"""
Seconds after which a mail that was not sent is tried again, at first and at most.

Between them a tenth of its age: a relay may put off for ever what anybody has typed into the form,
and such mails come before the digests.
"""

QUOTA_REST = timedelta(hours=1)

DOUBTS = 3
"""After so many unknown outcomes in a row nothing is sent for a while: the rest is spared."""

DOUBT_REST = timedelta(minutes=2)

HELD_UP = NotSent("its sender was held up", kind=Reaction.LATER)
"""It was armed too long ago to be begun; nothing is wrong with it or with the mail system."""

Tally = Counter[str]
"""How many deliveries ended in which state."""


def ends(outcome: Outcome) -> bool:
    """Tell whether *outcome* says that no other mail can be sent now either."""
    return isinstance(outcome, NotSent) and outcome.kind in (Reaction.QUOTA, Reaction.STOP)


class Armed(Protocol):
    """A letter that may be sent."""

    @property
    def id(self) -> int: ...

    @property
    def mail(self) -> Mail: ...


class Settler:
    """Writes down the outcomes of one sender's mails."""

    def __init__(self, sessions: Sessions, token: str, clock: Clock) -> None:
        self.tally: Tally = Counter()
        self._sessions = sessions
        self._token = token
        self._clock = clock
        self._doubts = 0
        self._failed: set[int] = set()

    def doubts(self, outcome: Outcome) -> bool:
        """Count *outcome*; tell whether too many in a row are unknown by now."""
        if isinstance(outcome, Unknown):
            self._doubts += 1
        elif isinstance(outcome, Accepted):
            self._doubts = 0
        return self._doubts >= DOUBTS

    def settle(self, outcomes: Sequence[tuple[Armed, Outcome]]) -> bool:
        """Write down what became of each mail; False when sending must end."""
        accepted = [
            (letter.id, outcome.provider_id)
            for letter, outcome in outcomes
            if isinstance(outcome, Accepted)
        ]
        states.record(self._sessions, accepted)
        self.tally["sent"] += len(accepted)
        if accepted:
            # One line for all of them: a line a mail would cost more than writing them down.
            log.info("sent deliveries=%s", ",".join(str(each) for each, _ in accepted))
        for letter, outcome in outcomes:
            self._settle_one(letter, outcome)
        refused = [letter for letter, outcome in outcomes if isinstance(outcome, Refused)]
        return self._weigh(refused, anything_accepted=bool(accepted)) and self._heed(outcomes)

    def _settle_one(self, letter: Armed, outcome: Outcome) -> None:
        delivery_id = letter.id
        match outcome:
            case Accepted():
                pass
            case Refused(why):
                log.warning("refused delivery=%s why=%s", delivery_id, why)
                states.fail(self._sessions, self._token, delivery_id, why=why)
                self.tally["failed"] += 1
                self._failed.add(delivery_id)
            case Unknown(why):
                log.warning("unknown delivery=%s why=%s", delivery_id, why)
                states.doubt(self._sessions, self._token, delivery_id, why=why)
                self.tally["unknown"] += 1
            case NotSent(why):
                level = logging.INFO if outcome is HELD_UP else logging.WARNING
                log.log(level, "not sent delivery=%s why=%s", delivery_id, why)
                after = self._try_again_in(letter.mail, outcome)
                states.back(self._sessions, self._token, delivery_id, why=why, after=after)

    def _try_again_in(self, mail: Mail, outcome: NotSent) -> float:
        if outcome is HELD_UP:
            return 0.0
        if outcome.kind is not Reaction.LATER or mail.decided_at is None:
            return TRY_AGAIN_IN
        age = self._clock() - mail.decided_at
        return min(LONGEST_WAIT, max(TRY_AGAIN_IN, age.total_seconds() / 10))

    def _weigh(self, refused: Sequence[Armed], *, anything_accepted: bool) -> bool:
        """Stop where several domains in a row refuse: then it is us; False if so."""
        if anything_accepted:
            return True
        named = [(letter.id, letter.mail.to.rpartition("@")[2]) for letter in refused]
        suspect = refusals.note(self._sessions, named, self._clock())
        if not suspect:
            return True
        log.critical("sending stopped: %d mails in a row were refused", len(suspect))
        states.revive(self._sessions, suspect)
        # Some of them may be of a group before this one.
        self.tally["failed"] -= len(self._failed.intersection(suspect))
        why = "mails to several domains were refused in a row, and none was accepted between"
        budget.stop(self._sessions, why, self._clock())
        return False

    def _heed(self, outcomes: Sequence[tuple[Armed, Outcome]]) -> bool:
        """Do to all senders what the mail system asks for; False when this one must end."""
        # One for the whole group: a throttled one must not slow all senders down once a mail.
        reasons = {
            outcome.kind: outcome.why for _, outcome in outcomes if isinstance(outcome, NotSent)
        }
        go_on = True
        for reaction, why in reasons.items():
            go_on &= self._react(reaction, why)
        if self._doubts >= DOUBTS:
            why = f"{self._doubts} outcomes in a row are unknown"
            log.error("sending rests: %s", why)
            budget.rest(self._sessions, DOUBT_REST, why)
            return False
        return go_on

    def _react(self, reaction: Reaction, why: str) -> bool:
        match reaction:
            case Reaction.LATER:
                return True
            case Reaction.SLOW_DOWN:
                budget.slow_down(self._sessions)
                return True
            case Reaction.QUOTA:
                log.error("sending rests: the day's quota is used up why=%s", why)
                budget.rest(self._sessions, QUOTA_REST, why)
            case Reaction.STOP:
                log.critical("sending stopped why=%s", why)
                budget.stop(self._sessions, why, self._clock())
        return False

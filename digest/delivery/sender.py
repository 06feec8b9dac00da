"""The sender: claim, compose, be granted, arm, send, record."""

import logging
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from digest.clock import Clock
from digest.database import Sessions
from digest.delivery import budget, states
from digest.delivery.states import Claimed
from digest.mail.message import Mail
from digest.mail.transport import Accepted, NotSent, Outcome, Reaction, Refused, Transport, Unknown
from digest.models import DeliveryState

log = logging.getLogger(__name__)

BEGIN_WITHIN = 2.0
"""Seconds after ARM in which a mail must be begun; a sender that was paused gives it back."""

URGENT = 50
"""Confirmations and first digests that overtake a batch before each grant."""

TRY_AGAIN_IN = 60.0
QUOTA_REST = timedelta(hours=1)

Tally = Counter[str]
"""How many deliveries ended in which state."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready, and the picks to write into the ledger when it goes."""

    claimed: Claimed
    mail: Mail
    picks: tuple[dict[str, Any], ...]
    """Rows of `models.Pick`."""


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery for which there is no mail (now)."""

    claimed: Claimed
    why: str
    try_again_in: float | None = None
    """Seconds; None: there will be none, the delivery is skipped."""
    broken: bool = False
    """It failed by an error of ours, which counts as an attempt."""


Composed = Letter | Held
Compose = Callable[[Sequence[Claimed]], Iterable[Composed]]


def deliver(
    sessions: Sessions,
    transport: Transport,
    compose: Compose,
    clock: Clock,
    *,
    seconds: float = 60.0,
) -> Tally:
    """Send what is due until nothing is left, or for *seconds*; return what became of it."""
    budget.read_allowance(sessions, transport, clock())
    sender = _Sender(sessions, transport, compose, clock, time.monotonic() + seconds)
    try:
        while sender.work():
            pass
    finally:
        states.let_go(sessions, sender.token)
    return sender.tally


class _Sender:
    def __init__(
        self,
        sessions: Sessions,
        transport: Transport,
        compose: Compose,
        clock: Clock,
        ends_at: float,
    ) -> None:
        self.token = secrets.token_hex(8)
        self.tally: Tally = Counter()
        self._sessions = sessions
        self._transport = transport
        self._compose = compose
        self._clock = clock
        self._ends_at = ends_at

    def work(self) -> bool:
        """Claim and send one batch; False when there is nothing more to do now."""
        limit = budget.claim_limit(self._sessions)
        claimed = states.claim(self._sessions, self.token, limit) if limit else []
        letters = deque(self._written(claimed))
        while letters:
            if not self._send_group(letters):
                return False
        return bool(claimed) and time.monotonic() < self._ends_at

    def _written(self, claimed: Sequence[Claimed]) -> list[Letter]:
        """Return the letters for *claimed*; what gets none is held back or skipped here."""
        letters: list[Letter] = []
        for composed in self._compose(claimed) if claimed else ():
            if isinstance(composed, Letter):
                letters.append(composed)
            else:
                self._hold(composed)
        return letters

    def _hold(self, held: Held) -> None:
        skipped = held.try_again_in is None
        states.let_go(
            self._sessions,
            self.token,
            [held.claimed.id],
            state=DeliveryState.SKIPPED if skipped else DeliveryState.PENDING,
            after=held.try_again_in or 0.0,
            why=held.why,
            attempt=held.broken,
        )
        log.info("held delivery=%s skipped=%s why=%s", held.claimed.id, skipped, held.why)
        self.tally["skipped"] += skipped

    def _send_group(self, letters: deque[Letter]) -> bool:
        """Send the next group of *letters*, urgent ones first; False when sending must end."""
        urgent = states.claim(self._sessions, self.token, URGENT, urgent=True)
        letters.extendleft(reversed(self._written(urgent)))
        if time.monotonic() >= self._ends_at:
            return False
        granted = budget.grant(self._sessions, len(letters))
        if granted is None:
            return False
        turn = time.monotonic() + granted.wait
        group = [letters.popleft() for _ in range(granted.count)]
        budget.wait_until(turn)
        armed = self._arm(group)
        armed_at = time.monotonic()
        outcomes = []
        for letter in armed:
            budget.wait_until(turn)
            # After a slow call the next one keeps its distance too.
            turn = max(turn, time.monotonic()) + granted.spacing
            outcomes.append((letter, self._send(letter, armed_at)))
        return self._settle(outcomes)

    def _arm(self, group: Sequence[Letter]) -> list[Letter]:
        ids = {letter.claimed.id for letter in group}
        picks = [pick for letter in group for pick in letter.picks]
        armed = states.arm(self._sessions, self.token, ids, picks)
        states.let_go(self._sessions, self.token, ids - armed)
        return [letter for letter in group if letter.claimed.id in armed]

    def _send(self, letter: Letter, armed_at: float) -> Outcome:
        if time.monotonic() - armed_at > BEGIN_WITHIN:
            return NotSent("its sender was held up", kind=Reaction.LATER)
        try:
            return self._transport.send(letter.mail)
        except Exception:
            # One mail must not take the others with it, and it may be on its way.
            log.exception("send failed delivery=%s", letter.claimed.id)
            return Unknown("an error of the sender")

    def _settle(self, outcomes: Sequence[tuple[Letter, Outcome]]) -> bool:
        """Write down what became of each mail; False when sending must end."""
        accepted = [
            (letter.claimed.id, outcome.provider_id)
            for letter, outcome in outcomes
            if isinstance(outcome, Accepted)
        ]
        states.record(self._sessions, accepted)
        self.tally["sent"] += len(accepted)
        # One for the whole group: a throttled one must not slow all senders down once a mail.
        reasons = {
            outcome.kind: outcome.why for _, outcome in outcomes if isinstance(outcome, NotSent)
        }
        for letter, outcome in outcomes:
            self._settle_one(letter.claimed.id, outcome)
        go_on = True
        for reaction, why in reasons.items():
            go_on &= self._react(reaction, why)
        return go_on

    def _settle_one(self, delivery_id: int, outcome: Outcome) -> None:
        match outcome:
            case Accepted():
                log.info("sent delivery=%s", delivery_id)
            case Refused(why):
                log.warning("refused delivery=%s why=%s", delivery_id, why)
                states.fail(self._sessions, self.token, delivery_id, why=why)
                self.tally["failed"] += 1
            case Unknown(why):
                log.warning("unknown delivery=%s why=%s", delivery_id, why)
                states.doubt(self._sessions, self.token, delivery_id, why=why)
                self.tally["unknown"] += 1
            case NotSent(why):
                log.warning("not sent delivery=%s why=%s", delivery_id, why)
                states.back(self._sessions, self.token, delivery_id, why=why, after=TRY_AGAIN_IN)

    def _react(self, reaction: Reaction, why: str) -> bool:
        """Do to all senders what the mail system asks for; False when this one must end."""
        match reaction:
            case Reaction.LATER:
                return True
            case Reaction.SLOW_DOWN:
                budget.slow_down(self._sessions)
                return True
            case Reaction.QUOTA:
                budget.rest(self._sessions, QUOTA_REST)
            case Reaction.STOP:
                log.critical("sending stopped why=%s", why)
                budget.stop(self._sessions, why, self._clock())
        return False

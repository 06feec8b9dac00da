"""The sender: claim, compose, be granted, arm, send, record."""

import logging
import secrets
import time
from collections import deque
from collections.abc import Sequence
from threading import Lock

from sqlalchemy.exc import OperationalError

from digest.clock import Clock
from digest.database import Sessions
from digest.delivery import budget, states
from digest.delivery.crew import Crew
from digest.delivery.letters import Compose, Held, Letter
from digest.delivery.settling import HELD_UP, Settler, Tally, ends
from digest.delivery.states import Claimed
from digest.mail.transport import Outcome, Transport, Unknown, at_once
from digest.models import DeliveryState

log = logging.getLogger(__name__)

BEGIN_WITHIN = 2.0
"""Seconds after ARM in which a mail must be begun; a sender that was paused gives it back."""

URGENT = 50
"""Confirmations and first digests that overtake a batch at one time."""

OVERTAKEN_EVERY = 0.5
"""Seconds after which a sender looks for them again: a look costs half as much as a mail."""

OUTAGE_BORNE = 15.0
"""Seconds for which an ended sender tries to give back what it has claimed."""

LOOK_AGAIN_AFTER = 0.5
GROUP_SECONDS = 1.0
FIRST_GROUP = 2
"""Mails that are armed together before it is known how long one takes."""


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
        sender.close()
        _give_back(sessions, sender.token)
    return sender.tally


def _give_back(sessions: Sessions, token: str) -> None:
    """Let go of what *token* holds; a database that crashed is waited for, but not for ever."""
    give_up_at = time.monotonic() + OUTAGE_BORNE
    while True:
        try:
            states.let_go(sessions, token)
        except OperationalError:
            # Else these mails would wait for the end of a lease that nobody works under.
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(LOOK_AGAIN_AFTER)
        else:
            return


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
        self._settler = Settler(sessions, self.token, clock)
        self._sessions = sessions
        self._transport = transport
        self._crew = Crew(at_once(transport))
        self._compose = compose
        self._ends_at = ends_at
        self._group = FIRST_GROUP
        self._looked_at = 0.0
        """When it last saw what is most urgent."""

    @property
    def tally(self) -> Tally:
        return self._settler.tally

    def close(self) -> None:
        self._crew.close()

    def work(self) -> bool:
        """Claim and send one batch; False when there is nothing more to do now."""
        limit, self._looked_at = budget.claim_limit(self._sessions), time.monotonic()
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
        self._let_overtake(letters)
        if not letters:
            return True
        if time.monotonic() >= self._ends_at:
            return False
        granted = budget.grant(self._sessions, min(len(letters), self._group))
        if granted is None:
            return False
        turn = time.monotonic() + granted.wait
        group = [letters.popleft() for _ in range(granted.count)]
        budget.wait_until(turn)
        return self._send_armed(self._arm(group), turn, granted.spacing)

    def _let_overtake(self, letters: deque[Letter]) -> None:
        """Claim what is urgent, and put it before *letters*; not more often than need be."""
        if (now := time.monotonic()) - self._looked_at < OVERTAKEN_EVERY:
            return
        self._looked_at = now
        urgent = states.claim(self._sessions, self.token, URGENT, urgent=True)
        # One of them may be a row that was taken back from us: what was written of it before, with
        # an address or links that count no more, would pass ARM under the token that we share.
        anew = {claimed.id for claimed in urgent}
        older = [letter for letter in letters if letter.id not in anew]
        letters.clear()
        letters.extend([*self._written(urgent), *older])

    def _send_armed(self, armed: Sequence[Letter], turn: float, spacing: float) -> bool:
        """Send what is armed, each at its turn; False when sending must end."""
        armed_at = time.monotonic()
        group = _Group(self, armed, turn, spacing)
        try:
            self._crew.together(min(len(armed), self._crew.hands(spacing)), group.hand_over)
        finally:
            # A time limit may end it: what is known of a mail would else be in doubt for ever.
            self._fit_group(len(armed), time.monotonic() - armed_at)
            go_on = self._settler.settle([*group.outcomes])
        return go_on

    def spares(self, outcome: Outcome) -> bool:
        """Count *outcome*; tell whether it spares all mails that have not begun."""
        return self._settler.doubts(outcome) or ends(outcome)

    def _fit_group(self, mails: int, seconds: float) -> None:
        """Arm next what can be begun in a second: a kill leaves no more than that in doubt."""
        if mails:
            fitting = budget.GROUP if seconds <= 0 else int(GROUP_SECONDS * mails / seconds)
            self._group = max(1, min(budget.GROUP, fitting))

    def _arm(self, group: Sequence[Letter]) -> list[Letter]:
        ids = {letter.claimed.id for letter in group}
        picks = [pick for letter in group for pick in letter.picks]
        armed = states.arm(self._sessions, self.token, ids, picks)
        states.let_go(self._sessions, self.token, ids - armed)
        return [letter for letter in group if letter.claimed.id in armed]

    def send(self, letter: Letter) -> Outcome:
        try:
            return self._crew.timed(lambda: self._transport.send(letter.mail))
        except Exception:
            # One mail must not take the others with it, and it may be on its way.
            log.exception("send failed delivery=%s", letter.claimed.id)
            return Unknown("an error of the sender")


class _Group:
    """What was armed together, on its way to the mail system by one hand or by several."""

    def __init__(
        self, sender: _Sender, armed: Sequence[Letter], turn: float, spacing: float
    ) -> None:
        self.outcomes: list[tuple[Letter, Outcome]] = []
        self._sender = sender
        self._left = deque(armed)
        self._armed_at = time.monotonic()
        self._turn = turn
        self._spacing = spacing
        self._spared = False
        self._turns, self._notes = Lock(), Lock()

    def hand_over(self) -> None:
        """Send what is left; other hands may do so at the same time."""
        try:
            self._hand_over()
        except BaseException:
            # What ends this hand, a time limit say, ends the others, and spares what is left.
            self._spared = True
            self._hand_over()
            raise

    def _hand_over(self) -> None:
        while (letter := self._next()) is not None:
            self._note(letter, self._sent(letter))

    def _sent(self, letter: Letter) -> Outcome:
        late = time.monotonic() - self._armed_at > BEGIN_WITHIN
        return HELD_UP if late or self._spared else self._sender.send(letter)

    def _note(self, letter: Letter, outcome: Outcome) -> None:
        with self._notes:
            self._spared |= self._sender.spares(outcome)
            self.outcomes.append((letter, outcome))

    def _next(self) -> Letter | None:
        """Return the next letter at its turn."""
        with self._turns:
            if not self._left:
                return None
            budget.wait_until(0.0 if self._spared else self._turn)
            # After a slow call the next one keeps its distance too.
            self._turn = max(self._turn, time.monotonic()) + self._spacing
            return self._left.popleft()

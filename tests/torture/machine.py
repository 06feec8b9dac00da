"""
Delivery under every interleaving that hypothesis thinks of.

The product's own functions run one step at a time, in any order, are killed at any step, and are
held up for any time; what was promised to a reader or to the operator must hold all the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import count

from hypothesis import seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from digest import delivery, planning, subscribers
from digest.delivery import settling, states
from digest.delivery.states.leases import BY_HAND
from digest.events.applying import apply
from digest.events.event import Event
from digest.keys import Keys
from digest.models import (
    AddressChange,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EventKind,
    Standing,
    Subscriber,
)
from digest.subscribers import Moved, choices, silence
from tests import make
from tests.torture.world import BEGINS, OUTCOMES, Actor, Begun, Post, World, composer

MOST_SENDERS = 2
FOCUS = 36
DAY = 86_400.0
PAUSES = (0.0, 0.0, 3.0, 301.0, 4000.0)
PLACES = (
    *["a step", "composing", "composing", "a sleep", "its turn", "its turn"],
    *["the call", "the answer", "its end"],
)
HELD_UP_FOR = states.LEASE + 1.0

HAPPENINGS = (
    *["a_sender_goes_on"] * 8,
    *["a_sender_dies_and_is_missed", "a_sender_is_held_up", "a_reader_leaves"] * 2,
    *["a_reader_comes_back", "days_pass", "a_reader_moves", "a_visitor_goes_on"] * 2,
    *["somebody_leaves_meanwhile", "somebody_moves_meanwhile", "a_sender_is_overtaken"],
    *["somebody_leaves_while_a_sender_is_held_up", "a_sender_that_is_about_to_arm_is_overtaken"],
    *[
        "somebody_revokes_meanwhile",
        "the_operator_stops",
        "the_operator_stops_meanwhile",
        "the_operator_settles",
    ],
    *["a_sender_dies", "a_sweep", "an_event_comes", "the_database_is_gone_for_a_sender"],
    *["a_reader_chooses_another_hour", "a_reader_revokes_their_links", "a_move_is_undone"],
)


class Wrong(AssertionError):
    """Something happened that must never happen."""


@dataclass(frozen=True, slots=True)
class How:
    """What is to be known of whatever happens; each takes what it needs."""

    which: int
    place: str
    steps: int
    outcome: str
    seconds: float
    hour: int


_hows = st.builds(
    How,
    which=st.integers(0, 2),
    place=st.sampled_from(PLACES),
    steps=st.integers(1, 4),
    outcome=st.sampled_from(OUTCOMES),
    seconds=st.sampled_from(PAUSES),
    hour=st.integers(0, 23),
)


@dataclass(eq=False, slots=True)
class Visit:
    """A visitor's wish that is being done, and what is promised them once it is."""

    actor: Actor
    reader: int
    keep_promise: Callable[[object], None]


@cache
def the_world() -> World:
    return World()


class Delivering(RuleBasedStateMachine):
    """One to three readers with a digest a day, up to two senders, and all that may befall them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = the_world()
        self.world.clear()
        self.world.on_begun = self.look_at
        self.sessions = self.world.sessions
        self.numbers = count(1)
        self.readers: list[int] = []
        self.senders: list[Actor] = []
        self.visits: list[Visit] = []
        self.gone: set[int] = set()
        """Readers who were told that no mail comes any more."""
        self.left: set[str] = set()
        """Addresses of which it was said that none goes there any more."""
        self.revoked: dict[int, int] = {}
        """The oldest version of links that may still be mailed to a reader."""
        self.changes: list[tuple[int, int, str, str]] = []
        self.stopped = False
        self.taken: dict[int, Begun] = {}
        self.days: set[tuple[int, str]] = set()
        self.again: set[int] = set()
        """Deliveries of which the operator said that they be sent again."""
        self.wrong: list[str] = []
        self.lapses = 0
        """How often a lease may have run out."""

    @initialize(number=st.integers(1, 3))
    def begin(self, number: int) -> None:
        with self.sessions.begin() as session:
            self.readers = [
                make.subscriber(
                    session,
                    email=f"reader{n}@example.org",
                    address_hash=f"reader {n}",
                    next_due_at=BEGINS,
                    confirmed_at=BEGINS,
                    created_at=BEGINS,
                ).id
                for n in range(number)
            ]
        delivery.sweep(self.sessions, self.world.now())

    # What happens to senders

    def a_sender_goes_on(self, how: How) -> Actor:
        if len(self.senders) <= min(how.which, MOST_SENDERS - 1):
            self.the_operator_resumes()
            self.world.pass_by(settling.TRY_AGAIN_IN)
            self.senders.append(self.world.actor(self.deliver))
        actor = self.senders[how.which % len(self.senders)]
        self.go_on(actor, how)
        return actor

    def go_on(self, sender: Actor, how: How) -> None:
        self.world.outcome = how.outcome
        sender.go_on_to(how.place, how.steps)
        if sender.is_over and sender in self.senders:
            self.senders.remove(sender)

    def a_sender_dies(self, how: How) -> None:
        self.something_is_due(how)
        sender = self.a_sender_goes_on(how)
        if not sender.is_over:
            sender.kill()
            self.senders.remove(sender)

    def a_sender_dies_and_is_missed(self, how: How) -> None:
        self.a_sender_dies(how)
        self.a_sweep(replace(how, seconds=HELD_UP_FOR))

    def a_sender_is_held_up(self, how: How) -> None:
        self.a_sender_goes_on(how)
        self.a_sweep(replace(how, seconds=HELD_UP_FOR))

    def a_sender_is_overtaken(self, how: How) -> None:
        self.something_is_due(how)
        first = self.a_sender_goes_on(replace(how, which=0))
        self.a_sweep(how)
        self.a_sender_goes_on(replace(how, which=1, place="its end"))
        self.go_on(first, replace(how, place="its end"))

    def a_sender_that_is_about_to_arm_is_overtaken(self, how: How) -> None:
        # Later the lease is renewed, before that its minute is over.
        self.a_sender_is_overtaken(replace(how, place="a sleep", seconds=HELD_UP_FOR))

    def the_database_is_gone_for_a_sender(self, how: How) -> None:
        sender = self.a_sender_goes_on(how)
        sender.fails = True
        self.go_on(sender, replace(how, place="its end"))

    # What time brings

    def a_sweep(self, how: How) -> None:
        self.world.pass_by(how.seconds)
        self.lapses += how.seconds > states.LEASE
        delivery.sweep(self.sessions, self.world.now())

    def days_pass(self, how: How) -> None:
        self.the_operator_resumes()
        self.a_sweep(replace(how, seconds=how.steps * DAY))

    def something_is_due(self, how: How) -> None:
        """Let a day pass if nothing else is to be sent; bring somebody back if all have left."""
        if self.world.count(Delivery.state.in_(planning.OPEN)):
            return
        if self.gone.issuperset(self.readers):
            self.a_reader_comes_back(how)
        self.days_pass(replace(how, steps=1))

    def an_event_comes(self, how: How) -> None:
        if not self.taken:
            return
        begun = list(self.taken.values())[how.which % len(self.taken)]
        event = Event(
            kind=EventKind.DELIVERED if how.steps % 2 else EventKind.SENT,
            message_id=f"id-{begun.delivery}",
            delivery_id=begun.delivery,
            at=self.world.now(),
        )
        with self.sessions.begin() as session:
            news = apply(session, event, Keys((), ""), now=self.world.now())
            state = session.get_one(Delivery, begun.delivery).state
        if news and state in (DeliveryState.SENDING, DeliveryState.UNKNOWN):
            self.wrong.append("an event left its delivery in doubt")

    # What readers do

    def a_reader_leaves(self, how: How) -> None:
        if how.steps % 2:
            self.a_sender_goes_on(how)
        self.leave(self.reader(how), how)

    def somebody_leaves_meanwhile(self, how: How) -> None:
        self.meanwhile(self.leave, how)

    def leave(self, reader: int, how: How) -> None:
        def promise(acknowledged: object) -> None:
            # With the warning that one mail may still come, one may.
            if acknowledged:
                self.gone.add(reader)

        if reader not in self.gone:
            self.visit(how, reader, lambda: subscribers.unsubscribe(self.sessions, reader), promise)

    def somebody_leaves_while_a_sender_is_held_up(self, how: How) -> None:
        self.meanwhile(self.leave, replace(how, place="its turn", seconds=HELD_UP_FOR))

    def a_reader_comes_back(self, how: How) -> None:
        away = [*sorted(self.gone), *(visit.reader for visit in self.visits)]
        if not away:
            return
        reader_id = away[how.which % len(away)]
        nothing, now = choices(), self.world.now()
        with self.sessions.begin() as session:
            reader = session.get_one(Subscriber, reader_id)
            if reader.standing is not Standing.UNSUBSCRIBED:
                return
            subscribers.subscribe(
                session, reader.email, nothing, now=now, address_hash=reader.address_hash
            )
            subscribers.confirm(session, reader, nothing, now=now)
        # Who was told so far that they are leaving is here again.
        self.visits = [visit for visit in self.visits if visit.reader != reader_id]
        self.gone.discard(reader_id)

    def a_reader_moves(self, how: How) -> None:
        if how.steps % 2:
            self.a_sender_goes_on(how)
        self.move(self.reader(how), how)

    def somebody_moves_meanwhile(self, how: How) -> None:
        self.meanwhile(self.move, how)

    def move(self, reader_id: int, how: How) -> None:
        number, now = next(self.numbers), self.world.now()
        email = f"moved{number}@example.org"
        with self.sessions.begin() as session:
            reader = session.get_one(Subscriber, reader_id, with_for_update=True)
            former, version = reader.email, reader.link_version
            subscribers.ask_to_move(session, reader, email, address_hash=f"moved {number}", now=now)
            change = session.scalar(select(AddressChange.id).where(AddressChange.email == email))
        if change is None:
            return

        def promise(done: object) -> None:
            if done == (Moved.DONE, True):
                self.left.add(former)
                self.changes.append((reader_id, change, former, email))

        self.visit(
            how,
            reader_id,
            lambda: subscribers.move(self.sessions, change, version, now=self.world.now()),
            promise,
        )

    def a_move_is_undone(self, how: How) -> None:
        if not self.changes:
            return
        reader, change, former, email = self.changes.pop(how.which % len(self.changes))
        self.left.discard(former)

        def promise(done: object) -> None:
            if done == (Moved.DONE, True):
                self.left.add(email)

        self.visit(
            how,
            reader,
            lambda: subscribers.undo_move(self.sessions, change, now=self.world.now()),
            promise,
        )

    def a_reader_revokes_their_links(self, how: How) -> None:
        self.revoke(self.reader(how), how)

    def somebody_revokes_meanwhile(self, how: How) -> None:
        self.meanwhile(self.revoke, how)

    def revoke(self, reader_id: int, how: How) -> None:
        def revoke() -> int:
            with self.sessions.begin() as session:
                reader = session.get_one(Subscriber, reader_id, with_for_update=True)
                subscribers.revoke(session, reader, now=self.world.now())
                version = reader.link_version
            return version if silence.silent(self.sessions, reader_id) else 0

        def promise(version: object) -> None:
            assert isinstance(version, int)
            self.revoked[reader_id] = max(version, self.revoked.get(reader_id, 0))

        self.visit(how, reader_id, revoke, promise)

    def a_reader_chooses_another_hour(self, how: How) -> None:
        with self.sessions.begin() as session:
            reader = session.get_one(Subscriber, self.reader(how))
            subscribers.prefer(session, reader, choices(hour=how.hour), now=self.world.now())

    def visit(
        self, how: How, reader: int, act: Callable[[], object], promise: Callable[[object], None]
    ) -> None:
        """Begin to do what a reader wants, who wants one thing at a time."""
        if reader not in [each.reader for each in self.visits]:
            self.visits.append(Visit(self.world.actor(act), reader, promise))
        here = next(n for n, each in enumerate(self.visits) if each.reader == reader)
        place = "its end" if how.steps > 1 else "a step"
        self.a_visitor_goes_on(replace(how, which=here, place=place))

    def a_visitor_goes_on(self, how: How) -> None:
        if not self.visits:
            return
        visit = self.visits[how.which % len(self.visits)]
        visit.actor.go_on_to(how.place, how.steps)
        if visit.actor.is_over:
            self.visits.remove(visit)
            if visit.actor.result is not None:
                visit.keep_promise(visit.actor.result)

    def meanwhile(self, happens: Callable[[int, How], None], how: How) -> None:
        """Let something happen to the reader to whom a sender is sending, who is held up."""
        self.something_is_due(how)
        sender = self.a_sender_goes_on(how)
        reader = self.reader(how)
        self.a_sweep(how)
        happens(reader, replace(how, steps=2))
        self.go_on(sender, replace(how, place="its end"))

    def reader(self, how: How) -> int:
        """Return a reader, rather one to whom something is being sent."""
        among = self.of(DeliveryState.SENDING) or self.of(DeliveryState.CLAIMED) or self.readers
        return among[how.which % len(among)]

    def of(self, state: DeliveryState) -> list[int]:
        """Return the readers of the deliveries in *state*."""
        with self.sessions() as session:
            here = select(Delivery.subscriber_id).where(Delivery.state == state)
            return list(session.scalars(here.order_by(Delivery.id)))

    # What the operator does

    def the_operator_stops(self, how: How) -> None:
        self.a_sender_goes_on(how)
        delivery.stop(self.sessions, "by hand", self.world.now())
        self.stopped = not delivery.still_sending(self.sessions, wait=0)

    def the_operator_stops_meanwhile(self, how: How) -> None:
        self.something_is_due(how)
        # About to arm: before that it is granted nothing.
        self.the_operator_stops(replace(how, place="a sleep"))
        for sender in self.senders[:]:
            self.go_on(sender, replace(how, place="its end"))

    def the_operator_resumes(self) -> None:
        delivery.resume(self.sessions)
        self.stopped = False

    def the_operator_settles(self, how: How) -> None:
        with self.sessions() as session:
            unknown = list(
                session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.UNKNOWN))
            )
        if unknown:
            chosen, again = unknown[how.which % len(unknown)], how.steps > 2
            delivery.settle(self.sessions, chosen, again=again)
            if again:
                self.again.add(chosen)

    def deliver(self) -> None:
        delivery.deliver(self.sessions, Post(self.world), composer(self.world), self.world.now)

    # What must hold

    def look_at(self, begun: Begun) -> None:
        with self.world.aside() as session:
            row = session.get_one(Delivery, begun.delivery)
            reader, key = row.subscriber_id, row.dedupe_key
        digest = begun.kind == DeliveryKind.DIGEST
        if digest and reader in self.gone:
            self.wrong.append("a mail began after an acknowledged unsubscribe")
        elsewhere = begun.kind in (DeliveryKind.CHANGE, DeliveryKind.NOTICE)
        if not elsewhere and begun.to in self.left:
            self.wrong.append("a mail began to an address that its reader had left")
        if begun.version < self.revoked.get(reader, 0):
            self.wrong.append("a mail began with links that were revoked")
        if self.stopped:
            self.wrong.append("a mail began after a stop that found nothing under way")
        if begun.taken:
            self.tally(begun, (reader, key[-10:]) if digest else None)

    def tally(self, begun: Begun, day: tuple[int, str] | None) -> None:
        asked_for = begun.delivery in self.again
        if begun.delivery in self.taken and not asked_for:
            self.wrong.append("a delivery was sent twice")
        if day in self.days and not asked_for:
            self.wrong.append("a reader got two digests for one date")
        self.again.discard(begun.delivery)
        self.taken[begun.delivery] = begun
        if day:
            self.days.add(day)

    @invariant()
    def nothing_is_wrong(self) -> None:
        if self.wrong:
            raise Wrong(self.wrong)

    def teardown(self) -> None:
        """Let everything come to rest; then whoever stayed has their digest, or it is in doubt."""
        if not self.readers or self.wrong:
            return
        self.come_to_rest()
        self.nothing_is_wrong()
        with self.sessions() as session:
            rows = list(session.execute(select(Delivery, Subscriber).join(Subscriber)))
            lost = [
                (row.id, row.state, row.error) for row, reader in rows if self.is_lost(row, reader)
            ]
            behind = [
                reader.id
                for _, reader in rows
                if reader.standing is Standing.ACTIVE
                and (reader.next_due_at is None or reader.next_due_at <= self.world.now())
            ]
        if lost or behind:
            raise Wrong(f"{lost=} {behind=}")

    def come_to_rest(self) -> None:
        for each in self.senders:
            each.kill()
        self.the_operator_resumes()
        self.world.outcome = "taken"
        for _ in range(3):
            self.world.pass_by(3700.0)
            self.lapses += 1
            delivery.sweep(self.sessions, self.world.now())
            self.deliver()

    def is_lost(self, row: Delivery, reader: Subscriber) -> bool:
        if row.kind is not DeliveryKind.DIGEST or row.id in self.taken:
            return False
        match row.state:
            case DeliveryState.UNKNOWN:
                return False
            case DeliveryState.FAILED:
                return self.lapses < states.GIVEN_UP_AT
            case DeliveryState.SKIPPED:
                explained = ("superseded", states.OUTCOME_UNKNOWN, "its day is over")
                return not (row.error or "").startswith(explained)
            case DeliveryState.SENT:
                return row.error != BY_HAND
        return reader.standing is Standing.ACTIVE


def delivering(*focus: str, first: int = 0) -> type[Delivering]:
    """Return the machine in which all may happen, what *focus* names most of all, from a seed."""

    class Focused(Delivering):
        # One rule for everything: hypothesis leaves some rules out of each of its examples, and
        # without a sender nothing that follows is of interest.
        @rule(what=st.sampled_from((*HAPPENINGS, *focus * FOCUS)), how=_hows)
        def it_happens(self, what: str, how: How) -> None:
            getattr(self, what)(how)

    return seed(first)(Focused)

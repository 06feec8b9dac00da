"""
A world in which one thing happens at a time, and somebody else says what.

Senders and visitors are greenlets that run the product's own functions. They stand still before
every transaction, before every mail and after it, and when they sleep; whoever holds the world
lets one of them go on, ends one without a word, or lets time pass. The database is SQLite in
memory, and its clock is the world's.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from greenlet import getcurrent, greenlet
from sqlalchemy import ColumnElement, Engine, delete, event, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from digest.database import Sessions, connect
from digest.delivery import Claimed, Composed, Letter, budget, sender
from digest.delivery.letters import Compose
from digest.errors import BadLink
from digest.mail.message import Mail
from digest.mail.transport import Accepted, Allowance, NotSent, Outcome, Reaction, Unknown
from digest.models import (
    AddressChange,
    Base,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EventRow,
    SendingBudget,
    Subscriber,
    Suppression,
)
from digest.subscribers import silence

BEGINS = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
LONGEST_PAUSE = 250.0
"""Seconds that a sender may stand still between its look at the clock and the call itself."""

OUTCOMES = (*["taken"] * 7, *["answer lost"] * 2, "never came", "busy", "used up", "locked out")


@dataclass(frozen=True, slots=True)
class Begun:
    """A request for SendEmail, as it reached the mail system."""

    delivery: int
    kind: str
    to: str
    version: int
    """Of the links in it."""
    taken: bool


class Gone(BaseException):
    """The process was killed: nothing of it runs any more, no `finally` either."""


class Actor:
    """A process that stands still wherever another one could come in between."""

    def __init__(self, world: "World", act: Callable[[], object]) -> None:
        self._world = world
        self._greenlet = greenlet(self._run)
        self._act = act
        self._killed = False
        self.fails = False
        """Whether the database is gone when it next asks."""
        self.at = "its beginning"
        self.since = world.t
        self.wakes_at = world.t
        self.result: object = None

    @property
    def is_over(self) -> bool:
        return bool(self._greenlet.dead)

    def go_on(self) -> None:
        """Let it run up to the next place where it stands still."""
        self._world.t = max(self._world.t, self.wakes_at)
        self._greenlet.switch()

    def go_on_to(self, place: str, steps: int) -> None:
        """Let it run until it stands at *place*, *steps* times if that is a step, or to its end."""
        while not self.is_over:
            self.go_on()
            steps -= 1
            if self.at == place or (place == "a step" and not steps):
                return

    def kill(self) -> None:
        self._killed = True
        while not self.is_over:
            # `finally` clauses want to go on: each of their steps is refused too.
            self._greenlet.switch()

    def stand(self, at: str, seconds: float = 0.0) -> None:
        self.at, self.since, self.wakes_at = at, self._world.t, self._world.t + seconds
        self._world.hub.switch()
        if self._killed:
            raise Gone
        if self.fails and at == "a transaction":
            self.fails = False
            raise OperationalError("BEGIN", None, Exception("the server closed the connection"))

    def _run(self) -> None:
        with suppress(Gone, OperationalError, BadLink):
            self.result = self._act()


class Time:
    """`time` as the product's modules know it, in the world's time."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def monotonic(self) -> float:
        return self._world.t

    def wait_until(self, moment: float) -> None:
        # However short: a process may be held up there.
        self.sleep(max(0.0, moment - self._world.t))

    def sleep(self, seconds: float) -> None:
        # Between being armed and being begun: where a sender that is held up does most harm.
        armed = self._world.count(Delivery.state == DeliveryState.SENDING)
        self._world.stand("its turn" if armed else "a sleep", seconds)


class World:
    """Its database, its clock, and what the mail system was asked for."""

    def __init__(self) -> None:
        self.hub = getcurrent()
        self.t = 0.0
        self.actors: dict[greenlet, Actor] = {}
        self.outcome = "taken"
        self.on_begun: Callable[[Begun], None] = lambda _begun: None
        self.aside = sessionmaker(_engine(self))
        """For a look at the database at which nobody stands still."""
        self.sessions = cast("Sessions", _Sessions(self, self.aside))

    def now(self) -> datetime:
        return BEGINS + timedelta(seconds=self.t)

    def actor(self, act: Callable[[], object]) -> Actor:
        made = Actor(self, act)
        self.actors[made._greenlet] = made
        return made

    def stand(self, at: str, seconds: float = 0.0) -> None:
        actor = self.actors.get(getcurrent())
        if actor is None:
            self.t += seconds
        else:
            actor.stand(at, seconds)

    def pass_by(self, seconds: float) -> None:
        """Let time pass; who was about to call for longer than may be does not wake again."""
        self.t += seconds
        for actor in self.actors.values():
            if actor.at == "the call" and self.t - actor.since > LONGEST_PAUSE:
                actor.kill()

    def count(self, which: ColumnElement[bool]) -> int:
        with self.aside() as session:
            return session.scalars(select(func.count(Delivery.id)).where(which)).one()

    def clear(self) -> None:
        for actor in self.actors.values():
            actor.kill()
        self.actors.clear()
        self.t = 0.0
        with self.sessions.begin() as session:
            for table in (Delivery, Subscriber, Suppression, SendingBudget, EventRow):
                session.execute(delete(table))
            # The same things happen to the same numbers, each time.
            session.execute(text("DELETE FROM sqlite_sequence"))


class Post:
    """The mail system: it takes a mail or not, and its answer may be lost."""

    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, mail: Mail) -> Outcome:
        self._world.stand("the call")
        how = self._world.outcome
        taken = how in ("taken", "answer lost")
        begun = Begun(mail.delivery_id, mail.kind, mail.to, int(mail.text), taken)
        self._world.on_begun(begun)
        self._world.t += 0.5
        self._world.stand("the answer")
        match how:
            case "taken":
                return Accepted(f"id-{mail.delivery_id}")
            case "busy":
                return NotSent("busy", kind=Reaction.LATER)
            case "used up":
                return NotSent("quota used up", kind=Reaction.QUOTA)
            case "locked out":
                return NotSent("no such key", kind=Reaction.STOP)
        return Unknown(how)

    def allowance(self) -> Allowance:
        return Allowance()

    def close(self) -> None:
        pass


def composer(world: World) -> Compose:
    """Return what writes a mail for each delivery as things are now, and takes its time."""

    def compose(claimed: Sequence[Claimed]) -> list[Composed]:
        with world.aside() as session:
            letters = [Letter(each, _mail(session, each), ()) for each in claimed]
        world.stand("composing")
        return list(letters)

    return compose


def _mail(session: Session, claimed: Claimed) -> Mail:
    reader = session.get_one(Subscriber, claimed.subscriber_id)
    to = reader.email
    if claimed.kind in (DeliveryKind.CHANGE, DeliveryKind.NOTICE):
        change = session.get_one(AddressChange, int(claimed.day))
        to = change.email if claimed.kind is DeliveryKind.CHANGE else change.former_email or ""
    return Mail(
        to=to,
        subject="Today",
        html="<p>Today</p>",
        text=f"{reader.link_version}",
        delivery_id=claimed.id,
        kind=claimed.kind.value,
    )


@contextmanager
def in_its_time(world: World) -> Iterator[None]:
    """Let the modules that wait do so in *world*'s time."""
    its = Time(world)
    there = (budget, sender, silence)
    waiting = (budget, "wait_until", its.wait_until)
    # All that wait go in one group, as later ones do.
    together = (sender, "FIRST_GROUP", budget.GROUP)
    with replaced(waiting, together, *((module, "time", its) for module in there)):
        yield


@contextmanager
def replaced(*replacements: tuple[object, str, object]) -> Iterator[None]:
    """Let names in the product mean something else for a while."""
    before = [(module, name, getattr(module, name)) for module, name, _ in replacements]
    for module, name, other in replacements:
        setattr(module, name, other)
    try:
        yield
    finally:
        for module, name, own in before:
            setattr(module, name, own)


class _Sessions:
    """A session factory before whose transactions an actor stands still."""

    def __init__(self, world: World, real: Sessions) -> None:
        self._world = world
        self.real = real
        self.kw = real.kw

    def __call__(self) -> Session:
        self._world.stand("a transaction")
        return self.real()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        self._world.stand("a transaction")
        with self.real.begin() as session:
            yield session
        self._world.stand("a commit")


def _engine(world: World) -> Engine:
    engine = connect("sqlite://")

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: object) -> None:
        # What `DatabaseNow` says on SQLite: strftime(format, 'now', '300.0 seconds').
        def strftime(_format: str, _now: str, on: str) -> str:
            moment = world.now() + timedelta(seconds=float(on.partition(" ")[0]))
            return f"{moment:%Y-%m-%d %H:%M:%S.%f}"

        connection.create_function("strftime", 3, strftime)

    Base.metadata.create_all(engine)
    return engine

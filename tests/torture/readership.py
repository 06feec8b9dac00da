"""The readers of a run, what is due to them by the calendar, and those who leave and come back."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from digest.clock import Cadence
from digest.database import DatabaseNow
from digest.links import Purpose
from digest.models import Delivery, DeliveryState, Interest, InterestKind, Standing, Subscriber
from digest.services import Services
from digest.web import create_app, limiting
from tests.torture.record import Record
from tests.torture.stage import BEGINS, Stage

ZONES = (
    *("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland"),
    *("America/Sao_Paulo", "Asia/Tokyo", "Pacific/Honolulu"),
)
TOPICS = ("long-context", "galaxies")
LEAVE_AT_TIMES = 3
"""One in so many readers leaves and comes back; the others stay for the whole run."""

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
WARNING = "may still arrive"
CONFIRMED_WITHIN = 8.0


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader: a digest every day at *hour* o'clock in *zone*."""

    id: int
    hour: int
    zone: str

    @property
    def email(self) -> str:
        return f"reader{self.id}@readers{self.id % 7}.example"

    @property
    def leaves_at_times(self) -> bool:
        return self.id % LEAVE_AT_TIMES == 0

    def due(self, until: datetime) -> Iterator[tuple[str, datetime]]:
        """Yield what is due to them in the run: the local date as mails show it, the moment."""
        # Said again here, in other words than the product's: it is what the product must meet.
        zone = ZoneInfo(self.zone)
        day = BEGINS.astimezone(zone).date()
        while True:
            moment = datetime.combine(day, time_of_day(self.hour), zone).astimezone(UTC)
            if moment > until:
                return
            if moment >= BEGINS:
                yield f"{day:%m-%d}", moment
            day += timedelta(days=1)


def readers(count: int, seed: int) -> list[Reader]:
    chance = random.Random(seed)
    return [
        Reader(number, chance.randrange(24), chance.choice(ZONES)) for number in range(1, count + 1)
    ]


def settle_in(services: Services, those: list[Reader]) -> None:
    """Make *those* subscribers, active since long ago."""
    with services.sessions.begin() as session:
        session.execute(insert(Subscriber), [_row(services, each) for each in those])
        session.execute(
            insert(Interest),
            [
                {
                    "subscriber_id": each.id,
                    "kind": InterestKind.TOPIC,
                    "value": TOPICS[each.id % len(TOPICS)],
                }
                for each in those
            ],
        )


def _row(services: Services, reader: Reader) -> dict[str, object]:
    _, first = next(reader.due(BEGINS + timedelta(days=2)))
    return {
        "id": reader.id,
        "email": reader.email,
        "address_hash": services.keys.address_hash(reader.email),
        "standing": Standing.ACTIVE,
        "cadence": Cadence.DAILY,
        "days": [],
        "hour": reader.hour,
        "zone": reader.zone,
        "next_due_at": first,
        "requested": {},
        "created_at": BEGINS,
        "confirmed_at": BEGINS,
    }


@dataclass(slots=True)
class Goodbye:
    """One reader's leaving, and their coming back if they did; seconds on the monotonic clock."""

    reader: Reader
    acknowledged: float | None = None
    """None: the run was over before anybody answered."""
    warned: bool = False
    asked_again: float | None = None
    confirmed: float | None = None
    confirmed_at: datetime | None = None
    """The moment of the almanac after which they were a reader again."""


@dataclass
class Visitors:
    """Readers who leave by the pages, most of them while a mail to them is being made."""

    stage: Stage
    readers: list[Reader]
    seed: int
    over: threading.Event
    held_up: Callable[[], bool]
    """Whether a sender is paused for longer than its leases."""
    goodbyes: list[Goodbye] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._app = create_app(self.stage.services)
        # They count by the machine's clock, on which the weeks of a run are minutes.
        self._app.extensions["limits"] = limiting.Limits(None)
        self._record = Record(self.stage.record)
        self._by_id = {each.id: each for each in self.readers}
        self._away: set[int] = set()

    def visit(self) -> None:
        """Leave and come back, again and again, until the run is over."""
        while not self.over.wait(self._random.uniform(0.02, 0.15)):
            reader = self._someone()
            if reader is not None:
                self._leave(reader)

    def _someone(self) -> Reader | None:
        """Return a reader, rather one to whom something is being sent at this moment."""
        claimed, sending = self._underway()
        at_home = set(self._by_id) - self._away
        busy = claimed | sending
        if self.held_up():
            # No look at the clock helps who stops between that look and the wire, and stays
            # stopped for longer than a lease: five minutes in the product, a second here.
            at_home, busy = at_home - sending, claimed - sending
        chosen = sorted(busy & at_home if self._random.random() < 0.8 else at_home)
        return self._by_id[self._random.choice(chosen)] if chosen else None

    def _underway(self) -> tuple[set[int], set[int]]:
        """Return to whom a mail is being made, and to whom one is, or was just, being sent."""
        lately = Delivery.sending_at > DatabaseNow(-5 * self.stage.lease)
        statement = select(Delivery.subscriber_id, Delivery.state).where(
            Delivery.state.in_((DeliveryState.CLAIMED, DeliveryState.SENDING))
            | ((Delivery.state == DeliveryState.UNKNOWN) & lately)
        )
        with suppress(SQLAlchemyError), self.stage.services.sessions() as session:
            rows = session.execute(statement).all()
            claimed = {reader for reader, state in rows if state is DeliveryState.CLAIMED}
            return claimed, {reader for reader, _ in rows} - claimed
        return set(), set()

    def _leave(self, reader: Reader) -> None:
        link = self.stage.services.links.make(Purpose.LEAVE, reader.id)
        goodbye = Goodbye(reader)
        self.goodbyes.append(goodbye)
        answer = self._post(link, ONE_CLICK if self._random.random() < 0.5 else {})
        if answer is None:
            return
        goodbye.acknowledged = time.monotonic()
        goodbye.warned = WARNING in answer
        if self._random.random() < 0.15:
            self._away.add(reader.id)
        else:
            self.over.wait(self._random.uniform(0, 0.5))
            self._come_back(goodbye)

    def _come_back(self, goodbye: Goodbye) -> None:
        reader = goodbye.reader
        list(self._record.news())
        goodbye.asked_again = time.monotonic()
        if self._post("/subscribe", {"email": reader.email, "topic": TOPICS[0]}) is None:
            return
        give_up_at = time.monotonic() + CONFIRMED_WITHIN
        while not self._confirmation_came(reader):
            if time.monotonic() > give_up_at or self.over.wait(0.05):
                return
        link = self.stage.services.links.make(Purpose.CONFIRM, reader.id)
        goodbye.confirmed = time.monotonic()
        if self._post(link, {"hour": str(reader.hour), "zone": reader.zone}) is not None:
            goodbye.confirmed_at = self.stage.almanac()

    def _confirmation_came(self, reader: Reader) -> bool:
        return any(
            each.accepted and each.kind == "confirmation" and each.to == reader.email
            for each in self._record.news()
        )

    def _post(self, link: str, form: dict[str, str]) -> str | None:
        """Press the button until there is an answer; None: the run was over before."""
        path = link.removeprefix(self.stage.settings.base_url)
        while True:
            browser = FlaskClient(self._app, use_cookies=False)
            address = ".".join(str(self._random.randrange(1, 255)) for _ in range(4))
            answer = browser.post(
                path,
                data=form,
                base_url=self.stage.settings.base_url,
                environ_base={"REMOTE_ADDR": address},
            )
            if answer.status_code == 200:
                return answer.text
            if self.over.wait(0.1):
                return None

"""The events of the mail system: lost, doubled, late and out of order, as they really come."""

import random
import threading
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from digest import pipeline
from tests import ses_events
from tests.torture.record import Record, Request
from tests.torture.stage import Stage

LOST = 0.1
DOUBLED = 0.1
DELAYED = 0.1


class Rumours:
    """What is said of the mails that were accepted: SES's own documents, badly delivered."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._chance = random.Random(seed)
        self._record = Record(stage.record)
        self._held: list[str] = []
        self.told = 0
        self.news = 0

    def spread(self, over: threading.Event) -> None:
        """Tell of what was accepted until the run is over; then of all that is left."""
        last = False
        while not last:
            last = over.wait(0.2)
            self._hold_what_is_new()
            self._tell(len(self._held) if last else len(self._held) // 3)

    def _hold_what_is_new(self) -> None:
        for request in self._record.news():
            for document in self._documents(request) if request.accepted else ():
                if self._chance.random() >= LOST:
                    self._held += [document] * (1 + (self._chance.random() < DOUBLED))
        self._chance.shuffle(self._held)

    def _documents(self, request: Request) -> Iterator[str]:
        delayed = self._chance.random() < DELAYED
        for kind in ("Send", *(["DeliveryDelay"] if delayed else []), "Delivery"):
            yield ses_events.text(
                kind,
                to=request.to,
                delivery=request.delivery,
                message_id=request.message_id,
                at=self._stage.almanac(),
            )

    def _tell(self, many: int) -> None:
        for document in self._held[:many]:
            try:
                self.news += pipeline.hear(self._stage.services, document)
            except SQLAlchemyError:
                # The database is away; whoever publishes events tries again.
                return
            self._held.remove(document)
            self.told += 1

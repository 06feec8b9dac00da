"""The addressee: what composing reads of a subscriber, as a plain row."""

from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from digest.clock import Cadence, Timetable
from digest.language import ENGLISH
from digest.models import Balance, NothingNew, Standing, Subscriber


@dataclass(slots=True)
class Addressee:
    """
    Whom a mail goes to; the names are those of `models.Subscriber`.

    No object of the ORM: to load one takes twice as long, for each mail.
    """

    id: int
    email: str
    standing: Standing
    cadence: Cadence
    days: list[str]
    hour: int
    zone: str
    about: str = ""
    balance: Balance = Balance.EVEN
    language: str = ENGLISH
    papers: int | None = None
    nothing_new: NothingNew = NothingNew.SKIP
    link_version: int = 0
    requested: dict[str, Any] = field(default_factory=dict)

    @property
    def timetable(self) -> Timetable:
        return Timetable(self.cadence, tuple(self.days), self.hour, self.zone)


COLUMNS: list[InstrumentedAttribute[Any]] = [
    getattr(Subscriber, each.name) for each in fields(Addressee)
]
"""In the order of its fields."""

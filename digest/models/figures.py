"""Figures: numbers of single days, which outlive what they were counted from."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from digest.models.base import Base, by_value


class Counted(StrEnum):
    """What was counted; `DailyFigure.of` says of which of them."""

    READERS = "readers"
    """By standing."""
    FOLLOWERS = "followers"
    """Readers who get digests, by a topic that they follow."""
    DIGESTS = "digests"
    """Decided on that day, by state."""
    OTHERS = "others"
    """Mails that are no digests, decided on that day, by state."""
    HOURS = "hours"
    """Mails that were handed over, by the hour: 00 to 23."""
    EVENTS = "events"
    """What the mail system told of."""
    MORE = "more"
    """Readers' words of papers, by the papers' topics; those of all papers have an empty name."""
    LESS = "less"
    PLACE = "place"
    """The newest delivery's id when the day was last counted: the next day's are behind it."""


class DailyFigure(Base):
    """One number of one day, in UTC."""

    __tablename__ = "daily_figure"

    what: Mapped[Counted] = mapped_column(by_value(Counted), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    of: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
    counted_at: Mapped[datetime]

"""Events: what the mail system told of a mail after it took it over."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.models.base import Base, BigId, by_value


class EventKind(StrEnum):
    """What became of a mail."""

    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    REJECTED = "rejected"
    RENDERING_FAILED = "rendering_failed"
    DELAYED = "delayed"
    SUBSCRIPTION = "subscription"
    """The mail system's own page to leave by; none of our mails leads there."""


class Bounce(StrEnum):
    """Whether a mail that came back would come back again."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    UNDETERMINED = "undetermined"


class EventRow(Base):
    """One thing that was told of one mail; it names nobody, and outlives delivery and reader."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("message_id", "kind"),
        Index("ix__event_address", "address_hash", "at"),
        Index("ix__event_received", "kind", "received_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[str] = mapped_column(sa.String(200))
    """The mail system's id of the mail."""
    kind: Mapped[EventKind] = mapped_column(by_value(EventKind))
    bounce: Mapped[Bounce | None] = mapped_column(by_value(Bounce))
    delivery_id: Mapped[int | None] = mapped_column(BigId)
    """As the event says; there may be no such delivery any more."""
    address_hash: Mapped[str | None] = mapped_column(sa.String(64))
    at: Mapped[datetime]
    """When it happened, by the mail system's clock."""
    received_at: Mapped[datetime]
    """When it was first told, by the database's."""


class SuppressionReading(Base):
    """How far the mail system's own suppression list was read: one row."""

    __tablename__ = "suppression_reading"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime | None]
    """When the reading began that goes on at *place*; None: the last one came to its end."""
    place: Mapped[str | None] = mapped_column(sa.Text)
    """The mail system's word for the next page."""
    read_until: Mapped[datetime | None]
    """When the last reading began that came to its end: all that is older is known."""

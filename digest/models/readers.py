"""Subscribers: who reads, what, and when."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.clock import Cadence, Timetable
from digest.models.base import Base, BigId, by_value


class Standing(StrEnum):
    """Where a subscriber stands; only ACTIVE ones get digests."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class InterestKind(StrEnum):
    """What an interest names."""

    TOPIC = "topic"
    KEYWORD = "keyword"
    MUTED = "muted"
    """A word or phrase that no paper of theirs may hold."""
    MUTED_TOPIC = "muted-topic"
    AUTHOR = "author"
    ORGANIZATION = "organization"


class Balance(StrEnum):
    """What a reader wants more of where papers that fit and papers that trend compete."""

    FIELD = "field"
    EVEN = "even"
    EVERYBODY = "everybody"


class NothingNew(StrEnum):
    """What a reader gets on a day without a new paper for them."""

    SKIP = "skip"
    TELL = "tell"
    """A mail that says so: they know that nothing was lost."""


class Subscriber(Base):
    """One address, and when and how its reader wants to be written to."""

    __tablename__ = "subscriber"
    __table_args__ = (
        Index(
            "ix__subscriber_due",
            "next_due_at",
            "id",
            postgresql_where=sa.text("standing = 'active'"),
            sqlite_where=sa.text("standing = 'active'"),
        ),
        Index("ix__subscriber_paused_until", "paused_until"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    """Normalised: as validated, in lower case, the domain in ASCII."""
    address_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    standing: Mapped[Standing] = mapped_column(by_value(Standing), default=Standing.PENDING)
    cadence: Mapped[Cadence] = mapped_column(by_value(Cadence))
    days: Mapped[list[str]]
    hour: Mapped[int]
    zone: Mapped[str] = mapped_column(sa.String(64))
    about: Mapped[str] = mapped_column(sa.Text, default="")
    """What they work on, in their own words; mostly empty."""
    balance: Mapped[Balance] = mapped_column(by_value(Balance), default=Balance.EVEN)
    language: Mapped[str] = mapped_column(sa.String(16), default="en")
    """The code of the language in which they are written to: de, pt_BR."""
    papers: Mapped[int] = mapped_column(default=10)
    """At most so many are in a digest."""
    nothing_new: Mapped[NothingNew] = mapped_column(by_value(NothingNew), default=NothingNew.SKIP)
    next_due_at: Mapped[datetime | None]
    paused_until: Mapped[date | None]
    """The local date on which a pause ends; None while paused: until further notice."""
    link_version: Mapped[int] = mapped_column(default=0)
    """Links of an older version are revoked."""
    feeds_replaced: Mapped[int] = mapped_column(default=0)
    """How often they asked for another address of their private feed."""
    mails_asked: Mapped[int] = mapped_column(default=0)
    """Counts requests for mails other than digests: their dedupe keys."""
    last_asked_at: Mapped[datetime | None]
    requested: Mapped[dict[str, Any]]
    """What the form asked for last; it counts from the confirmation on."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    """When they left last; for a while it can be undone."""
    left_as: Mapped[Standing | None] = mapped_column(by_value(Standing))
    """Where they stood before they left."""

    @property
    def is_reading(self) -> bool:
        """Whether digests come, or are only paused."""
        return self.standing in (Standing.ACTIVE, Standing.PAUSED)

    @property
    def feed_version(self) -> int:
        """Addresses of their private feed of an older version are void, as with all their links."""
        return self.link_version + self.feeds_replaced

    @property
    def timetable(self) -> Timetable:
        return Timetable(self.cadence, tuple(self.days), self.hour, self.zone)


class Interest(Base):
    """Something that a subscriber wants, or does not want, to read about."""

    __tablename__ = "interest"
    __table_args__ = (UniqueConstraint("subscriber_id", "kind", "value"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    kind: Mapped[InterestKind] = mapped_column(by_value(InterestKind))
    value: Mapped[str] = mapped_column(sa.String(100))
    """A topic's slug, or a keyword or a name as the reader wrote it."""


class Rating(Base):
    """What a reader said of a paper: more like this, or less; a later word replaces it."""

    __tablename__ = "rating"
    __table_args__ = (Index("ix__rating_paper", "paper_id"), Index("ix__rating_at", "at"))

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True
    )
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("paper.id", ondelete="CASCADE"), primary_key=True
    )
    liked: Mapped[bool]
    at: Mapped[datetime]


class KeyCheck(Base):
    """One row: what the suppression key makes of a fixed word, to tell another key by."""

    __tablename__ = "key_check"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(sa.String(64))


class Suppression(Base):
    """An address that must not be written to, as a keyed hash that outlives erasure."""

    __tablename__ = "suppression"

    address_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    reason: Mapped[Standing] = mapped_column(by_value(Standing))
    at: Mapped[datetime]

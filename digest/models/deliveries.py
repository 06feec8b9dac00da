"""Deliveries: what was decided on, what became of it, and how fast it may go."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.models.base import Base, BigId, by_value


class DeliveryKind(StrEnum):
    """What a mail is for."""

    DIGEST = "digest"
    CONFIRMATION = "confirmation"
    CHANGE = "change"
    LINK = "link"
    NOTICE = "notice"


class DeliveryState(StrEnum):
    """Where a mail is on its way; `digest.delivery` holds every arrow between these."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SKIPPED = "skipped"


LEASED = (DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.UNKNOWN)
"""Those that somebody held or holds, in the order in which the index of them has them."""


class StoppedBy(StrEnum):
    """Who stopped all sending."""

    OPERATOR = "operator"
    SENDER = "sender"
    """The mail system said that nothing can be sent, or took nothing from us."""
    BRAKES = "brakes"
    """Too many mails bounced or were complained of."""


class Delivery(Base):
    """One mail to one subscriber, decided on before it is sent."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "kind", "dedupe_key"),
        Index(
            "ix__delivery_pending",
            "priority",
            "not_before",
            "id",
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        ),
        Index(
            "ix__delivery_underway",
            "state",
            "lease_until",
            postgresql_where=sa.text("state IN ('claimed', 'sending', 'unknown')"),
            sqlite_where=sa.text("state IN ('claimed', 'sending', 'unknown')"),
        ),
        Index(
            "ix__delivery_day",
            "day_ends_at",
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        ),
        Index("ix__delivery_sending_at", "sending_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    kind: Mapped[DeliveryKind] = mapped_column(by_value(DeliveryKind))
    dedupe_key: Mapped[str] = mapped_column(sa.String(32))
    """The local date of the due moment for digests, a request's number or id otherwise."""
    state: Mapped[DeliveryState] = mapped_column(
        by_value(DeliveryState), default=DeliveryState.PENDING
    )
    priority: Mapped[int] = mapped_column(sa.SmallInteger)
    """0 = all but digests, 1 = the digest that a confirmation made due, 2 = digests."""
    not_before: Mapped[datetime]
    day_ends_at: Mapped[datetime]
    """When the local day of a digest is over; other kinds have two days."""
    lease_token: Mapped[str | None] = mapped_column(sa.String(32))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """How many leases ran out on it: a row with many kills its sender."""
    sending_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(sa.String(200))
    error: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    address_hash: Mapped[str | None] = mapped_column(sa.String(64))
    """Of the address to which it goes, where that is not the reader's own: CHANGE and NOTICE."""


class Pick(Base):
    """The ledger: which paper was sent to whom. It outlives its delivery."""

    __tablename__ = "pick"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "paper_id"),
        Index("ix__pick_delivery", "delivery_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id", ondelete="SET NULL"))
    place: Mapped[int] = mapped_column(sa.SmallInteger)
    reasons: Mapped[list[dict[str, Any]]]
    """As shown in the mail: {"lead": ..., "chips": [...]} each; empty for a trending pick."""


class SendingBudget(Base):
    """One row for all senders: pace, daily quota, and the switch that stops everything."""

    __tablename__ = "sending_budget"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rate: Mapped[float | None]
    """Mails a second that the transport allows; None = no limit."""
    daily_quota: Mapped[int | None]
    allowance_read_at: Mapped[datetime | None]
    next_free_at: Mapped[datetime]
    sent_on: Mapped[date]
    sent_today: Mapped[int]
    refusals: Mapped[list[dict[str, Any]]]
    """
    Mails that were refused for good since the last one was accepted: id, domain, moment; and
    whether they have stopped all sending once.
    """
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[str | None] = mapped_column(sa.Text)
    stopped_by: Mapped[StoppedBy | None] = mapped_column(by_value(StoppedBy))
    rests_until: Mapped[datetime | None]
    """Until when nothing was to be sent when it last rested, by the database's clock."""
    rests_why: Mapped[str | None] = mapped_column(sa.Text)
    resumed_at: Mapped[datetime | None]
    """When sending was last let go on; bounces and complaints of before stop nothing again."""

    def left_on(self, day: date) -> int | None:
        """Return how many mails the daily quota leaves for *day* (UTC); None: no quota is known."""
        if self.daily_quota is None:
            return None
        return max(0, self.daily_quota - (self.sent_today if self.sent_on == day else 0))


class Heartbeat(Base):
    """When a part of the service was last alive; doctor reads these."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    at: Mapped[datetime]

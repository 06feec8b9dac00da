"""Consent, and the addresses that readers move to."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from digest.models.base import Base, BigId, by_value


class ConsentKind(StrEnum):
    """How somebody said that they want our mails."""

    FORM = "form"
    """They pressed the button behind the link of their confirmation mail."""
    UNDO = "undo"
    """They took an unsubscribe back."""
    OPERATOR = "operator"
    """They consented elsewhere, as the operator says."""
    CHANGE = "change"
    """They confirmed another address."""


class Consent(Base):
    """That a reader wanted our mails: when, to which words, and from where."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix__consent_subscriber", "subscriber_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    what: Mapped[ConsentKind] = mapped_column(by_value(ConsentKind))
    text_version: Mapped[str] = mapped_column(sa.String(32))
    """The words that they agreed to: `digest.subscribers.consent.TEXTS` holds them all."""
    ip_hash: Mapped[str | None] = mapped_column(sa.String(64))
    source: Mapped[str | None] = mapped_column(sa.String(200))
    """Where they said so, in the words of the operator who brought them."""


class AddressChange(Base):
    """
    A reader's wish to be written to at another address; its id is its mails' dedupe key.

    The only place that knows a reader's former address; it is forgotten after a few days.
    """

    __tablename__ = "address_change"
    __table_args__ = (
        Index("ix__address_change_subscriber", "subscriber_id"),
        Index("ix__address_change_address", "address_hash", "asked_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(sa.String(254))
    address_hash: Mapped[str] = mapped_column(sa.String(64))
    former_email: Mapped[str | None] = mapped_column(sa.String(254))
    former_hash: Mapped[str | None] = mapped_column(sa.String(64))
    asked_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    """When the new address confirmed it."""
    closed_at: Mapped[datetime | None]
    """When its links ceased to count: it was undone, or another change took its place."""


class MailboxReading(Base):
    """How far the mailbox of unsubscribe mails was read: one row."""

    __tablename__ = "mailbox_reading"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    validity: Mapped[int] = mapped_column(sa.BigInteger)
    """UIDVALIDITY: under another one the numbers mean other mails (RFC 9051, section 2.3.1.1)."""
    uid: Mapped[int] = mapped_column(sa.BigInteger)
    """All mails up to this number were read."""

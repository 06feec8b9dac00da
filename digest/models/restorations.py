"""Restorations: the database was once taken from a backup, and what came after is lost."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from digest.models.base import Base, BigId


class Restoration(Base):
    """One `digest restore`: who may have been sent what this database knows nothing of."""

    __tablename__ = "restoration"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    made_at: Mapped[datetime]
    """When the backup was made, by the clock of the database that it was made of."""
    restored_at: Mapped[datetime]
    readers_to: Mapped[int] = mapped_column(sa.BigInteger)
    """The largest id of a reader who was there; those who came since have larger ones."""
    ready_at: Mapped[datetime | None]
    """When everything was settled, departures too; None: it was broken off."""
    resumed_at: Mapped[datetime | None]
    """When sending went on. Papers first seen by then may have been sent before the loss."""
    awaited: Mapped[list[str]]
    """Sources that could not be read then: what they show first may have been sent as well."""

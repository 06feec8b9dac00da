"""Alarms: what the operator has to know of, and whether they were told."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from digest.models.base import Base


class AlarmRow(Base):
    """The newest event of one kind; raised again once it was over, it is a new one."""

    __tablename__ = "alarm"

    key: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    """What it is about: sending, brakes, rest, sweep, fetch:arxiv."""
    why: Mapped[str] = mapped_column(sa.Text)
    raised_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    """None while it is open."""
    told_at: Mapped[datetime | None]
    """When DIGEST_ALARM_URL accepted it."""
    mailed_at: Mapped[datetime | None]
    """When the relay of DIGEST_ALARM_MAIL_URL took it over."""
    lease_until: Mapped[datetime | None]
    """Until then one process tells it and no other does; by the database's clock."""

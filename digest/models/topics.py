"""What was learnt about topics from an installation's own papers."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from digest.models.base import Base, BigId


class TopicModelRow(Base):
    """A model that was adopted; the newest is in use. `digest.topics.model` reads its bytes."""

    __tablename__ = "topic_model"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    trained_at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    figures: Mapped[dict[str, Any]]
    """On held-back papers; `digest.topics.figures` says what they are."""

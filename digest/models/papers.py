"""Papers, where they were seen, and what was made of them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from digest.models.base import Base, BigId


class Paper(Base):
    """A paper, once, however many sources show it."""

    __tablename__ = "paper"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_id: Mapped[str] = mapped_column(sa.String(200), unique=True)
    """The arXiv id without its version (2203.01250, hep-th/9901001), else the source's own id."""
    slug: Mapped[str] = mapped_column(sa.String(200), unique=True)
    """The external id as a path segment: `/` is `-` there."""
    title: Mapped[str] = mapped_column(sa.Text)
    abstract: Mapped[str] = mapped_column(sa.Text)
    authors: Mapped[list[str]]
    organization: Mapped[str | None] = mapped_column(sa.Text)
    categories: Mapped[list[str]]
    keywords: Mapped[list[str]]
    """What the source says that the paper is about, in its own words."""
    summary: Mapped[str | None] = mapped_column(sa.Text)
    """One machine-written sentence from the source, credited to it where it is shown."""
    summary_by: Mapped[str | None] = mapped_column(sa.String(80))
    url: Mapped[str | None] = mapped_column(sa.Text)
    """The abstract's page; None for a sample, whose only page is ours."""
    pdf_url: Mapped[str | None] = mapped_column(sa.Text)
    code_url: Mapped[str | None] = mapped_column(sa.Text)
    project_url: Mapped[str | None] = mapped_column(sa.Text)
    discussion_url: Mapped[str | None] = mapped_column(sa.Text)
    published_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime] = mapped_column(index=True)
    sample: Mapped[bool] = mapped_column(default=False)
    """Invented for the built-in sample day."""


class Sighting(Base):
    """A paper seen at a source at one moment, with what the source counted then."""

    __tablename__ = "sighting"
    __table_args__ = (
        Index("ix__sighting_paper", "paper_id", "seen_at"),
        Index("ix__sighting_day", "day", "paper_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(sa.String(80))
    """A name as in DIGEST_SOURCES: huggingface, arxiv, sample."""
    seen_at: Mapped[datetime]
    day: Mapped[date]
    """The day of the list that showed it, in UTC."""
    upvotes: Mapped[int | None]
    comments: Mapped[int | None]
    stars: Mapped[int | None]


class FetchRun(Base):
    """One reading of one source, and how it ended."""

    __tablename__ = "fetch_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(index=True)
    new: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(sa.Text)
    """None when the source was read."""


class EditionRow(Base):
    """A frozen edition as bytes; `digest.edition` writes and reads them."""

    __tablename__ = "edition"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    built_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)

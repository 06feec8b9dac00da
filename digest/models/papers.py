"""Papers, where they were seen, and what was made of them."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint
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
    doi: Mapped[str | None] = mapped_column(sa.String(200))
    title_key: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    """What titles of the same words have in common; None for titles that say too little."""
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
    listed_on: Mapped[date] = mapped_column(index=True)
    """The newest day, in UTC, whose list showed it; an old paper that resurfaces is news again."""
    sample: Mapped[bool] = mapped_column(default=False)
    """Invented for the built-in sample day."""


class Identifier(Base):
    """One of the names under which sources know a paper: an arXiv id, a DOI, a feed's own id."""

    __tablename__ = "identifier"
    __table_args__ = (Index("ix__identifier_paper", "paper_id"),)

    value: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    """An external id, or a DOI with `doi:` before it."""
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id", ondelete="CASCADE"))


class Record(Base):
    """
    What one source says of a paper: each fact stays with its source.

    The paper's row holds one value of each fact; *gave* names those that came from this source,
    *facts* has what it says otherwise.
    """

    __tablename__ = "record"
    __table_args__ = (UniqueConstraint("paper_id", "source"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(sa.String(80))
    gave: Mapped[list[str]]
    facts: Mapped[dict[str, Any]]


class FeedRow(Base):
    """A feed that the operator added, and what its server said last."""

    __tablename__ = "feed"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    """Its name as a source of sightings: `feed:` and a host, with a number where two share it."""
    url: Mapped[str] = mapped_column(sa.String(500), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    hosts: Mapped[list[str]]
    """Hosts that its papers may link to; the operator approved them with the feed."""
    paused: Mapped[bool] = mapped_column(default=False)
    etag: Mapped[str | None] = mapped_column(sa.String(500))
    last_modified: Mapped[str | None] = mapped_column(sa.String(100))
    added_at: Mapped[datetime]


class Turn(Base):
    """Whose turn it is to ask a host that must be asked slowly, by the whole installation."""

    __tablename__ = "turn"

    host: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    free_at: Mapped[datetime]
    """From then on the next request may begin; while one runs, when it is given up for dead."""


class Harvest(Base):
    """How far a back-fill has come, to be resumed where it ended."""

    __tablename__ = "harvest"

    name: Mapped[str] = mapped_column(sa.String(1000), primary_key=True)
    """The set and the days: `cs 2026-01-01 2026-01-31`."""
    token: Mapped[str | None] = mapped_column(sa.Text)
    """Where the next page begins; None before the first."""
    kept: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]


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

"""Merging: what is missing is filled in, and what a source says otherwise stays its word."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from digest.models import Paper, Record
from digest.sources.entry import Entry

FACTS = (
    *("title", "abstract", "authors", "organization", "categories", "keywords", "summary"),
    *("summary_by", "url", "pdf_url", "code_url", "project_url", "discussion_url"),
    *("published_at", "doi"),
)
"""What a source may say of a paper, beside what it counts."""

GROWING = ("categories",)
"""Facts of which a later source may add more: a cross-list is a category more."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Who showed papers, on the list of which day, and when that was read."""

    source: str
    day: date
    seen_at: datetime


def merge(
    session: Session, papers: Mapping[int, Entry], fresh: Collection[int], listing: Listing
) -> None:
    """Fill in what is missing, and keep what a source says beside what is known."""
    ids = list(papers)
    kept = locked(session, ids)
    said_before = select(Record).where(Record.paper_id.in_(ids), Record.source == listing.source)
    records = {
        record.paper_id: record
        for record in session.scalars(said_before.execution_options(populate_existing=True))
    }
    unheard = []
    for paper in kept:
        entry = papers[paper.id]
        said = _said(entry)
        gave = list(said) if paper.id in fresh else fill(paper, said, listing)
        record = records.get(paper.id)
        gave = sorted({*gave, *(record.gave if record else ())})
        facts = {
            name: plain(value)
            for name, value in said.items()
            if name not in gave and value != getattr(paper, name)
        }
        if record is None:
            unheard.append(
                {"paper_id": paper.id, "source": listing.source, "gave": gave, "facts": facts}
            )
        elif (record.gave, record.facts) != (gave, facts):
            record.gave, record.facts = gave, facts
    if unheard:
        session.execute(insert(Record), unheard)


def locked(session: Session, paper_ids: Collection[int]) -> Sequence[Paper]:
    """Return these papers as they are now, locked: nobody else unites or fills them meanwhile."""
    # In the order of their ids for everybody, or two would wait for each other.
    papers = (
        select(Paper)
        .where(Paper.id.in_(paper_ids))
        .order_by(Paper.id)
        .with_for_update(key_share=True)
    )
    return session.scalars(papers.execution_options(populate_existing=True)).all()


def _said(entry: Entry) -> dict[str, Any]:
    values = ((name, getattr(entry, name)) for name in FACTS)
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values if value
    }


def plain(value: Any) -> Any:  # noqa: ANN401
    return value.isoformat() if isinstance(value, datetime) else value


def fill(paper: Paper, said: dict[str, Any], listing: Listing) -> list[str]:
    """Fill in what *paper* lacks; return what that was."""
    paper.first_seen_at = min(paper.first_seen_at, listing.seen_at)
    paper.listed_on = max(paper.listed_on, listing.day)
    filled = []
    for name, value in said.items():
        has = getattr(paper, name)
        if name in GROWING and set(value) - set(has):
            setattr(paper, name, [*has, *(each for each in value if each not in has)])
        if has or (name == "summary_by" and paper.summary != said.get("summary")):
            continue
        setattr(paper, name, value)
        filled.append(name)
    return filled

"""Withholding: after a restoration readers are not offered what may have been sent to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from digest import library
from digest.models import FetchRun, Paper, Restoration
from digest.sources.sample import Sample

ADDED_WITHIN = timedelta(days=30)
"""After it went on: what a source that is added later shows was not mailed before the loss."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Papers that readers with an id up to *readers_to* are not offered."""

    readers_to: int = 0
    papers: frozenset[int] = frozenset()

    def of(self, reader_id: int) -> frozenset[int]:
        return self.papers if reader_id <= self.readers_to else frozenset()


def withheld(session: Session, paper_ids: Collection[int]) -> Withheld:
    """
    Return what is withheld of *paper_ids*.

    What was on offer when sending went on may have been sent between the backup and the loss. The
    newest restoration says it for all before: those who were there at an earlier one were there
    at this one too.
    """
    newest = session.scalar(select(Restoration).order_by(Restoration.id.desc()).limit(1))
    if newest is None:
        return Withheld()
    found = session.scalars(
        select(Paper.id).where(Paper.id.in_(paper_ids), _may_have_been_sent(session, newest))
    )
    return Withheld(newest.readers_to, frozenset(found))


def _may_have_been_sent(session: Session, restoration: Restoration) -> ColumnElement[bool]:
    resumed_at = restoration.resumed_at
    if resumed_at is None:
        return true()
    may = Paper.first_seen_at <= resumed_at
    for source in {*restoration.awaited, *_not_read_then(session, restoration)}:
        may = or_(may, _shown_late(session, source, restoration))
    return may


def _not_read_then(session: Session, restoration: Restoration) -> Collection[str]:
    """Return the sources that were unknown then, and may be back: feeds that the loss took."""
    resumed_at = restoration.resumed_at
    assert resumed_at  # noqa: S101  the caller has looked
    read = FetchRun.at.between(restoration.restored_at, resumed_at) & FetchRun.error.is_(None)
    later = FetchRun.at.between(resumed_at, resumed_at + ADDED_WITHIN)
    found = select(FetchRun.source).where(
        later,
        FetchRun.source != Sample.name,
        FetchRun.source.not_in(select(FetchRun.source).where(read)),
    )
    return session.scalars(found.distinct()).all()


def _shown_late(session: Session, source: str, restoration: Restoration) -> ColumnElement[bool]:
    """Return the condition that a paper is new here only because *source* was not read in time."""
    resumed_at = restoration.resumed_at
    old = or_(Paper.published_at.is_(None), Paper.published_at <= resumed_at)
    first_read = session.scalar(
        select(FetchRun.at)
        .where(FetchRun.source == source, FetchRun.at > resumed_at, library.was_read())
        .order_by(FetchRun.at)
        .limit(1)
    )
    return old if first_read is None else old & (Paper.first_seen_at <= first_read)

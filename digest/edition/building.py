"""Building: what is on offer is frozen."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest import library, trend
from digest.card import card
from digest.edition.edition import Edition
from digest.edition.storing import to_bytes
from digest.models import EditionRow, FetchRun, Paper
from digest.sources.names import source_name
from digest.topics import adopting
from digest.topics.classifier import Classifier, shipped

OFFERED_FOR = timedelta(days=32)
"""As far back as a monthly digest looks."""

MISSED_FOR = timedelta(days=2)
MOST_PAPERS = 2000
KEPT_FOR = timedelta(days=2)
"""A digest takes the newest edition; older ones show for a while what was on offer."""


def build(session: Session, now: datetime) -> Edition:
    """Freeze what is on offer at *now*, keep it, and return it."""
    on_offer = (library.shown(), Paper.listed_on > (now - OFFERED_FOR).date())
    papers = session.scalars(select(Paper).where(*on_offer)).all()
    sightings = trend.gather(
        library.sightings(session, *on_offer), {paper.id: paper.first_seen_at for paper in papers}
    )
    row = EditionRow(built_at=now, body=b"")
    session.add(row)
    session.flush()
    edition = freeze(
        papers,
        _counted(papers, sightings),
        now,
        edition_id=row.id,
        fetched_at=session.scalar(select(func.max(FetchRun.at)).where(library.was_read())),
        sightings=sightings,
        missing=_missing(session, now),
        classifier=adopting.in_use(session),
    )
    row.body = to_bytes(edition)
    session.execute(delete(EditionRow).where(EditionRow.built_at < now - KEPT_FOR))
    return edition


def freeze(
    papers: Sequence[Paper],
    counted: Mapping[int, library.Counts],
    now: datetime,
    *,
    edition_id: int,
    fetched_at: datetime | None,
    sightings: trend.Sightings | None = None,
    missing: tuple[str, ...] = (),
    classifier: Classifier | None = None,
) -> Edition:
    """
    Return an edition of *papers*, whatever database they are from, or none.

    Without *sightings* each paper was seen once, with what is *counted*; without *classifier* the
    one that comes with the package tells their topics.
    """
    scores = trend.scores(sightings or _seen_once(papers, counted), now)
    # Papers by their id where the trend is the same: one order, whatever the database's.
    order = sorted(range(len(papers)), key=lambda n: (-scores[n], papers[n].id))[:MOST_PAPERS]
    papers = [papers[n] for n in order]
    return Edition(
        id=edition_id,
        built_at=now,
        fetched_at=fetched_at,
        missing=missing,
        cards=tuple(card(paper, **counted[paper.id]._asdict()) for paper in papers),
        listed_at=np.array([_listed_at(paper) for paper in papers], np.float64),
        trend=scores[order],
        topics=(classifier or shipped()).topics(
            [(paper.title, paper.abstract) for paper in papers]
        ),
    )


def _missing(session: Session, now: datetime) -> tuple[str, ...]:
    """Return the sources whose last reading failed, and not long ago: else they are none now."""
    last = select(func.max(FetchRun.id)).group_by(FetchRun.source)
    failed = select(FetchRun.source).where(
        FetchRun.id.in_(last), ~library.was_read(), FetchRun.at > now - MISSED_FOR
    )
    return tuple(sorted(source_name(name) for name in session.scalars(failed)))


def _listed_at(paper: Paper) -> float:
    # The day's list may be older than the moment at which it was first read.
    listed = datetime.combine(paper.listed_on, time(), UTC)
    return max(paper.first_seen_at, listed).timestamp()


def _counted(papers: Sequence[Paper], sightings: trend.Sightings) -> dict[int, library.Counts]:
    upvotes, comments = sightings.most("upvotes").tolist(), sightings.most("comments").tolist()
    return {paper.id: library.Counts(upvotes[n], comments[n]) for n, paper in enumerate(papers)}


def _seen_once(papers: Sequence[Paper], counted: Mapping[int, library.Counts]) -> trend.Sightings:
    seen = [
        library.Seen(paper.id, "", paper.first_seen_at, *counted[paper.id], stars=None)
        for paper in papers
    ]
    return trend.gather(seen, {paper.id: paper.first_seen_at for paper in papers})

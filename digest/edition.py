"""An edition: the papers on offer as of one fetch, frozen with all that no reader changes."""

import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.orm import Session

from digest import library, trend
from digest.card import Card, card
from digest.errors import NoEdition
from digest.models import EditionRow, FetchRun, Paper
from digest.pool import Pool
from digest.sources.names import source_name
from digest.space import Text
from digest.topics import taxonomy
from digest.topics.classifier import Classifier

OFFERED_FOR = timedelta(days=32)
"""As far back as a monthly digest looks."""

MISSED_FOR = timedelta(days=2)
MOST_PAPERS = 2000
KEPT_FOR = timedelta(days=2)
"""A digest takes the newest edition; older ones show for a while what was on offer."""


@dataclass(frozen=True)
class Edition:
    """
    The papers on offer, strongest trend first; every array has one row a paper.

    It never changes once it is built, so it may be shared by threads and kept by its id.
    """

    id: int
    built_at: datetime
    fetched_at: datetime | None
    """When a source was last read with success; None if never."""
    missing: tuple[str, ...]
    """What people call the sources that could not be read last; a digest says so."""
    cards: tuple[Card, ...]
    listed_at: npt.NDArray[np.float64]
    """When it last was news, in seconds since the epoch, shape (papers,)."""
    trend: npt.NDArray[np.float32]
    """Shape (papers,), in (0, 1)."""
    topics: npt.NDArray[np.float32]
    """Probabilities, shape (papers, topics), in [0, 1]; the taxonomy's order."""

    @cached_property
    def paper_ids(self) -> npt.NDArray[np.int64]:
        return np.array([card.paper_id for card in self.cards], np.int64)

    @cached_property
    def pool(self) -> Pool:
        """The papers as the matcher reads them."""
        return Pool(
            texts=[Text(card.title, card.abstract) for card in self.cards],
            # It may be a machine's words, which the abstract does not hold; a mail shows it.
            findings=[card.finding for card in self.cards],
            authors=[card.authors for card in self.cards],
            organizations=[card.organization for card in self.cards],
            topics=self.topics,
        )

    @property
    def sample(self) -> bool:
        return any(card.sample for card in self.cards)


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
) -> Edition:
    """
    Return an edition of *papers*, whatever database they are from, or none.

    Without *sightings* each paper was seen once, with what is *counted*.
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
        topics=_classifier().topics([(paper.title, paper.abstract) for paper in papers]),
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


def newest(session: Session, *, samples: bool) -> Edition:
    """
    Return the newest edition; with *samples* off, none that offers invented papers.

    Raises:
        NoEdition: nothing was fetched yet that may be sent.

    """
    newest_id = session.scalar(select(func.max(EditionRow.id)))
    edition = newest_id and _load(session, newest_id)
    if not edition or (edition.sample and not samples):
        raise NoEdition("No papers yet: run `digest fetch`, or wait for the next daily fetch.")
    return edition


def to_bytes(edition: Edition) -> bytes:
    """Return *edition* as a compressed npz: arrays, and the cards as JSON; no pickle."""
    facts = {
        "built_at": edition.built_at.timestamp(),
        "fetched_at": edition.fetched_at and edition.fetched_at.timestamp(),
        "missing": edition.missing,
        "topics": [topic.slug for topic in taxonomy.topics()],
        "cards": [dataclasses.asdict(card) for card in edition.cards],
    }
    body = io.BytesIO()
    np.savez_compressed(
        body,
        facts=np.frombuffer(json.dumps(facts, default=str).encode(), np.uint8),
        listed_at=edition.listed_at,
        trend=edition.trend,
        topics=edition.topics,
    )
    return body.getvalue()


def from_bytes(edition_id: int, body: bytes) -> Edition:
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        return Edition(
            id=edition_id,
            built_at=_moment(facts["built_at"]),
            fetched_at=facts["fetched_at"] and _moment(facts["fetched_at"]),
            missing=tuple(facts["missing"]),
            cards=tuple(_card(fields) for fields in facts["cards"]),
            listed_at=arrays["listed_at"],
            trend=arrays["trend"],
            topics=_in_todays_order(arrays["topics"], facts["topics"]),
        )


def _load(session: Session, edition_id: int) -> Edition | None:
    database = session.get_bind()
    kept = _KEPT.get(database)
    if kept and kept.id == edition_id:
        return kept
    row = session.get(EditionRow, edition_id)
    if row is None:
        return None
    edition = _KEPT[database] = from_bytes(row.id, row.body)
    return edition


_KEPT: WeakKeyDictionary[Engine | Connection, Edition] = WeakKeyDictionary()
"""The newest edition that this process has read, of each database."""


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _card(fields: dict[str, Any]) -> Card:
    published_on = fields["published_on"] and date.fromisoformat(fields["published_on"])
    return Card(**{**fields, "published_on": published_on, "authors": tuple(fields["authors"])})


def _in_todays_order(
    topics: npt.NDArray[np.float32], slugs: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Return the columns in the taxonomy's order; a topic that is new since has zeros."""
    place = {slug: n for n, slug in enumerate(slugs)}
    padded = np.column_stack([topics, np.zeros(len(topics), np.float32)])
    return padded[:, [place.get(topic.slug, -1) for topic in taxonomy.topics()]]


@lru_cache(maxsize=1)
def _classifier() -> Classifier:
    return Classifier(taxonomy.topics())

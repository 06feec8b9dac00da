"""Storing: editions as bytes, and the newest of them."""

import dataclasses
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from digest import library
from digest.card import Card
from digest.edition.edition import Edition
from digest.models import EditionRow
from digest.topics import taxonomy


def newest(session: Session, *, samples: bool) -> Edition | None:
    """Return the newest edition, if there is one; with *samples* off, no invented papers."""
    newest_id = session.scalar(select(func.max(EditionRow.id)))
    edition = newest_id and _load(session, newest_id)
    return edition if edition and (samples or not edition.sample) else None


def parts(session: Session, edition: Edition) -> set[int]:
    """Return the papers on offer that have become a part of another one since."""
    return library.parts(session, edition.paper_ids.tolist())


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

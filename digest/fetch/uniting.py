"""Uniting: papers that turn out to be one become the older of them, and nothing is forgotten."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, true, update
from sqlalchemy.orm import Session

from digest.database import insert_new
from digest.fetch import identity
from digest.fetch.merging import FACTS, Listing, fill, locked, plain
from digest.models import Identifier, Paper, Pick, Record, Sighting, Subscriber
from digest.sources.entry import Entry

NEVER = date.min
"""When a paper is listed that is a part of another one now."""

LATECOMERS = timedelta(days=3)
"""Another process may still list a paper of so long ago that is a part of another one now."""

_BLANK: Mapping[str, Any] = {
    **dict.fromkeys(FACTS),
    "title": "",
    "abstract": "",
    "authors": [],
    "categories": [],
    "keywords": [],
    "title_key": None,
    "listed_on": NEVER,
}


def unite(session: Session, entries: Sequence[Entry]) -> None:
    """
    Make one paper of two that an entry names together: its arXiv id is one's, its DOI the other's.

    The older takes over the names, sightings and records of the younger, and counts as sent to
    whoever was sent that. The younger's row stays, blank: an edition may still offer it, and its
    page leads to the older's.
    """
    for names in identity.linked(session, entries):
        ids = _known_as(session, names)
        if len(ids) < 2:  # noqa: PLR2004  by now they are one
            continue
        older, younger = locked(session, ids)
        if _known_as(session, names) == ids and identity.may_be_one(session, older, younger):
            _take_over(session, older, younger)


def _known_as(session: Session, names: Sequence[str]) -> list[int]:
    known = select(Identifier.paper_id).where(Identifier.value.in_(names)).distinct()
    return sorted(session.scalars(known))


def _take_over(session: Session, older: Paper, younger: Paper) -> None:
    take_names = update(Identifier).where(Identifier.paper_id == younger.id)
    session.execute(take_names.values(paper_id=older.id))
    before = {name: getattr(younger, name) for name in FACTS}
    said = {name: value for name, value in before.items() if value}
    listing = Listing("", younger.listed_on, younger.first_seen_at)
    filled = fill(older, said, listing)
    _take_records(session, older, younger, filled)
    seen = update(Sighting).where(Sighting.paper_id == younger.id)
    session.execute(seen.values(paper_id=older.id))
    for name, value in _BLANK.items():
        setattr(younger, name, value)
    session.flush()
    _copy_picks(session, Paper.id == younger.id)


def _take_records(session: Session, older: Paper, younger: Paper, filled: Sequence[str]) -> None:
    """Give *older* what each source said of *younger*; *filled* is what it lacked."""
    by_source = {
        record.source: record
        for record in session.scalars(select(Record).where(Record.paper_id == older.id))
    }
    for record in session.scalars(select(Record).where(Record.paper_id == younger.id)).all():
        said = {name: plain(getattr(younger, name)) for name in record.gave} | record.facts
        gave = sorted({*record.gave} & {*filled})
        facts = {
            name: value
            for name, value in said.items()
            if name not in gave and value and value != plain(getattr(older, name, None))
        }
        known = by_source.get(record.source)
        if known is None:
            record.paper_id, record.gave, record.facts = older.id, gave, facts
        else:
            known.gave = sorted({*known.gave, *gave})
            known.facts = {
                name: value
                for name, value in {**facts, **known.facts}.items()
                if name not in known.gave
            }
            session.delete(record)


def _copy_picks(session: Session, which: ColumnElement[bool]) -> None:
    """Count the older of united papers as sent to whoever was sent the younger, *which* says."""
    # The younger's picks stay as well: until the next one, an edition still offers it.
    united = (
        select(Paper.id.label("younger"), Identifier.paper_id.label("older"))
        .join(Identifier, Identifier.value == Paper.external_id)
        .where(which, Identifier.paper_id != Paper.id)
        .subquery()
    )
    # Locked: of who is erased meanwhile nothing may be written.
    sent = (
        select(Pick.subscriber_id, united.c.older, Pick.delivery_id, Pick.place, Pick.reasons)
        .join(united, united.c.younger == Pick.paper_id)
        .join(Subscriber, Subscriber.id == Pick.subscriber_id)
        .where(true())  # without a condition SQLite takes ON CONFLICT for one of the join
        .with_for_update(read=True, key_share=True, of=Subscriber)
    )
    columns = ["subscriber_id", "paper_id", "delivery_id", "place", "reasons"]
    statement = insert_new(session, Pick).from_select(columns, sent)
    session.execute(statement.on_conflict_do_nothing(index_elements=["subscriber_id", "paper_id"]))


def settle(session: Session, now: datetime) -> None:
    """
    Take over what came late for papers that are a part of another one now.

    A mail may have been composed before two were united and sent after it.
    """
    _take_late(session, Paper.listed_on > (now - LATECOMERS).date())
    _copy_picks(session, Paper.listed_on == NEVER)


def take_late(session: Session, paper_ids: Collection[int]) -> None:
    """Take over what was just kept of those that another fetch has united meanwhile."""
    _take_late(session, Paper.id.in_(paper_ids))


def _take_late(session: Session, which: ColumnElement[bool]) -> None:
    late = (
        select(Paper.id, Identifier.paper_id)
        .join(Identifier, Identifier.value == Paper.external_id)
        .where(Identifier.paper_id != Paper.id, which)
        .order_by(Paper.id)
    )
    for younger_id, older_id in session.execute(late).all():
        older, younger = locked(session, (older_id, younger_id))
        if younger.listed_on != NEVER:
            _take_over(session, older, younger)

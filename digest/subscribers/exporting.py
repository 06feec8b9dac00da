"""Exporting: all that is kept of a reader, for them to take along."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from digest.models import Base, Paper, Pick, Rating, Subscriber

FORMAT = 1

_OURS = frozenset({"subscriber_id", "lease_token", "lease_until"})
"""Columns that say nothing about a reader."""


def export(session: Session, reader: Subscriber, *, now: datetime) -> dict[str, Any]:
    """
    Return all that is kept of *reader*, fit for JSON: table -> rows, each column by its name.

    Whatever table points at a subscriber is in it, and what is kept under their address's hash;
    a table that is added is in it by itself.
    """
    kept: dict[str, Any] = {"format": FORMAT, "exported_at": now.isoformat()}
    kept["subscriber"] = _rows(session, _table(Subscriber), "id", reader.id)
    for table in Base.metadata.sorted_tables:
        if "subscriber_id" in table.c:
            kept[table.name] = _rows(session, table, "subscriber_id", reader.id)
        elif "address_hash" in table.c and table is not _table(Subscriber):
            kept[table.name] = _rows(session, table, "address_hash", reader.address_hash)
    kept["paper"] = _papers(session, reader)
    return kept


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  a model is made of nothing else
    return table


def _rows(session: Session, table: Table, column: str, value: object) -> list[dict[str, Any]]:
    found = select(table).where(table.c[column] == value).order_by(*table.primary_key)
    return [
        {name: _plain(each) for name, each in row.items() if name not in _OURS}
        for row in session.execute(found).mappings()
    ]


def _papers(session: Session, reader: Subscriber) -> list[dict[str, Any]]:
    """Return what the papers are called that were sent to *reader*, or that they rated."""
    found = select(Paper.id, Paper.external_id, Paper.title).where(
        or_(
            Paper.id.in_(select(Pick.paper_id).where(Pick.subscriber_id == reader.id)),
            Paper.id.in_(select(Rating.paper_id).where(Rating.subscriber_id == reader.id)),
        )
    )
    return [dict(row) for row in session.execute(found.order_by(Paper.id)).mappings()]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, (datetime, date)) else value

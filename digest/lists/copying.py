"""Copying: the fast way into PostgreSQL, by COPY into a table that is gone with its transaction."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from digest.lists import rows
from digest.lists.checking import Newcomer
from digest.lists.choosing import DEFAULTS, Followed, Settled
from digest.models import Consent, Interest, Subscriber

_OF_CHOICES = tuple(DEFAULTS.columns)
_OF_OTHERS = ("email", "address_hash", "standing", "next_due_at", "paused_until", "confirmed_at")
_KEPT = (*_OF_OTHERS, *_OF_CHOICES)
_READERS = Subscriber.__table__

_STAGED = sa.Table(
    "newcomer",
    sa.MetaData(),
    # The types of the real columns, so that the database converts nothing twice.
    *(sa.Column(name, _READERS.c[name].type) for name in _KEPT),
    sa.Column("source", Consent.source.type),
    sa.Column("interests", postgresql.JSONB),
    # Temporary tables are not logged; this one belongs to its transaction, so a killed import
    # leaves nothing behind and two of them do not meet.
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_COPY = f"COPY newcomer ({', '.join(_STAGED.c.keys())}) FROM STDIN"
_SPECIAL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_NULL = r"\N"


def copy_in(session: Session, newcomers: Sequence[Newcomer], now: datetime) -> set[str]:
    """Write *newcomers*; return the addresses of those who were added."""
    session.execute(sa.schema.CreateTable(_STAGED))
    _copy(session, "".join(map(_line, newcomers)))
    added = session.scalars(_insert(now)).all()
    return set(added)


def _copy(session: Session, lines: str) -> None:
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101  the only driver that is allowed
    try:
        with connection.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
            copy.write(lines)
    except psycopg.OperationalError as exc:
        raise OperationalError(_COPY, None, exc) from exc


def _line(newcomer: Newcomer) -> str:
    consented = newcomer.consented
    others = (
        _escaped(newcomer.email),
        newcomer.address_hash,
        newcomer.standing.value,
        _moment(newcomer.next_due_at),
        newcomer.paused_until.isoformat() if newcomer.paused_until else _NULL,
        _moment(consented.at) if consented else _NULL,
        _of_choices(newcomer.settled),
        _escaped(consented.source) if consented else _NULL,
        f"[{','.join(map(_of_followed, newcomer.followed))}]",
    )
    return "\t".join(others) + "\n"


@lru_cache(50_000)
def _of_choices(chosen: Settled) -> str:
    return "\t".join(_escaped(_plain(chosen.columns[name])) for name in _OF_CHOICES)


def _plain(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value) if isinstance(value, list) else str(value)


@lru_cache(50_000)
def _of_followed(chosen: Followed) -> str:
    """Return what was chosen as an element of a JSON list."""
    return _escaped(json.dumps([chosen.kind.value, chosen.value]))


@lru_cache(10_000)
def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else _NULL


def _escaped(text: str) -> str:
    """Return *text* as COPY reads it."""
    return text.translate(_SPECIAL) if not text.isalnum() else text


def _insert(now: datetime) -> sa.Select[Any]:
    """Return the statement that makes readers of all who are staged, and tells who they are."""
    constants = _constants(now)
    staged = sa.select(*(_STAGED.c[name] for name in _KEPT), *constants.values())
    new = (
        postgresql.insert(Subscriber)
        # In one order, whoever writes: two imports at once do not deadlock.
        .from_select([*_KEPT, *constants], staged.order_by(_STAGED.c.email), include_defaults=False)
        # Somebody may have used the form since we looked.
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(Subscriber.id, Subscriber.email)
        .cte("new")
    )
    both = new.join(_STAGED, _STAGED.c.email == new.c.email)
    return sa.select(new.c.email).add_cte(_interests(new, both), _consents(new, both))


def _constants(now: datetime) -> dict[str, sa.ColumnElement[Any]]:
    """Return what is the same for all: column -> value."""
    # SQLAlchemy leaves the defaults out of an INSERT that is not the statement itself.
    defaults = {
        column.name: column.default.arg
        for column in _READERS.c
        if column.name not in _KEPT and isinstance(column.default, sa.ColumnDefault)
    }
    values = {**defaults, "requested": {}, "created_at": now}
    return {name: sa.literal(value, _READERS.c[name].type) for name, value in values.items()}


def _interests(new: sa.CTE, both: sa.Join) -> sa.CTE:
    each = (
        sa.func.jsonb_array_elements(_STAGED.c.interests)
        .table_valued(sa.column("value", postgresql.JSONB), with_ordinality="place")
        .render_derived()
        .lateral()
    )
    values = (each.c.value[0].astext, each.c.value[1].astext)
    found = sa.select(new.c.id, *values).select_from(both.join(each, sa.true()))
    names = ["subscriber_id", "kind", "value"]
    # Their ids tell in which order they were named.
    return sa.insert(Interest).from_select(names, found.order_by(new.c.id, each.c.place)).cte("i")


def _consents(new: sa.CTE, both: sa.Join) -> sa.CTE:
    facts = {
        "at": _STAGED.c.confirmed_at,
        "what": sa.literal(rows.WHAT, Consent.what.type),
        "text_version": sa.literal(rows.TEXT_VERSION),
        "source": _STAGED.c.source,
    }
    given = sa.select(new.c.id, *facts.values()).select_from(both)
    given = given.where(_STAGED.c.source.is_not(None))
    return sa.insert(Consent).from_select(["subscriber_id", *facts], given).cte("c")

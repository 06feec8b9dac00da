"""Databases with very many readers, filled by COPY."""

import json
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

import psycopg
from sqlalchemy import ColumnDefault, Table
from sqlalchemy.orm import sessionmaker

from benchmarks import corpus
from benchmarks.stores import address, fill, reader
from digest.database import connect
from digest.models import Interest, InterestKind, Subscriber
from tests.servers import Postgres


def database(server: Postgres, papers: int, readers: int) -> str:
    """Return the URL of a new database with an edition of *papers*, and *readers* who are due."""
    url = server.new_database()
    sessions = sessionmaker(connect(url))
    fill(url, sessions, papers=papers, readers=0)
    sessions.kw["bind"].dispose()
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        # Foreign keys are checked by triggers, a row at a time; these rows are known to fit.
        connection.execute("SET session_replication_role = replica")
        _copy(connection, Subscriber.__table__, _rows(readers))
        _copy(connection, Interest.__table__, _interests(readers))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return url


def _copy(connection: psycopg.Connection[Any], table: Any, rows: Iterator[Any]) -> None:  # noqa: ANN401  a mapped class's
    first = next(rows)
    names = ", ".join(first)
    with connection.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN".encode()) as copy:
        copy.write_row(list(first.values()))
        for row in rows:
            copy.write_row(list(row.values()))


def _rows(count: int) -> Iterator[dict[str, object]]:
    usual = _defaults(Subscriber.__table__)  # type: ignore[arg-type]
    plain = {name: _plain(value) for name, value in {**usual, **reader(1)}.items()}
    for number in range(1, count + 1):
        yield {
            **plain,
            "id": number,
            "email": address(number),
            "address_hash": f"{number:064x}",
            "zone": corpus.ZONES[number % len(corpus.ZONES)],
        }


def _interests(count: int) -> Iterator[dict[str, object]]:
    for number, each in enumerate(corpus.following(count), start=1):
        for kind, values in (
            (InterestKind.TOPIC, each.topics),
            (InterestKind.KEYWORD, each.keywords),
        ):
            for value in values:
                yield {"subscriber_id": number, "kind": kind.value, "value": value}


def _defaults(table: Table) -> dict[str, object]:
    """Return what SQLAlchemy fills in where nothing is said: COPY goes past it."""
    return {
        column.name: column.default.arg
        for column in table.columns
        if isinstance(column.default, ColumnDefault) and column.default.is_scalar
    }


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value)
        case _:
            return value

"""Databases filled for measuring: papers, their edition, readers, and what is due to them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, insert, text, update
from sqlalchemy.orm import Session, sessionmaker

from benchmarks import corpus
from benchmarks.measure import Sizes
from digest import edition, fetch, migrations
from digest.clock import Cadence
from digest.database import Sessions, connect
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    FetchRun,
    Interest,
    InterestKind,
    Pick,
    Standing,
    Subscriber,
)
from digest.sources.entry import Document, Entry
from tests.servers import Postgres

EARLIER = corpus.NOW - timedelta(hours=1)
DAY_ENDS = corpus.NOW + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Store:
    """One database; its papers and readers have the ids from 1 on."""

    name: str
    sessions: Sessions

    def make_due(self) -> None:
        """Let no digest be planned yet, and every reader's be due."""
        with self.sessions.begin() as session:
            _forget_deliveries(session)
            session.execute(update(Subscriber).values(next_due_at=EARLIER))

    def let_wait(self, mails: int) -> None:
        """Let *mails* readers' digests wait to be sent, and nothing be sent yet."""
        rows = [
            {
                "subscriber_id": number,
                "kind": DeliveryKind.DIGEST,
                "dedupe_key": corpus.NOW.date().isoformat(),
                "state": DeliveryState.PENDING,
                "priority": 2,
                # Its moments are on the database's clock, which may be behind the made-up one.
                "not_before": corpus.LONG_AGO,
                "day_ends_at": DAY_ENDS,
                "created_at": EARLIER,
            }
            for number in range(1, mails + 1)
        ]
        with self.sessions.begin() as session:
            _forget_deliveries(session)
            session.execute(insert(Delivery), rows)


def address(number: int) -> str:
    return f"reader{number}@readers.example"


@contextmanager
def stores(sizes: Sizes) -> Iterator[tuple[Store, Store]]:
    """Make SQLite and PostgreSQL stores, and remove them afterwards."""
    with tempfile.TemporaryDirectory() as folder, Postgres() as server:
        urls = {
            "SQLite": f"sqlite:///{Path(folder) / 'digest.db'}",
            "PostgreSQL": server.new_database(),
        }
        made = [_filled(name, url, sizes) for name, url in urls.items()]
        try:
            yield made[0], made[1]
        finally:
            for store in made:
                store.sessions.kw["bind"].dispose()


def _filled(name: str, url: str, sizes: Sizes) -> Store:
    sessions = sessionmaker(connect(url))
    fill(url, sessions, papers=sizes.papers, readers=sizes.readers)
    return Store(name, sessions)


def fill(url: str, sessions: Sessions, *, papers: int, readers: int) -> None:
    """Make the tables, *papers* with their edition, and *readers* who are due."""
    migrations.migrate(url)
    with sessions.begin() as session:
        _add_papers(session, papers)
        if readers:
            _add_readers(session, readers)
        session.add(FetchRun(source="huggingface", at=corpus.NOW))
        session.flush()
        edition.build(session, corpus.NOW)
    with sessions.begin() as session:
        session.execute(text("ANALYZE"))


def _add_papers(session: Session, count: int) -> None:
    listed: dict[int, list[Entry]] = {}
    for number, entry in enumerate(corpus.entries(count)):
        listed.setdefault(number % corpus.DAYS, []).append(entry)
    for days_ago, entries in listed.items():
        day = (corpus.NOW - timedelta(days=days_ago)).date()
        document = Document(entries=tuple(entries))
        fetch.keep(session, "huggingface", document, day=day, now=corpus.NOW)


def _add_readers(session: Session, count: int) -> None:
    session.execute(insert(Subscriber), [reader(number) for number in range(1, count + 1)])
    session.execute(
        insert(Interest),
        [
            {"subscriber_id": number, "kind": kind, "value": value}
            for number, each in enumerate(corpus.followers(count), start=1)
            for kind, values in (
                (InterestKind.TOPIC, each.topics),
                (InterestKind.KEYWORD, each.keywords),
            )
            for value in values
        ],
    )


def reader(number: int) -> dict[str, object]:
    return {
        "id": number,
        "email": address(number),
        "address_hash": f"{number:064x}",
        "standing": Standing.ACTIVE,
        "cadence": Cadence.WEEKDAYS,
        "days": [],
        "hour": 7,
        "zone": corpus.ZONES[number % len(corpus.ZONES)],
        "next_due_at": EARLIER,
        "requested": {},
        "created_at": corpus.LONG_AGO,
        "confirmed_at": corpus.LONG_AGO,
    }


def _forget_deliveries(session: Session) -> None:
    session.execute(delete(Pick))
    session.execute(delete(Delivery))

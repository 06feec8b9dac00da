"""
Importing: a million readers from a file, and how many bytes readers and their mails take.

`python -m benchmarks.importing --readers 100000` measures as many.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

from benchmarks import corpus
from benchmarks.measure import MICROSECONDS, QUICK, Figure, Goal, Sizes
from benchmarks.serving import seconds_of
from digest import lists, migrations
from digest.database import Sessions, connect
from digest.keys import Keys
from tests.servers import Postgres

A_REPEAT = 10_000
GOAL = Goal(60)
PICKS = 10
MAILS = 100_000
"""At most so many readers have a mail, its picks and its events, to be weighed."""

KEYS = Keys(("signing",), "b" * 64)
COLUMNS = (
    *("email", "zone", "hour", "cadence", "topics", "keywords"),
    *("consent_at", "consent_source"),
)


def figures(sizes: Sizes, readers: int | None = None) -> Iterator[Figure]:
    """Yield how long an import takes on PostgreSQL, once, and what is weighed afterwards."""
    count = readers or A_REPEAT * sizes.repeats
    with tempfile.TemporaryDirectory() as folder, Postgres() as server:
        path = Path(folder) / "readers.csv"
        _write(path, count)
        url = server.new_database()
        migrations.migrate(url)
        sessions = sessionmaker(connect(url))
        yield from _imported(path, sessions, server, count)
        yield from _weighed(sessions, count)
        sessions.kw["bind"].dispose()


def _write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for number, each in enumerate(corpus.following(count)):
            zone = corpus.ZONES[number % len(corpus.ZONES)]
            # As if at random: real lists are not in the order of their addresses either.
            address = f"reader{number * 7_919_999 % 10**9}@{number % 50}.readers.example.org"
            chosen = (";".join(each.topics), ";".join(each.keywords))
            lines.writerow(
                [address, zone, number % 24, "weekdays", *chosen, "2026-01-05", "the old list"]
            )


def _imported(path: Path, sessions: Sessions, server: Postgres, count: int) -> Iterator[Figure]:
    what = f"import {count:,} readers, PostgreSQL"
    begun, worked = time.perf_counter(), time.process_time()
    served = seconds_of(server)
    _import(path, sessions, count)
    yield Figure(what, time.perf_counter() - begun, "s", GOAL)
    a_reader = MICROSECONDS / count
    yield Figure(f"{what}: this process", (time.process_time() - worked) * a_reader, "us a reader")
    served = seconds_of(server) - served
    yield Figure(f"{what}: the server", served * a_reader, "us a reader")
    begun = time.perf_counter()
    _import(path, sessions, 0)
    yield Figure(f"{what}, again: all are known", time.perf_counter() - begun, "s")


def _import(path: Path, sessions: Sessions, wanted: int) -> None:
    with lists.opened(path) as document:
        tally = lists.import_readers(
            sessions, KEYS, document, now=corpus.NOW, reject=_never, tick=lambda _: None
        )
    # What is refused costs less: it must not look like speed.
    if tally.active != wanted:
        raise RuntimeError(f"{tally.active} of {wanted} readers were added")


def _never(record: lists.Record, why: str) -> None:
    raise RuntimeError(f"line {record.line}: {why}")


_PAPERS = """
INSERT INTO paper (id, external_id, slug, title, abstract, authors, categories, keywords, url,
    first_seen_at, listed_on, sample)
SELECT n, n, n, 'A title', '', '[]', '[]', '[]', '', now(), now(), false
FROM generate_series(1, :picks) n
"""
_DELIVERIES = """
INSERT INTO delivery (subscriber_id, kind, dedupe_key, state, priority, not_before, day_ends_at,
    attempts, sending_at, provider_id, created_at)
SELECT id, 'digest', '2026-11-20', 'sent', 2, now(), now(), 0, now(),
    '0102019a' || rpad(id::text, 44, '-0123456789abcdef') || '-000000', now()
FROM subscriber ORDER BY id LIMIT :mails
"""
_PICKS = """
INSERT INTO pick (subscriber_id, paper_id, delivery_id, place, reasons)
SELECT subscriber_id, n, id, n, cast(:why AS json) FROM delivery, generate_series(1, :picks) n
"""
_EVENTS = """
INSERT INTO event (message_id, kind, delivery_id, address_hash, at, received_at)
SELECT provider_id, told, delivery.id, subscriber.address_hash, now(), now()
FROM delivery JOIN subscriber ON subscriber.id = subscriber_id,
    (VALUES ('sent'), ('delivered')) kinds (told)
"""
_WHY = '[{"lead": "You follow", "chips": ["Reasoning", "Efficient inference"]}]'


def _weighed(sessions: Sessions, count: int) -> Iterator[Figure]:
    mails = min(count, MAILS)
    with sessions.begin() as session:
        session.execute(text(_PAPERS), {"picks": PICKS})
        session.execute(text(_DELIVERIES), {"mails": mails})
        session.execute(text(_PICKS), {"picks": PICKS, "why": _WHY})
        session.execute(text(_EVENTS))
    for what, tables, rows in (
        ("a reader, with interests and consent", ("subscriber", "interest", "consent"), count),
        ("a reader, the row and its indexes alone", ("subscriber",), count),
        ("a delivery", ("delivery",), mails),
        (f"the {PICKS} picks of a delivery", ("pick",), mails),
        ("the 2 events of a delivery", ("event",), mails),
    ):
        size = sum(_bytes(sessions, table) for table in tables)
        yield Figure(f"PostgreSQL, with indexes: {what}", size / rows, "bytes")


def _bytes(sessions: Sessions, table: str) -> int:
    with sessions() as session:
        size = text("SELECT pg_total_relation_size(cast(:table AS regclass))")
        return int(session.scalars(size, {"table": table}).one())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.importing", description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000, metavar="N", help="how many")
    for figure in figures(QUICK, parser.parse_args().readers):
        print(f"{figure.name:66}{figure.value:>12,.1f} {figure.unit}", flush=True)


if __name__ == "__main__":
    main()

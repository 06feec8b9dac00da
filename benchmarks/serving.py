"""
Serving: what a digest costs the database server, from its planning to its outcome.

`python -m benchmarks.serving` prints it; `benchmarks.simulate` works with it.
"""

import argparse
from collections.abc import Iterator
from contextlib import suppress

import psutil
from sqlalchemy.orm import sessionmaker

from benchmarks import corpus
from benchmarks.deliveries import composer
from benchmarks.measure import MICROSECONDS, Figure
from benchmarks.stores import Store, fill
from benchmarks.wire import Nowhere
from digest import delivery
from digest.database import connect
from tests.servers import Postgres

PAPERS = 300
LONGEST = 600


def figures(readers: int) -> Iterator[Figure]:
    """Yield the processor time of the server, and of the database's part of it, a digest."""
    with Postgres() as server:
        url = server.new_database()
        sessions = sessionmaker(connect(url))
        fill(url, sessions, papers=PAPERS, readers=readers)
        store = Store("PostgreSQL", sessions)
        store.make_due()
        begun = seconds_of(server)
        delivery.plan(sessions, corpus.NOW)
        planned = seconds_of(server)
        _send(store, readers)
        ended = seconds_of(server)
        sessions.kw["bind"].dispose()
    a_digest = MICROSECONDS / readers
    yield Figure("database server: plan a digest", (planned - begun) * a_digest, "us")
    yield Figure("database server: claim to outcome", (ended - planned) * a_digest, "us")


def seconds_of(server: Postgres) -> float:
    """Return the processor seconds that the processes of *server* have had."""
    main = psutil.Process(server.pid)
    # Its own and that of children that ended; then of those that have not, and may meanwhile.
    seconds = sum(main.cpu_times()[:4])
    for each in main.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            seconds += sum(each.cpu_times()[:2])
    return seconds


def _send(store: Store, mails: int) -> None:
    tally = delivery.deliver(
        store.sessions, Nowhere(), composer(store), lambda: corpus.NOW, seconds=LONGEST
    )
    if tally["sent"] != mails:
        raise RuntimeError(f"{tally['sent']} of {mails} digests went through: {dict(tally)}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--readers", type=int, default=20_000, metavar="N", help="how many")
    for figure in figures(parser.parse_args().readers):
        print(f"{figure.name:66}{figure.value:>10,.1f} {figure.unit}", flush=True)


if __name__ == "__main__":
    main()

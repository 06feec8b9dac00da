"""Made-up rows for the database; what a test does not care about has a plain default."""

import subprocess
import sys
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from digest.clock import Cadence
from digest.database import DatabaseNow, Sessions, connect
from digest.edition import Edition, newest
from digest.models import (
    Bounce,
    Delivery,
    DeliveryKind,
    EventKind,
    EventRow,
    FetchRun,
    Interest,
    InterestKind,
    Paper,
    Rating,
    Sighting,
    Standing,
    Subscriber,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FAR_OFF = datetime(2099, 1, 1, tzinfo=UTC)

_numbers = count(1)

_WAIT_AND_RUN = """
print("ready", flush=True)
sys.stdin.read()
run(sys.argv[1])
"""


def subscriber(
    session: Session, *, topics: tuple[str, ...] = (), keywords: tuple[str, ...] = (), **facts: Any
) -> Subscriber:
    """Add an active reader of a digest at 07:00 UTC each day, with *facts* as columns."""
    number = next(_numbers)
    reader = Subscriber(
        **{
            "email": f"reader{number}@example.org",
            "address_hash": f"{number:064x}",
            "standing": Standing.ACTIVE,
            "cadence": Cadence.DAILY,
            "days": [],
            "hour": 7,
            "zone": "UTC",
            "next_due_at": None,
            "requested": {},
            "created_at": LONG_AGO,
            "confirmed_at": LONG_AGO,
            **facts,
        }
    )
    session.add(reader)
    session.flush()
    for kind, values in ((InterestKind.TOPIC, topics), (InterestKind.KEYWORD, keywords)):
        session.add_all(
            Interest(subscriber_id=reader.id, kind=kind, value=value) for value in values
        )
    session.flush()
    return reader


def paper(session: Session, *, now: datetime, upvotes: int = 0, **facts: Any) -> Paper:
    """Add a paper seen at *now*, with *facts* as columns."""
    number = next(_numbers)
    external_id = f"2611.{number:05}"
    made = Paper(
        **{
            "external_id": external_id,
            "slug": external_id,
            "title": f"Paper {number}",
            "abstract": f"We say nothing, {number} times.",
            "authors": ["Ada Lovelace"],
            "categories": ["cs.LG"],
            "keywords": [],
            "url": f"https://arxiv.org/abs/{external_id}",
            "first_seen_at": now,
            "listed_on": now.date(),
            "sample": False,
            **facts,
        }
    )
    session.add(made)
    session.flush()
    session.add(
        Sighting(
            paper_id=made.id,
            source="huggingface",
            seen_at=now,
            day=now.date(),
            upvotes=upvotes,
            comments=0,
        )
    )
    session.flush()
    return made


def rating(
    session: Session, reader: Subscriber, paper: Paper, *, liked: bool, at: datetime = LONG_AGO
) -> None:
    session.add(Rating(subscriber_id=reader.id, paper_id=paper.id, liked=liked, at=at))
    session.flush()


def delivery(session: Session, reader: Subscriber, **facts: Any) -> Delivery:
    """Add a pending digest for *reader*, due now by the database's clock."""
    number = next(_numbers)
    made = Delivery(
        **{
            "subscriber_id": reader.id,
            "kind": DeliveryKind.DIGEST,
            "dedupe_key": f"{number}",
            "priority": 2,
            "not_before": DatabaseNow(),
            "day_ends_at": FAR_OFF,
            "created_at": LONG_AGO,
            **facts,
        }
    )
    session.add(made)
    session.flush()
    return made


def all_at_once(source: str, argument: str, processes: int = 3) -> list[str]:
    """
    Return what so many Python processes print that run *source* at the same moment.

    *source* defines `run(argument)`; what it imports is imported before they begin.
    """
    waiting = f"import sys\n{source}\n{_WAIT_AND_RUN}"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", waiting, argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.close()
        process.stdin = None
    printed = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * processes
    return printed


def from_the_future(url: str) -> None:
    """Mark the database at *url* as one that a later version has migrated."""
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '20991231_later'"))
    engine.dispose()


def offered(session: Session) -> Edition:
    """Return the newest edition, which has to be there."""
    found = newest(session, samples=True)
    assert found
    return found


def events(
    sessions: Sessions, now: datetime, kind: EventKind, count: int, bounce: Bounce | None = None
) -> None:
    """Add so many events, each about a mail of its own, heard at this moment."""
    with sessions.begin() as session:
        session.add_all(
            EventRow(
                message_id=f"m{next(_numbers)}",
                kind=kind,
                bounce=bounce,
                at=now,
                received_at=DatabaseNow(),
            )
            for _ in range(count)
        )


def fetched(session: Session, *, at: datetime) -> None:
    """Note that a source was read with success *at* this moment."""
    session.add(FetchRun(source="huggingface", at=at))
    session.flush()

"""Feeds: the sources that an operator adds by address."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from digest.errors import BadInput
from digest.models import FeedRow, FetchRun
from digest.sources.feed import Feed

LONGEST_URL, LONGEST_TITLE = 500, 200


def add(session: Session, url: str, *, title: str, hosts: Sequence[str], now: datetime) -> FeedRow:
    """
    Keep a feed as a source; its papers may link to *hosts*.

    Raises:
        BadInput: it is a source already, or its address is too long.

    """
    if len(url) > LONGEST_URL:
        raise BadInput(f"{url[:60]}... is longer than {LONGEST_URL} characters.")
    if session.scalar(select(FeedRow.id).where(FeedRow.url == url)):
        raise BadInput(f"{url} is a source already; see `digest source list`.")
    row = FeedRow(
        name=_free_name(session, url),
        url=url,
        title=title[:LONGEST_TITLE],
        hosts=sorted(hosts),
        added_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _free_name(session: Session, url: str) -> str:
    host = (urlsplit(url).hostname or "feed").removeprefix("www.")[:60]
    # Not a removed feed's name either: its readings and its sightings are kept under it.
    read = select(FetchRun.source).where(FetchRun.source.startswith("feed:"))
    names = {*session.scalars(select(FeedRow.name)), *session.scalars(read.distinct())}
    numbered = (f"feed:{host}" + (f"-{number}" if number > 1 else "") for number in count(1))
    return next(name for name in numbered if name not in names)


def every(session: Session) -> list[FeedRow]:
    return list(session.scalars(select(FeedRow).order_by(FeedRow.name)))


def named(session: Session, word: str) -> FeedRow:
    """
    Return the feed whose name, name without `feed:`, or address is *word*.

    Raises:
        BadInput: there is none.

    """
    row = session.scalar(
        select(FeedRow).where(
            (FeedRow.name == word) | (FeedRow.name == f"feed:{word}") | (FeedRow.url == word)
        )
    )
    if row is None:
        raise BadInput(f"There is no feed {word!r}; see `digest source list`.")
    return row


def open_feeds(session: Session) -> list[Feed]:
    """Return the feeds that are not paused, as sources to read."""
    return [as_source(row) for row in every(session) if not row.paused]


def to_be_read(session: Session, word: str) -> Feed:
    """
    Return the feed that *word* names, as a source to read.

    Raises:
        BadInput: there is none, or it is paused.

    """
    row = named(session, word)
    if row.paused:
        raise BadInput(f"{row.name} is paused; `digest source resume {row.name}` reads it again.")
    return as_source(row)


def as_source(row: FeedRow) -> Feed:
    return Feed(
        row.name,
        row.url,
        hosts=frozenset(row.hosts),
        etag=row.etag,
        last_modified=row.last_modified,
    )


def remember(session: Session, feeds: Sequence[Feed]) -> None:
    """Note how the servers mark their documents, so that the next request can be conditional."""
    for feed in feeds:
        session.execute(
            update(FeedRow)
            .where(FeedRow.name == feed.name)
            .values(etag=feed.etag, last_modified=feed.last_modified)
        )

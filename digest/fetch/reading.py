"""Reading: every source in turn; one that fails does not stop the others."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from digest.database import Sessions, in_transaction
from digest.errors import BadDocument, BadInput, DigestError
from digest.fetch import feeds
from digest.fetch.keeping import check_day, keep
from digest.fetch.report import FetchReport
from digest.fetch.uniting import settle
from digest.models import FetchRun
from digest.sources import arxiv, feed, huggingface, inflated, jsonl
from digest.sources.arxiv import Arxiv
from digest.sources.download import Http
from digest.sources.entry import Document, check_readable
from digest.sources.feed import Feed
from digest.sources.huggingface import HuggingFace
from digest.sources.sample import Sample

PARSERS: dict[str, Callable[[bytes], Document]] = {
    HuggingFace.name: huggingface.parse,
    Arxiv.name: arxiv.parse,
    "feed": feed.parse,
    "jsonl": jsonl.parse,
}
"""Which documents can be loaded from a file, by what they hold; most by their source's name."""

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where papers come from."""

    @property
    def name(self) -> str: ...

    def read(self, http: Http, now: datetime, day: date | None) -> list[tuple[date, Document]]:
        """Return what was listed on *day*, or newest without one, with the day of each list."""


def sources_named(names: Iterable[str]) -> list[Source]:
    """
    Return the sources of DIGEST_SOURCES, such as huggingface and arxiv:cs.AI+cs.LG.

    Raises:
        BadInput: a name is no source.

    """
    return [_source(name) for name in names]


def chosen(
    session: Session, names: Sequence[str] | None, configured: Sequence[str]
) -> list[Source]:
    """
    Return the sources of *names*, feeds by theirs; without any, the configured ones and all feeds.

    Raises:
        BadInput: a name is no source, or that of a feed that is paused.

    """
    if names is None:
        return [*sources_named(configured), *feeds.open_feeds(session)]
    return [
        feeds.to_be_read(session, name) if name.startswith("feed:") else _source(name)
        for name in names
    ]


def _source(name: str) -> Source:
    match name.partition(":"):
        case "huggingface", "", "":
            return HuggingFace()
        case "arxiv", ":", listing:
            return Arxiv(listing)
        case "sample", "", "":
            return Sample()
    raise BadInput(f"{name!r} is no source; choose from huggingface, arxiv:cs.AI+cs.LG, sample")


def fetch(
    sessions: Sessions,
    sources: Sequence[Source],
    http: Http,
    *,
    now: datetime,
    day: date | None = None,
) -> FetchReport:
    """
    Read each of *sources* and keep what it shows; one that fails does not stop the others.

    Raises:
        BadInput: *day* is in the future, or none of the sources can be asked for it.

    """
    check_day(day, now)
    report = FetchReport()
    unasked = []
    for source in sources:
        try:
            report += _fetch_one(sessions, source, http, now=now, day=day)
        except BadDocument as exc:
            report += _failed(sessions, source, exc, now)
        except BadInput as exc:
            # It was asked for what it cannot have, which is no failure of the source.
            unasked.append(f"{source.name}: {exc}")
        except DigestError as exc:
            report += _failed(sessions, source, exc, now)
    if unasked and len(unasked) == len(sources):
        raise BadInput("; ".join(unasked))
    in_transaction(sessions, lambda session: settle(session, now))
    return report + FetchReport(reasons=tuple(unasked))


def _failed(sessions: Sessions, source: Source, error: DigestError, now: datetime) -> FetchReport:
    _log.warning("fetch failed source=%s error=%s", source.name, error)
    if isinstance(source, Feed):
        # What was sent and could not be kept has to be sent again.
        source.etag = source.last_modified = None
    with sessions.begin() as session:
        session.add(FetchRun(source=source.name, at=now, error=str(error)))
    return FetchReport(errors=(f"{source.name}: {error}",))


def _fetch_one(
    sessions: Sessions, source: Source, http: Http, *, now: datetime, day: date | None
) -> FetchReport:
    # Read first: on SQLite a transaction keeps everybody else from writing.
    listed = source.read(http, now, day)
    return in_transaction(
        sessions, lambda session: _keep_lists(session, source, listed, now=now, live=day is None)
    )


def _keep_lists(
    session: Session,
    source: Source,
    listed: Sequence[tuple[date, Document]],
    *,
    now: datetime,
    live: bool,
) -> FetchReport:
    report = FetchReport()
    unreadable, broken = [], []
    for day, document in listed:
        try:
            check_readable(document)
        except BadDocument as exc:
            unreadable.append(exc)
            continue
        if document.warning:
            broken.append(document.warning)
        report += keep(session, source.name, document, day=day, now=now, live=live)
    if listed and len(unreadable) == len(listed):
        raise unreadable[0]
    counts = {"new": report.new, "seen": report.seen, "skipped": report.skipped}
    # What was kept counts, and yet it is known that there was more.
    error = "; ".join(broken) or None
    session.add(FetchRun(source=source.name, at=now, **counts, error=error))
    return report + FetchReport(reasons=tuple(map(str, unreadable)))


def load(
    session: Session, kind: str, body: bytes, *, now: datetime, day: date | None = None
) -> FetchReport:
    """
    Keep what a saved document, gzipped or not, of *kind* (one of `PARSERS`) shows.

    Raises:
        BadDocument: it is no such document, or nothing in it can be read.
        BadInput: there is no such kind, or *day* is in the future.

    """
    if kind not in PARSERS:
        raise BadInput(f"{kind!r} is no kind of document; choose from {', '.join(PARSERS)}")
    document = _unpacked(kind, body)
    check_readable(document)
    return keep(session, kind, document, day=day, now=now)


def _unpacked(kind: str, body: bytes) -> Document:
    """Return what *body*, gzipped or not, holds; what is wrong with the gzip is warned of."""
    text, damage = inflated(body)
    try:
        document = PARSERS[kind](text)
    except BadDocument as exc:
        if damage is None:
            raise
        raise BadDocument(f"{damage}; {exc}", skipped=exc.skipped) from exc
    if damage is None:
        return document
    return replace(document, warning="; ".join(filter(None, (damage, document.warning))))

"""Sourcing: what an operator does about where papers come from."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import library, pipeline
from digest.database import in_transaction
from digest.errors import BadInput, FetchError
from digest.fetch import FetchReport, backfilling, curating, feeds, keep
from digest.models import FetchRun, Paper
from digest.services import Services
from digest.sources.arxiv import Arxiv
from digest.sources.entry import Document
from digest.sources.feed import Feed

_REMEDY = "write it as https://www.biorxiv.org/rss/recent.rss, with no user and no port"


def look_at(services: Services, url: str) -> tuple[Feed, Document]:
    """
    Return the feed at *url* and what it shows now; nothing is kept.

    Raises:
        BadInput: it is no address of the web that may be read.
        BadDocument: it is no feed.
        FetchError: it cannot be read.

    """
    http = pipeline.http(services)
    try:
        http.check(url)
    except BadInput as exc:
        raise BadInput(f"{exc}; {_REMEDY}") from exc
    feed = Feed("feed", url)
    [(_, document)] = feed.read(http, services.clock(), None)
    return feed, document


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source, and how reading it went."""

    name: str
    url: str | None
    paused: bool
    read_at: datetime | None
    error: str | None
    """Of the last reading, of which a part may have worked; None when all of it did."""


def source_states(services: Services) -> list[SourceState]:
    """Return the sources of DIGEST_SOURCES, then the feeds."""
    with services.sessions() as session:
        built_in = [(name, None, False) for name in services.settings.sources]
        added = [(row.name, row.url, row.paused) for row in feeds.every(session)]
        return [
            SourceState(name, url, paused, *_last_run(session, name))
            for name, url, paused in [*built_in, *added]
        ]


def _last_run(session: Session, name: str) -> tuple[datetime | None, str | None]:
    # A listing is no part of its source's name: arxiv:cs.AI+cs.LG is arxiv.
    name = name if name.startswith("feed:") else name.partition(":")[0]
    runs = select(FetchRun).where(FetchRun.source == name).order_by(FetchRun.id.desc())
    last = session.scalar(runs.limit(1))
    good = session.scalar(runs.where(library.was_read()).limit(1))
    return good.at if good else None, last.error if last else None


def backfill(
    services: Services,
    listing: str,
    first: date,
    last: date,
    progress: backfilling.Progress,
) -> FetchReport:
    """
    Keep arXiv's papers of past days; `digest.fetch.backfilling` says how it is resumed.

    Raises:
        FetchError: a page could not be read; what came before it is kept.

    """
    return backfilling.backfill(
        services.sessions,
        Arxiv(listing),
        lambda: pipeline.http(services),
        first,
        last,
        now=services.clock,
        progress=progress,
    )


def pick(services: Services, what: str, note: str | None = None, arxiv: Arxiv | None = None) -> str:
    """
    Pick the paper that *what* names, for all readers; return its title.

    Raises:
        BadInput: there is no such paper, here or at arXiv.

    """
    _look_up(services, what, arxiv or Arxiv())
    with services.sessions.begin() as session:
        paper = _known(session, what)
        curating.pick(session, paper, note, services.clock())
        title = paper.title
    pipeline.freeze(services)
    return title


def drop(services: Services, what: str) -> str:
    """
    Take a pick back; return the paper's title.

    Raises:
        BadInput: there is no such paper, or it was not picked.

    """
    with services.sessions.begin() as session:
        paper = _known(session, what)
        curating.drop(session, paper)
        title = paper.title
    pipeline.freeze(services)
    return title


def _known(session: Session, what: str) -> Paper:
    paper = curating.find(session, what)
    if paper is None:
        raise BadInput(f"No paper is known as {what!r}, here or at arXiv.")
    return paper


def _look_up(services: Services, what: str, arxiv: Arxiv) -> None:
    """Ask arXiv for a paper that is not known yet."""
    with services.sessions() as session:
        if curating.find(session, what) is not None:
            return
    identifier = curating.arxiv_name(what)
    if identifier is None:
        return
    try:
        document = arxiv.fill(pipeline.http(services), [identifier])
    except FetchError as exc:
        raise BadInput(f"{identifier} is not known here, and arXiv does not answer: {exc}") from exc
    now = services.clock()
    in_transaction(
        services.sessions, lambda session: keep(session, Arxiv.name, document, day=None, now=now)
    )

"""Read the sources; keep each paper once and every sighting of it."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from sqlalchemy import exists, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from digest.database import Sessions
from digest.errors import BadInput, DigestError
from digest.models import FetchRun, Paper, Sighting
from digest.sources import arxiv, huggingface
from digest.sources.arxiv import Arxiv
from digest.sources.download import Http
from digest.sources.entry import Document, Entry, check_readable
from digest.sources.huggingface import HuggingFace
from digest.sources.sample import Sample

PARSERS: dict[str, Callable[[bytes], Document]] = {
    HuggingFace.name: huggingface.parse,
    Arxiv.name: arxiv.parse,
}
"""Which documents can be loaded from a file, by the name of their source."""

_COUNTED = ("upvotes", "comments", "stars")
_FILLABLE = (
    *("abstract", "authors", "organization", "categories", "keywords", "summary", "summary_by"),
    *("url", "pdf_url", "code_url", "project_url", "discussion_url", "published_at"),
)
"""What a later source may add where an earlier one said nothing."""
_IN_ONE_QUERY = 1000

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where papers come from."""

    @property
    def name(self) -> str: ...

    def read(self, http: Http, now: datetime, day: date | None) -> list[tuple[date, Document]]:
        """Return what was listed on *day*, or newest without one, with the day of each list."""


@dataclass(frozen=True, slots=True)
class FetchReport:
    """
    What became of the entries that were read: new + seen + skipped is their number.

    *reasons* says why entries were skipped, *errors* which sources could not be read.
    """

    new: int = 0
    seen: int = 0
    skipped: int = 0
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def __add__(self, other: "FetchReport") -> "FetchReport":
        return FetchReport(
            self.new + other.new,
            self.seen + other.seen,
            self.skipped + other.skipped,
            self.reasons + other.reasons,
            self.errors + other.errors,
        )


def sources_named(names: Iterable[str]) -> list[Source]:
    """
    Return the sources of DIGEST_SOURCES, such as huggingface and arxiv:cs.AI+cs.LG.

    Raises:
        BadInput: a name is no source.

    """
    return [_source(name) for name in names]


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
        BadInput: *day* is in the future.

    """
    _check(day, now)
    report = FetchReport()
    for source in sources:
        try:
            one = _fetch_one(sessions, source, http, now=now, day=day)
        except DigestError as exc:
            _log.warning("fetch failed source=%s error=%s", source.name, exc)
            one = FetchReport(errors=(f"{source.name}: {exc}",))
            with sessions.begin() as session:
                session.add(FetchRun(source=source.name, at=now, error=str(exc)))
        report += one
    return report


def _fetch_one(
    sessions: Sessions, source: Source, http: Http, *, now: datetime, day: date | None
) -> FetchReport:
    # Read first: on SQLite a transaction keeps everybody else from writing.
    listed = source.read(http, now, day)
    report = FetchReport()
    with sessions.begin() as session:
        for list_day, document in listed:
            check_readable(document)
            report += keep(session, source.name, document, day=list_day, now=now)
        counts = {"new": report.new, "seen": report.seen, "skipped": report.skipped}
        session.add(FetchRun(source=source.name, at=now, **counts))
    return report


def load(
    session: Session, kind: str, body: bytes, *, now: datetime, day: date | None = None
) -> FetchReport:
    """
    Keep what a saved document of the source *kind* (huggingface, arxiv) shows.

    Raises:
        BadDocument: it is no such document, or nothing in it can be read.
        BadInput: there is no such kind, or *day* is in the future.

    """
    if kind not in PARSERS:
        raise BadInput(f"{kind!r} is no kind of document; choose from {', '.join(PARSERS)}")
    document = PARSERS[kind](body)
    check_readable(document)
    return keep(session, kind, document, day=day, now=now)


def keep(
    session: Session, source_name: str, document: Document, *, day: date | None, now: datetime
) -> FetchReport:
    """
    Keep each paper of *document* once, and a sighting of it on *day* (in UTC; today when None).

    A paper that is known keeps what is known of it; what was missing is filled in.

    Raises:
        BadInput: *day* is in the future; or invented papers would join real ones.

    """
    _check(day, now)
    _check_sample(session, document)
    today = now.astimezone(UTC).date()
    day = day or today
    seen_at = now if day == today else datetime.combine(day, time(23, 59, 59), UTC)
    # In one order for everybody: two fetches that insert the same papers the other way round
    # would wait for each other. Of an entry that is there twice the first counts.
    entries = {entry.external_id: entry for entry in reversed(document.entries)}
    entries = dict(sorted(entries.items()))
    new = _insert(session, entries.values(), seen_at)
    kept = [(paper, entries.pop(paper.external_id)) for paper in _known(session, list(entries))]
    for paper, entry in kept:
        _fill(paper, entry, seen_at)
    _sight(session, kept, {"source": source_name, "seen_at": seen_at, "day": day})
    clashes = tuple(f"{name}: another paper has this slug" for name in entries)
    return _report(document, len(new), clashes)


def _report(document: Document, new: int, clashes: tuple[str, ...]) -> FetchReport:
    skipped = document.unreadable + document.unwanted + clashes
    warning = (document.warning,) if document.warning else ()
    seen = len(document.entries) - new - len(clashes)
    return FetchReport(new, seen, len(skipped), skipped + warning)


def _check(day: date | None, now: datetime) -> None:
    today = now.astimezone(UTC).date()
    if day and day > today:
        raise BadInput(f"{day} is in the future; today is {today} in UTC")


def _check_sample(session: Session, document: Document) -> None:
    invented = any(entry.sample for entry in document.entries)
    if invented and session.scalar(select(exists().where(~Paper.sample))):
        raise BadInput("the sample papers are invented, and there are real ones here already")


def _insert(session: Session, entries: Iterable[Entry], seen_at: datetime) -> set[str]:
    """Return the external ids of the papers that were not known."""
    rows = [columns(entry, seen_at) for entry in entries]
    if not rows:
        return set()
    dialects: dict[str, Callable[[type[Paper]], postgresql.Insert | sqlite.Insert]]
    dialects = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    statement = dialects[session.get_bind().dialect.name](Paper)
    # Another fetch may be inserting the same papers at this moment.
    statement = statement.on_conflict_do_nothing()
    return set(session.scalars(statement.returning(Paper.external_id), rows))


def columns(entry: Entry, seen_at: datetime) -> dict[str, Any]:
    """Return *entry*, first seen at *seen_at*, as the columns of `Paper`."""
    columns = {name: value for name, value in asdict(entry).items() if name not in _COUNTED}
    slug = entry.external_id.replace("/", "-")
    return {**columns, "slug": slug, "first_seen_at": seen_at}


def _known(session: Session, external_ids: Sequence[str]) -> Iterator[Paper]:
    for start in range(0, len(external_ids), _IN_ONE_QUERY):
        portion = external_ids[start : start + _IN_ONE_QUERY]
        yield from session.scalars(select(Paper).where(Paper.external_id.in_(portion)))


def _fill(paper: Paper, entry: Entry, seen_at: datetime) -> None:
    for name in _FILLABLE:
        said = getattr(entry, name)
        if said and not getattr(paper, name):
            setattr(paper, name, list(said) if isinstance(said, tuple) else said)
    paper.first_seen_at = min(paper.first_seen_at, seen_at)


def _sight(session: Session, kept: Iterable[tuple[Paper, Entry]], where: dict[str, Any]) -> None:
    rows = [
        {"paper_id": paper.id, **where, **{name: getattr(entry, name) for name in _COUNTED}}
        for paper, entry in kept
    ]
    if rows:
        session.execute(insert(Sighting), rows)

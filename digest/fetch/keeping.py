"""Keeping: each paper once, every sighting of it, and every fact with its source."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from digest.database import insert_new
from digest.errors import BadInput
from digest.fetch import identity
from digest.fetch.merging import Listing, merge
from digest.fetch.report import FetchReport
from digest.fetch.uniting import take_late, unite
from digest.models import Identifier, Paper, Sighting
from digest.sources.entry import Document, Entry

COUNTED = ("upvotes", "comments", "stars")

PORTION = 1000


def slug_of(external_id: str) -> str:
    """Return the name of a paper's page."""
    return external_id.replace("/", "-")


def own_slug(external_id: str) -> str:
    """Return the name of a paper's page where another paper has the usual one."""
    return f"{slug_of(external_id)}-{sha256(external_id.encode()).hexdigest()[:8]}"


def keep(
    session: Session,
    source_name: str,
    document: Document,
    *,
    day: date | None,
    now: datetime,
    live: bool = False,
) -> FetchReport:
    """
    Keep each paper of *document* once, and a sighting of it on *day* (in UTC; today when None).

    It was seen at the end of *day* where that is past, at *now* otherwise; a *live* list is seen
    now whichever day it is of. A paper that is known keeps what is known of it; what was missing
    is filled in, and what the source says otherwise is kept as its word.

    Raises:
        BadInput: *day* is in the future; or invented papers would join real ones.

    """
    check_day(day, now)
    _check_sample(session, document)
    today = now.astimezone(UTC).date()
    day = day or today
    seen_at = now if live or day == today else datetime.combine(day, time(23, 59, 59), UTC)
    listing = Listing(source_name, day, seen_at)
    # In one order for everybody: two fetches that insert the same papers the other way round
    # would wait for each other. Of an entry that is there twice the first counts.
    entries = {entry.external_id: entry for entry in reversed(document.entries)}
    ordered = [entries[external_id] for external_id in sorted(entries)]
    new = 0
    clashes: list[str] = []
    for portion in _portions(ordered):
        unite(session, portion)
        places = _placed(session, portion, listing)
        new += len(places.fresh)
        clashes += places.clashes
        merge(session, places.papers, places.fresh, listing)
        _sight(session, places, listing)
        take_late(session, places.papers)
    return _report(document, new, tuple(clashes))


def _portions(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), PORTION):
        yield entries[start : start + PORTION]


@dataclass(frozen=True, slots=True)
class _Places:
    """The papers that entries belong to."""

    papers: dict[int, Entry]
    """By the paper's id; of two entries for one paper the first counts."""
    fresh: frozenset[int]
    clashes: list[str]


def _placed(session: Session, entries: Sequence[Entry], listing: Listing) -> _Places:
    known = identity.known(session, entries)
    unknown = [entry for entry in entries if entry.external_id not in known]
    first, twins = _twins_apart(unknown)
    fresh = _insert(session, first, listing)
    # A twin of what was just inserted is known now; so is what another fetch inserted meanwhile.
    late = [entry for entry in unknown if entry.external_id not in fresh]
    known |= fresh | identity.known(session, late)
    # What is unknown after its twins were inserted would have the slug of another paper.
    for left, slug in ((twins, slug_of), (unknown, own_slug)):
        inserted = [entry for entry in left if entry.external_id not in known]
        fresh |= _insert(session, inserted, listing, slug)
        known |= fresh
    papers: dict[int, Entry] = {}
    for entry in entries:
        if paper_id := known.get(entry.external_id):
            papers.setdefault(paper_id, entry)
    _write_names(session, entries, known)
    clashes = [
        f"{entry.external_id}: another paper has this slug"
        for entry in entries
        if entry.external_id not in known
    ]
    return _Places(papers, frozenset(fresh.values()), clashes)


def _twins_apart(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return *entries* without, and only, those that may be a paper that stands before them."""
    seen: set[str] = set()
    first: list[Entry] = []
    twins: list[Entry] = []
    for entry in entries:
        marks = {*identity.identifiers(entry), identity.title_key(entry.title) or ""} - {""}
        (twins if marks & seen else first).append(entry)
        seen |= marks
    return first, twins


def _insert(
    session: Session,
    entries: Sequence[Entry],
    listing: Listing,
    slug: Callable[[str], str] = slug_of,
) -> dict[str, int]:
    """Return the ids of the papers that were not known, by external id."""
    rows = [
        columns(entry, listing.seen_at, listing.day) | {"slug": slug(entry.external_id)}
        for entry in entries
    ]
    if not rows:
        return {}
    statement = insert_new(session, Paper).on_conflict_do_nothing()
    inserted = session.execute(statement.returning(Paper.external_id, Paper.id), rows)
    return {external_id: paper_id for external_id, paper_id in inserted}  # noqa: C416


def columns(entry: Entry, seen_at: datetime, listed_on: date) -> dict[str, Any]:
    """Return *entry*, first seen at *seen_at*, as the columns of `Paper`."""
    facts = {name: value for name, value in asdict(entry).items() if name not in COUNTED}
    return {
        **facts,
        "slug": slug_of(entry.external_id),
        "title_key": identity.title_key(entry.title),
        "first_seen_at": seen_at,
        "listed_on": listed_on,
    }


def _write_names(session: Session, entries: Sequence[Entry], known: dict[str, int]) -> None:
    """Note under which names the papers are known now."""
    names = {
        value: known[entry.external_id]
        for entry in entries
        if entry.external_id in known
        for value in identity.identifiers(entry)
    }
    rows = [{"value": value, "paper_id": paper_id} for value, paper_id in sorted(names.items())]
    if rows:
        session.execute(insert_new(session, Identifier).on_conflict_do_nothing(), rows)


def _sight(session: Session, places: _Places, listing: Listing) -> None:
    at = {"source": listing.source, "seen_at": listing.seen_at, "day": listing.day}
    sightings = [
        {"paper_id": paper_id, **at, **{name: getattr(entry, name) for name in COUNTED}}
        for paper_id, entry in places.papers.items()
    ]
    if sightings:
        session.execute(insert(Sighting), sightings)


def _report(document: Document, new: int, clashes: tuple[str, ...]) -> FetchReport:
    skipped = document.unreadable + document.unwanted + clashes
    warning = (document.warning,) if document.warning else ()
    seen = len(document.entries) - new - len(clashes)
    return FetchReport(new, seen, len(skipped), skipped + warning, broken=bool(warning))


def check_day(day: date | None, now: datetime) -> None:
    """
    Check that *day* has come.

    Raises:
        BadInput: it is in the future.

    """
    today = now.astimezone(UTC).date()
    if day and day > today:
        raise BadInput(f"{day} is in the future; today is {today} in UTC")


def _check_sample(session: Session, document: Document) -> None:
    invented = any(entry.sample for entry in document.entries)
    if invented and session.scalar(select(exists().where(~Paper.sample))):
        raise BadInput("the sample papers are invented, and there are real ones here already")

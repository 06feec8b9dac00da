"""A curator's hand: picks count as sightings by the curator, and show as such."""

from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from digest import library
from digest.errors import BadInput
from digest.models import Identifier, Paper, Record, Sighting
from digest.sources import dois, text
from digest.sources.entry import arxiv_id

CURATOR = "curator"
"""The curator's name as a source."""


def find(session: Session, what: str) -> Paper | None:
    """Return the paper that *what* names: an id, a DOI, a slug, or an address that ends in one."""
    word = _bare(what)
    names = {word, *(word.rpartition(mark)[2] for mark in ("/paper/", "/papers/"))}
    if name := dois.doi(word):
        names |= {name, f"doi:{name}"}
    if identifier := arxiv_name(what):
        names.add(identifier)
    by_name = select(Identifier.paper_id).where(Identifier.value.in_(names))
    paper = session.scalar(
        select(Paper)
        .where(Paper.id.in_(by_name) | Paper.slug.in_(names) | (Paper.url == what.strip()))
        .limit(1)
    )
    return library.whole(session, paper) if paper else None


def arxiv_name(what: str) -> str | None:
    """Return the arXiv id that *what* is or ends in, or whose DOI it is; None if it is none."""
    word = _bare(what)
    return arxiv_id(word.removesuffix(".pdf")) or dois.arxiv_id_of_doi(dois.doi(word))


def _bare(what: str) -> str:
    return what.strip().partition("?")[0].partition("#")[0].rstrip("/")


def pick(session: Session, paper: Paper, note: str | None, now: datetime) -> None:
    """Note that the curator recommends *paper* today; a second time only renews a note."""
    record = session.scalar(
        select(Record).where(Record.paper_id == paper.id, Record.source == CURATOR)
    )
    note = text.clean(note, text.SUMMARY)
    facts = {"note": note} if note else {}
    if record is not None:
        record.facts = facts or record.facts
        return
    session.add(Record(paper_id=paper.id, source=CURATOR, gave=[], facts=facts))
    today = now.astimezone(UTC).date()
    session.execute(
        insert(Sighting).values(paper_id=paper.id, source=CURATOR, seen_at=now, day=today)
    )
    # An old paper is on offer again.
    paper.listed_on = max(paper.listed_on, today)


def drop(session: Session, paper: Paper) -> None:
    """
    Take a pick back.

    Raises:
        BadInput: it was none.

    """
    taken = session.execute(
        delete(Record)
        .where(Record.paper_id == paper.id, Record.source == CURATOR)
        .returning(Record.id)
    ).all()
    if not taken:
        raise BadInput(f"{paper.external_id} was not picked.")
    session.execute(
        delete(Sighting).where(Sighting.paper_id == paper.id, Sighting.source == CURATOR)
    )
    listed_on = session.scalar(select(func.max(Sighting.day)).where(Sighting.paper_id == paper.id))
    paper.listed_on = listed_on or paper.listed_on

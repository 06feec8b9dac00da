"""A curator's hand: picks count as sightings by the curator, and show as such."""

from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from digest.errors import BadInput
from digest.models import Identifier, Paper, Record, Sighting
from digest.sources.entry import arxiv_id

CURATOR = "curator"
"""The curator's name as a source."""


def find(session: Session, what: str) -> Paper | None:
    """Return the paper that *what* names: an id, a DOI, a slug, or an address that ends in one."""
    word = what.strip().rstrip("/")
    names = {word, f"doi:{word.lower()}"}
    for mark in ("doi.org/", "/paper/", "/papers/"):
        names |= {word.rpartition(mark)[2], f"doi:{word.rpartition(mark)[2].lower()}"}
    if identifier := arxiv_id(word.removesuffix(".pdf")):
        names.add(identifier)
    by_name = select(Identifier.paper_id).where(Identifier.value.in_(names))
    return session.scalar(
        select(Paper).where(Paper.id.in_(by_name) | Paper.slug.in_(names)).limit(1)
    )


def pick(session: Session, paper: Paper, note: str | None, now: datetime) -> None:
    """Note that the curator recommends *paper* today; a second time only renews the note."""
    record = session.scalar(
        select(Record).where(Record.paper_id == paper.id, Record.source == CURATOR)
    )
    facts = {"note": note} if note else {}
    if record is not None:
        record.facts = facts
        return
    session.add(Record(paper_id=paper.id, source=CURATOR, gave=[], facts=facts))
    session.execute(
        insert(Sighting).values(
            paper_id=paper.id, source=CURATOR, seen_at=now, day=now.astimezone(UTC).date()
        )
    )


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

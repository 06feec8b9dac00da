"""Ratings: what readers said of papers, more like this or less, and taking it back."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Subquery, delete, func, select
from sqlalchemy.orm import Session, aliased

from digest import library
from digest.database import insert_new
from digest.errors import BadInput
from digest.language import gettext as _
from digest.models import Identifier, Paper, Rating, Subscriber

COUNTED = 100
"""
The newest likes of a reader that count, and as many dislikes.

What they liked long ago says little of what they work on now, and each one costs every digest.
"""


class Text(NamedTuple):
    """What a rated paper says."""

    paper_id: int
    title: str
    abstract: str


class Said(NamedTuple):
    """What a reader said of a paper."""

    paper_id: int
    slug: str
    title: str
    liked: bool


def rate(
    session: Session,
    reader: Subscriber,
    paper_id: int,
    liked: bool | None,  # noqa: FBT001  the third thing that it can be has no other name
    *,
    now: datetime,
) -> None:
    """
    Keep what *reader* says of a paper in place of what they said before; None takes that back.

    Raises:
        BadInput: there is no such paper.

    """
    paper = session.get(Paper, paper_id)
    if paper is None:
        raise BadInput(_("There is no such paper."))
    whole = library.whole(session, paper).id
    parts = select(Paper.id).where(_whole() == whole)
    session.execute(
        delete(Rating).where(Rating.subscriber_id == reader.id, Rating.paper_id.in_(parts))
    )
    if liked is not None:
        said = {"liked": liked, "at": now}
        session.execute(
            insert_new(session, Rating)
            .values(subscriber_id=reader.id, paper_id=whole, **said)
            .on_conflict_do_update(index_elements=["subscriber_id", "paper_id"], set_=said)
        )


def ratings(session: Session, reader_ids: Sequence[int]) -> dict[int, dict[int, bool]]:
    """Return what each reader said that counts: reader -> paper -> liked, the newest first."""
    found: dict[int, dict[int, bool]] = {reader_id: {} for reader_id in reader_ids}
    counted = _counted(reader_ids)
    for row in session.execute(select(counted).order_by(counted.c.at.desc(), counted.c.paper_id)):
        found[row.subscriber_id].setdefault(row.paper_id, row.liked)
    return found


def texts(session: Session, reader_ids: Sequence[int]) -> list[Text]:
    """Return what the papers say whose ratings by these readers count, each once."""
    rated = select(_counted(reader_ids).c.paper_id)
    found = select(Paper.id, Paper.title, Paper.abstract).where(Paper.id.in_(rated))
    return [Text._make(row) for row in session.execute(found)]


def said(session: Session, reader: Subscriber) -> list[Said]:
    """Return all that *reader* said, the newest first."""
    whole = aliased(Paper)
    found = session.execute(
        select(whole.id, whole.slug, whole.title, Rating.liked)
        .join_from(Rating, Paper)
        .join(whole, whole.id == _whole())
        .where(Rating.subscriber_id == reader.id)
        .order_by(Rating.at.desc(), whole.id)
    )
    newest: dict[int, Said] = {}
    for row in found:
        newest.setdefault(row.id, Said._make(row))
    return list(newest.values())


def _counted(reader_ids: Sequence[int]) -> Subquery:
    each = [Rating.subscriber_id, Rating.liked]
    newest = func.row_number().over(partition_by=each, order_by=[Rating.at.desc(), Rating.paper_id])
    ranked = (
        select(*each, Rating.at, _whole().label("paper_id"), newest.label("place"))
        .join(Paper)
        .where(Rating.subscriber_id.in_(reader_ids))
        .subquery()
    )
    return select(ranked).where(ranked.c.place <= COUNTED).subquery()


def _whole() -> ColumnElement[int]:
    """Return the id of the paper of which a `Paper` is a part by now; mostly its own."""
    named = select(Identifier.paper_id).where(Identifier.value == Paper.external_id)
    return func.coalesce(named.correlate(Paper).scalar_subquery(), Paper.id)

"""The papers that can be shown: what a page or an edition asks of the database."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from digest.card import Card, Reason, card, reason
from digest.models import (
    Delivery,
    DeliveryKind,
    FetchRun,
    Identifier,
    Paper,
    Pick,
    Record,
    Sighting,
)


class Counts(NamedTuple):
    upvotes: int
    comments: int


class Seen(NamedTuple):
    """One sighting; a count is None where the source does not count such a thing."""

    paper_id: int
    source: str
    seen_at: datetime
    upvotes: int | None
    comments: int | None
    stars: int | None


def shown() -> ColumnElement[bool]:
    """Return the condition on `Paper`: invented papers are shown only while there are no others."""
    real = aliased(Paper)
    return or_(~Paper.sample, ~exists().where(~real.sample))


def was_read() -> ColumnElement[bool]:
    """Return the condition on `FetchRun`: its source gave what it had, or at least a part of it."""
    return or_(FetchRun.error.is_(None), FetchRun.new + FetchRun.seen > 0)


def newest_day(session: Session) -> date | None:
    return session.scalar(select(func.max(Sighting.day)).join(Paper).where(shown()))


def days(session: Session, limit: int) -> list[tuple[date, int]]:
    """Return the *limit* newest days with their number of papers, newest first."""
    papers = func.count(Sighting.paper_id.distinct())
    found = session.execute(
        select(Sighting.day, papers)
        .join(Paper)
        .where(shown())
        .group_by(Sighting.day)
        .order_by(Sighting.day.desc())
        .limit(limit)
    )
    return [(day, count) for day, count in found]


def neighbours(
    session: Session, first: date, last: date | None = None
) -> tuple[date | None, date | None]:
    """Return the nearest days before *first*, and after *last* or it, that have papers."""
    sides = ((func.max, Sighting.day < first), (func.min, Sighting.day > (last or first)))
    before, after = (
        session.scalar(select(edge(Sighting.day)).join(Paper).where(shown(), side))
        for edge, side in sides
    )
    return before, after


def most_upvotes() -> ColumnElement[int]:
    """Return the most upvotes that were ever counted of a `Paper`, 0 where none were."""
    most = func.coalesce(func.max(Sighting.upvotes), 0)
    return select(most).where(Sighting.paper_id == Paper.id).scalar_subquery()


def best_cards(session: Session, first: date, last: date, most: int) -> tuple[list[Card], int]:
    """Return the *most* upvoted papers listed from *first* to *last*, and the number of all."""
    paper_ids = listed(session, first, last)
    return cards_of(session, paper_ids[:most]), len(paper_ids)


def listed(session: Session, first: date, last: date) -> list[int]:
    """Return the papers listed from *first* to *last*, most upvoted first."""
    there = select(Sighting.paper_id).where(Sighting.day.between(first, last))
    found = select(Paper.id).where(Paper.id.in_(there), shown())
    return list(session.scalars(found.order_by(most_upvotes().desc(), Paper.id)))


def day_cards(session: Session, day: date) -> list[Card]:
    """Return the papers listed on *day*, most upvoted first."""
    listed = select(Sighting.paper_id).where(Sighting.day == day)
    papers = session.scalars(select(Paper).where(Paper.id.in_(listed), shown())).all()
    cards = paper_cards(session, papers)
    return sorted(cards, key=lambda each: (-each.upvotes, each.paper_id))


def paper_card(session: Session, slug: str) -> Card | None:
    """
    Return the paper of *slug*, or the one of which that is a part now.

    An invented one too, for mails that were sent link to it.
    """
    paper = session.scalar(select(Paper).where(Paper.slug == slug))
    return paper_cards(session, [whole(session, paper)])[0] if paper else None


def whole(session: Session, paper: Paper) -> Paper:
    """Return the paper of which *paper* is a part, since a source said so; mostly itself."""
    named = select(Identifier.paper_id).where(Identifier.value == paper.external_id)
    return session.scalar(select(Paper).where(Paper.id.in_(named))) or paper


def parts(session: Session, paper_ids: Collection[int]) -> set[int]:
    """Return those of these papers that are a part of another one now."""
    named = select(Paper.id).join(Identifier, Identifier.value == Paper.external_id)
    return set(
        session.scalars(named.where(Paper.id.in_(paper_ids), Identifier.paper_id != Paper.id))
    )


def sent_cards(
    session: Session, delivery_id: int
) -> tuple[Delivery, list[tuple[Card, list[Reason]]]] | None:
    """Return a digest and what was in it, in the mail's order; None when there is none."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or delivery.kind is not DeliveryKind.DIGEST:
        return None
    picks = session.scalars(
        select(Pick).where(Pick.delivery_id == delivery_id).order_by(Pick.place)
    ).all()
    papers = session.scalars(select(Paper).where(Paper.id.in_([pick.paper_id for pick in picks])))
    now = {paper.id: whole(session, paper) for paper in papers}
    cards = {each.paper_id: each for each in paper_cards(session, list(now.values()))}
    # Two that are one paper now are in the ledger twice.
    first = {now[pick.paper_id].id: pick for pick in reversed(picks)}
    return delivery, [
        (cards[paper_id], [reason(kept) for kept in pick.reasons])
        for paper_id, pick in sorted(first.items(), key=lambda each: each[1].place)
    ]


def cards_of(session: Session, paper_ids: Sequence[int]) -> list[Card]:
    """Return the cards of these papers, in their order."""
    papers = session.scalars(select(Paper).where(Paper.id.in_(paper_ids))).all()
    cards = {each.paper_id: each for each in paper_cards(session, papers)}
    return [cards[paper_id] for paper_id in paper_ids if paper_id in cards]


def paper_cards(session: Session, papers: Sequence[Paper]) -> list[Card]:
    """Return the cards of *papers*, in their order, with the most that was ever counted."""
    counted = counts(session, [paper.id for paper in papers])
    return [card(paper, **counted[paper.id]._asdict()) for paper in papers]


def counts(session: Session, paper_ids: Sequence[int]) -> dict[int, Counts]:
    found = session.execute(
        select(Sighting.paper_id, func.max(Sighting.upvotes), func.max(Sighting.comments))
        .where(Sighting.paper_id.in_(paper_ids))
        .group_by(Sighting.paper_id)
    )
    known = {paper_id: Counts(upvotes or 0, comments or 0) for paper_id, upvotes, comments in found}
    return {paper_id: known.get(paper_id, Counts(0, 0)) for paper_id in paper_ids}


def curator_note(session: Session, paper_id: int) -> str | None:
    """Return why the curator picked a paper, if they did and said so."""
    picked = (Record.paper_id == paper_id, Record.source == "curator")
    facts = session.scalar(select(Record.facts).where(*picked))
    return facts.get("note") if facts else None


def sightings(session: Session, *which: ColumnElement[bool]) -> list[Seen]:
    """Return all sightings of the papers for which *which* (conditions on `Paper`) hold."""
    columns = (getattr(Sighting, name) for name in Seen._fields)
    found = session.execute(select(*columns).join(Paper).where(*which))
    return [Seen._make(row) for row in found]

"""What composing a batch needs to know, read from the database in a few statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import String, bindparam, exists, select, type_coerce
from sqlalchemy.orm import Session

from digest import edition as editions
from digest import library, subscribers
from digest.card import Card, Reason
from digest.compose.addressee import COLUMNS, Addressee
from digest.compose.withholding import Withheld, withheld
from digest.delivery import Claimed
from digest.edition import Edition
from digest.match import Rated, Reader
from digest.models import (
    AddressChange,
    Delivery,
    DeliveryKind,
    Interest,
    InterestKind,
    Pick,
    Rating,
    Subscriber,
)
from digest.planning import CAME_THROUGH
from digest.sets import Listed, among

Sent = tuple[Card, Sequence[Reason]]
"""A paper in a digest that was sent, and why it was there."""


@dataclass(frozen=True)
class Batch:
    """What the database knows of a batch, read in a few statements."""

    readers: dict[int, Addressee]
    digests: dict[int, Reader]
    """What the matcher has to know, by the id of the delivery."""
    new: frozenset[int]
    """Ids of readers who were never sent a digest."""
    decided: dict[int, datetime]
    """When each delivery was decided on, by its id."""
    edition: Edition | None
    rated: dict[int, Rated]
    """What the papers say that its readers liked or disliked, by their ids."""
    changes: dict[int, AddressChange] = field(default_factory=dict)
    """The changes of address that its mails are about, by their ids."""
    sent: Mapping[int, Sequence[Sent]] = field(default_factory=dict)
    """What digests showed that were sent once and are sent again, by the delivery's id."""


_TOPIC, _MUTED_TOPIC = InterestKind.TOPIC.value, InterestKind.MUTED_TOPIC.value
_KEYWORD, _MUTED = InterestKind.KEYWORD.value, InterestKind.MUTED.value
_AUTHOR, _ORGANIZATION = InterestKind.AUTHOR.value, InterestKind.ORGANIZATION.value
# Made once: to put a statement together takes longer than to run it for one reader.
_KNOWN = exists().where(
    Delivery.subscriber_id == Subscriber.id,
    Delivery.kind == DeliveryKind.DIGEST,
    Delivery.state.in_(CAME_THROUGH),
)
_RATED = exists().where(Rating.subscriber_id == Subscriber.id)
_READERS = select(*COLUMNS, _KNOWN, _RATED).where(among(Subscriber.id, "readers"))
# Only what the operator sends again has picks before it goes.
_AGAIN = exists().where(Pick.delivery_id == Delivery.id)
_DELIVERIES = select(Delivery.id, Delivery.created_at, _AGAIN).where(
    among(Delivery.id, "deliveries")
)
_INTERESTS = (
    # Kinds as words: to make enums of them takes as long as to read the rows.
    select(Interest.subscriber_id, type_coerce(Interest.kind, String), Interest.value)
    .where(among(Interest.subscriber_id, "readers"))
    .order_by(Interest.id)
)
_SENT = (
    select(Pick.subscriber_id, Listed(Pick.paper_id))
    # Else a batch would read more every day: nobody's picks are ever deleted.
    .where(among(Pick.subscriber_id, "readers"), Pick.paper_id >= bindparam("oldest"))
    .group_by(Pick.subscriber_id)
)


def read_batch(session: Session, claimed: Sequence[Claimed], *, samples: bool) -> Batch:
    """Return what composing *claimed* needs."""
    found = session.execute(_READERS, {"readers": {each.subscriber_id for each in claimed}}).all()
    readers = {reader_id: Addressee(reader_id, *row) for reader_id, *row, _, _ in found}
    # Of the connection: rows that are no objects are read in half the time.
    connection = session.connection()
    named = {"deliveries": [each.id for each in claimed]}
    deliveries = connection.execute(_DELIVERIES, named).all()
    digests = {each.id: each.subscriber_id for each in claimed if each.kind is DeliveryKind.DIGEST}
    edition = editions.newest(session, samples=samples) if digests else None
    # Most readers have rated nothing.
    rating = [row[0] for row in found if row[-1]] if digests else []
    return Batch(
        readers=readers,
        digests=_for_matching(session, readers, digests, edition, rating),
        new=frozenset(row[0] for row in found if not row[-2]),
        decided={delivery_id: created_at for delivery_id, created_at, _ in deliveries},
        edition=edition,
        rated=_rated(session, rating),
        sent=_sent_before(session, [each for each, _, again in deliveries if again]),
        changes=_changes(session, claimed),
    )


def _changes(session: Session, claimed: Sequence[Claimed]) -> dict[int, AddressChange]:
    about = (DeliveryKind.CHANGE, DeliveryKind.NOTICE)
    ids = [int(each.day) for each in claimed if each.kind in about]
    if not ids:
        return {}
    found = session.scalars(select(AddressChange).where(AddressChange.id.in_(ids)))
    return {change.id: change for change in found}


def _sent_before(session: Session, delivery_ids: Sequence[int]) -> dict[int, Sequence[Sent]]:
    found = ((each, library.sent_cards(session, each)) for each in delivery_ids)
    return {delivery_id: sent[1] for delivery_id, sent in found if sent}


def _rated(session: Session, reader_ids: Sequence[int]) -> dict[int, Rated]:
    # All of the batch at once: the same papers are liked by many, and most are on offer no more.
    texts = subscribers.texts(session, reader_ids) if reader_ids else ()
    return {text.paper_id: Rated(text.title, text.abstract) for text in texts}


def _for_matching(
    session: Session,
    readers: dict[int, Addressee],
    digests: dict[int, int],
    edition: Edition | None,
    rating: Sequence[int],
) -> dict[int, Reader]:
    """Return what the matcher has to know, for each of *digests*: delivery -> reader."""
    if not digests:
        return {}
    reader_ids = list(digests.values())
    followed = _interests(session, reader_ids)
    said = subscribers.ratings(session, rating) if rating else {}
    sent = _sent(session, reader_ids, edition)
    # Two on offer may have become one since: who was sent the one must not be sent the other.
    parts = editions.parts(session, edition) if edition else set()
    held = withheld(session, edition.rows) if edition else Withheld()
    return {
        delivery_id: _reader(
            readers[reader_id],
            followed[reader_id],
            said.get(reader_id, {}),
            {*sent.get(reader_id, ()), *parts, *held.of(reader_id)},
        )
        for delivery_id, reader_id in digests.items()
        if reader_id in readers  # who was erased meanwhile is not
    }


def _reader(
    kept: Addressee,
    followed: Mapping[str, Sequence[str]],
    said: Mapping[int, bool],
    sent: Collection[int],
) -> Reader:
    return Reader(
        id=kept.id,
        cadence=kept.cadence,
        topics=followed.get(_TOPIC, ()),
        muted_topics=followed.get(_MUTED_TOPIC, ()),
        keywords=followed.get(_KEYWORD, ()),
        muted=followed.get(_MUTED, ()),
        authors=followed.get(_AUTHOR, ()),
        organizations=followed.get(_ORGANIZATION, ()),
        about=kept.about,
        balance=kept.balance,
        papers=kept.papers,
        liked=[paper_id for paper_id, liked in said.items() if liked],
        disliked=[paper_id for paper_id, liked in said.items() if not liked],
        # What they have judged they have seen, wherever it was.
        sent={*sent, *said},
    )


def _interests(session: Session, reader_ids: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    """Return what each reader follows and mutes, in the order in which they named it."""
    found: dict[int, dict[str, list[str]]] = {reader_id: {} for reader_id in reader_ids}
    named = {"readers": reader_ids}
    for reader_id, kind, value in session.connection().execute(_INTERESTS, named).all():
        found[reader_id].setdefault(kind, []).append(value)
    return found


def _sent(
    session: Session, reader_ids: Sequence[int], edition: Edition | None
) -> dict[int, list[int]]:
    """Return what each reader was sent of what may be on offer: reader -> papers."""
    oldest = min(edition.rows, default=0) if edition else 0
    named = {"readers": reader_ids, "oldest": oldest}
    found = session.connection().execute(_SENT, named).all()
    return {row[0]: row[1] for row in found}

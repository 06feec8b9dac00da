"""What composing a batch needs to know, read from the database in a few statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import edition as editions
from digest import library, subscribers
from digest.card import Card, Reason
from digest.delivery import Claimed
from digest.edition import Edition
from digest.errors import NoEdition
from digest.match import Rated, Reader
from digest.models import (
    AddressChange,
    Delivery,
    DeliveryKind,
    InterestKind,
    Pick,
    Subscriber,
)
from digest.planning import CAME_THROUGH

Sent = tuple[Card, Sequence[Reason]]
"""A paper in a digest that was sent, and why it was there."""


@dataclass(frozen=True)
class Batch:
    """What the database knows of a batch, read in a few statements."""

    readers: dict[int, Subscriber]
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


def read_batch(session: Session, claimed: Sequence[Claimed], *, samples: bool) -> Batch:
    """Return what composing *claimed* needs; its subscribers outlive the session."""
    ids = {each.subscriber_id for each in claimed}
    readers = {
        reader.id: reader
        for reader in session.scalars(select(Subscriber).where(Subscriber.id.in_(ids)))
    }
    digests = {each.id: each.subscriber_id for each in claimed if each.kind is DeliveryKind.DIGEST}
    try:
        edition = editions.newest(session, samples=samples) if digests else None
    except NoEdition:
        edition = None
    return Batch(
        readers=readers,
        digests=_for_matching(session, readers, digests, edition),
        new=frozenset(ids) - _sent_a_digest(session, ids),
        decided=_decided(session, [each.id for each in claimed]),
        edition=edition,
        rated=_rated(session, list(digests.values())),
        sent=_sent_before(session, list(digests)),
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
    # Only what the operator sends again has picks before it goes.
    again = select(Pick.delivery_id).where(Pick.delivery_id.in_(delivery_ids)).distinct()
    found = ((each, library.sent_cards(session, each)) for each in session.scalars(again) if each)
    return {delivery_id: sent[1] for delivery_id, sent in found if sent}


def _decided(session: Session, delivery_ids: Sequence[int]) -> dict[int, datetime]:
    decided = select(Delivery.id, Delivery.created_at).where(Delivery.id.in_(delivery_ids))
    return {row.id: row.created_at for row in session.execute(decided)}


def _rated(session: Session, reader_ids: Sequence[int]) -> dict[int, Rated]:
    # All of the batch at once: the same papers are liked by many, and most are on offer no more.
    texts = subscribers.texts(session, reader_ids)
    return {text.paper_id: Rated(text.title, text.abstract) for text in texts}


def _for_matching(
    session: Session,
    readers: dict[int, Subscriber],
    digests: dict[int, int],
    edition: Edition | None,
) -> dict[int, Reader]:
    """Return what the matcher has to know, for each of *digests*: delivery -> reader."""
    reader_ids = list(digests.values())
    followed = subscribers.interests(session, reader_ids)
    said = subscribers.ratings(session, reader_ids)
    sent = _sent(session, reader_ids, edition)
    # Two on offer may have become one since: who was sent the one must not be sent the other.
    parts = editions.parts(session, edition) if edition else set()
    return {
        delivery_id: _reader(
            readers[reader_id], followed[reader_id], said[reader_id], sent[reader_id] | parts
        )
        for delivery_id, reader_id in digests.items()
        if reader_id in readers  # who was erased meanwhile is not
    }


def _reader(
    kept: Subscriber,
    followed: Mapping[InterestKind, Sequence[str]],
    said: Mapping[int, bool],
    sent: Collection[int],
) -> Reader:
    return Reader(
        id=kept.id,
        cadence=kept.cadence,
        topics=followed[InterestKind.TOPIC],
        muted_topics=followed[InterestKind.MUTED_TOPIC],
        keywords=followed[InterestKind.KEYWORD],
        muted=followed[InterestKind.MUTED],
        authors=followed[InterestKind.AUTHOR],
        organizations=followed[InterestKind.ORGANIZATION],
        about=kept.about,
        balance=kept.balance,
        papers=kept.papers,
        liked=[paper_id for paper_id, liked in said.items() if liked],
        disliked=[paper_id for paper_id, liked in said.items() if not liked],
        # What they have judged they have seen, wherever it was.
        sent={*sent, *said},
    )


def _sent(
    session: Session, reader_ids: Sequence[int], edition: Edition | None
) -> dict[int, set[int]]:
    """Return what each reader was sent of what may be on offer: reader -> papers."""
    sent: dict[int, set[int]] = {reader_id: set() for reader_id in reader_ids}
    # Else a batch would read more every day: nobody's picks are ever deleted.
    oldest = min(edition.rows, default=0) if edition else 0
    picks = select(Pick.subscriber_id, Pick.paper_id).where(
        Pick.subscriber_id.in_(reader_ids), Pick.paper_id >= oldest
    )
    for reader_id, paper_id in session.execute(picks):
        sent[reader_id].add(paper_id)
    return sent


def _sent_a_digest(session: Session, reader_ids: Collection[int]) -> set[int]:
    return set(
        session.scalars(
            select(Delivery.subscriber_id).where(
                Delivery.subscriber_id.in_(reader_ids),
                Delivery.kind == DeliveryKind.DIGEST,
                Delivery.state.in_(CAME_THROUGH),
            )
        )
    )

"""What composing a batch needs to know, read from the database in a few statements."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import edition as editions
from digest import subscribers
from digest.delivery import Claimed
from digest.edition import Edition
from digest.errors import NoEdition
from digest.match import Reader
from digest.models import Delivery, DeliveryKind, InterestKind, Pick, Subscriber
from digest.planning import CAME_THROUGH


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
        digests=_for_matching(session, readers, digests),
        new=frozenset(ids) - _sent_a_digest(session, ids),
        decided=_decided(session, [each.id for each in claimed]),
        edition=edition,
    )


def _decided(session: Session, delivery_ids: Sequence[int]) -> dict[int, datetime]:
    decided = select(Delivery.id, Delivery.created_at).where(Delivery.id.in_(delivery_ids))
    return {row.id: row.created_at for row in session.execute(decided)}


def _for_matching(
    session: Session, readers: dict[int, Subscriber], digests: dict[int, int]
) -> dict[int, Reader]:
    """Return what the matcher has to know, for each of *digests*: delivery -> reader."""
    followed = subscribers.interests(session, list(digests.values()))
    sent: dict[int, set[int]] = defaultdict(set)
    for reader_id, paper_id in session.execute(
        select(Pick.subscriber_id, Pick.paper_id).where(Pick.subscriber_id.in_(digests.values()))
    ):
        sent[reader_id].add(paper_id)
    return {
        delivery_id: Reader(
            id=reader_id,
            cadence=readers[reader_id].cadence,
            topics=followed[reader_id][InterestKind.TOPIC],
            keywords=followed[reader_id][InterestKind.KEYWORD],
            muted=followed[reader_id][InterestKind.MUTED],
            sent=sent[reader_id],
        )
        for delivery_id, reader_id in digests.items()
        if reader_id in readers  # who was erased meanwhile is not
    }


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

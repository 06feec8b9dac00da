"""Previewing: what a digest would bring by settings that nobody has saved."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from digest.card import Card, Reason
from digest.compose import SIZE, Batch, read_batch
from digest.delivery import Claimed
from digest.match import match
from digest.models import DeliveryKind, Subscriber
from digest.render import said
from digest.subscribers import Choices, keep
from digest.web.pages import services


@dataclass(frozen=True, slots=True)
class Offer:
    """What a reader would be offered, read from the database and yet to be matched."""

    batch: Batch

    def papers(self) -> list[tuple[Card, list[Reason]]]:
        """Return the papers in their order, and why each is there; takes a second at first."""
        edition, readers = self.batch.edition, list(self.batch.digests.values())
        if edition is None:
            return []
        [picks] = match(edition, readers, SIZE, self.batch.rated)
        return [
            (edition.cards[pick.place], [said(reason) for reason in pick.reasons]) for pick in picks
        ]


def offer(session: Session, reader: Subscriber, chosen: Choices) -> Offer:
    """
    Return what *reader* would be offered had they *chosen* so; nothing of it is kept.

    Raises:
        BadInput: on chosen days, and none is chosen; a topic is followed and hidden.

    """
    now = services().clock()
    claimed = Claimed(
        id=0,
        subscriber_id=reader.id,
        kind=DeliveryKind.DIGEST,
        day=reader.timetable.local_day(now).isoformat(),
        day_ends_at=now + timedelta(days=1),
        priority=2,
    )
    with session.begin_nested() as attempt:
        keep(session, reader, chosen)
        batch = read_batch(session, [claimed], samples=services().settings.embedded)
        attempt.rollback()
    return Offer(batch)

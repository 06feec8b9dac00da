"""Compose: claimed deliveries become mails, each with what its reader asked for."""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import edition as editions
from digest import subscribers
from digest.card import chips
from digest.clock import Clock, last_daily
from digest.database import Sessions
from digest.delivery import Claimed, Composed, Held, Letter
from digest.edition import Edition
from digest.errors import NoEdition
from digest.links import CONFIRM_LIFETIME, Links, Purpose
from digest.mail.message import Mail
from digest.match import Picked, Reader, match
from digest.models import Delivery, DeliveryKind, InterestKind, Pick, Subscriber
from digest.planning import CAME_THROUGH
from digest.render import DigestPage, Footer, Group, Item, Rendered, Renderer

log = logging.getLogger(__name__)

SIZE = 10
"""Papers in a digest."""

NEWS_AWAITED = 600.0
"""Seconds after which a digest without news is tried again while today's fetch is still to come."""


BROKEN = "could not be composed"
TRY_AGAIN_IN = 600.0


@dataclass(frozen=True)
class Composer:
    """Writes the mails of one installation."""

    sessions: Sessions
    renderer: Renderer
    links: Links
    clock: Clock
    fetch_at: time
    """When the daily fetch begins, in UTC."""
    samples: bool
    """Whether invented papers may be sent: into a folder they may."""

    def __call__(self, claimed: Sequence[Claimed]) -> list[Composed]:
        """Return a letter, or why there is none, for each of *claimed*."""
        try:
            with self.sessions() as session:
                batch = read_batch(session, claimed, samples=self.samples)
            return self.write(claimed, batch)
        except Exception:
            # What stops a whole batch is found by composing one at a time.
            log.exception("compose failed deliveries=%d", len(claimed))
            if len(claimed) > 1:
                return [composed for each in claimed for composed in self([each])]
            return [Held(claimed[0], BROKEN, TRY_AGAIN_IN, broken=True)]

    def write(self, claimed: Sequence[Claimed], batch: "Batch") -> list[Composed]:
        matched = match(batch.edition, list(batch.digests.values()), SIZE) if batch.edition else []
        picks = dict(zip(batch.digests, matched, strict=False))
        return [self._guarded(each, batch, picks.get(each.id, [])) for each in claimed]

    def _guarded(self, claimed: Claimed, batch: "Batch", picks: Sequence[Picked]) -> Composed:
        try:
            return self._compose(claimed, batch, picks)
        except Exception:
            # One reader's mail must not take the others' with it.
            log.exception("compose failed delivery=%s", claimed.id)
            return Held(claimed, BROKEN, TRY_AGAIN_IN, broken=True)

    def _compose(self, claimed: Claimed, batch: "Batch", picks: Sequence[Picked]) -> Composed:
        reader = batch.readers[claimed.subscriber_id]
        match claimed.kind:
            case DeliveryKind.DIGEST:
                return self._digest(claimed, reader, batch, picks)
            case DeliveryKind.CONFIRMATION:
                return self._letter(claimed, reader, self._confirmation(reader))
            case DeliveryKind.LINK:
                return self._letter(claimed, reader, self._link(reader))
            case _:
                raise NotImplementedError(claimed.kind)

    def _confirmation(self, reader: Subscriber) -> Rendered:
        return self.renderer.confirmation(
            email=reader.email,
            confirm_url=self.links.make(Purpose.CONFIRM, reader.id, reader.link_version),
            hours=int(CONFIRM_LIFETIME / timedelta(hours=1)),
        )

    def _link(self, reader: Subscriber) -> Rendered:
        return self.renderer.link(
            email=reader.email,
            preferences_url=self.links.make(Purpose.MANAGE, reader.id, reader.link_version),
            unsubscribe_url=self.links.make(Purpose.LEAVE, reader.id),
        )

    def _digest(
        self, claimed: Claimed, reader: Subscriber, batch: "Batch", picks: Sequence[Picked]
    ) -> Composed:
        if not picks or batch.edition is None:
            return self._without_news(claimed, batch.edition)
        page = self._page(claimed, reader, batch.edition, picks, first=reader.id in batch.new)
        ledger = tuple(
            {
                "subscriber_id": reader.id,
                "paper_id": batch.edition.cards[pick.place].paper_id,
                "delivery_id": claimed.id,
                "place": place,
                "reasons": chips(pick.reasons),
            }
            for place, pick in enumerate(picks)
        )
        return self._letter(claimed, reader, self.renderer.digest(page), ledger)

    def _without_news(self, claimed: Claimed, edition: Edition | None) -> Held:
        now = self.clock()
        fetched_at = edition and edition.fetched_at
        if (
            fetched_at and fetched_at >= last_daily(self.fetch_at, now)
        ) or now >= claimed.day_ends_at:
            return Held(claimed, "nothing new")
        return Held(claimed, "today's fetch is still to come", NEWS_AWAITED)

    def _page(
        self,
        claimed: Claimed,
        reader: Subscriber,
        edition: Edition,
        picks: Sequence[Picked],
        *,
        first: bool,
    ) -> DigestPage:
        return DigestPage(
            day=date.fromisoformat(claimed.day),
            groups=groups(edition, picks),
            offered=len(edition.cards),
            cadence=reader.cadence,
            first=first,
            sample=any(edition.cards[pick.place].sample for pick in picks),
            today_url=f"{self.links.base_url}/",
            footer=Footer(
                email=reader.email,
                schedule=reader.timetable.in_words(),
                preferences_url=self.links.make(Purpose.MANAGE, reader.id, reader.link_version),
                unsubscribe_url=self.links.make(Purpose.LEAVE, reader.id),
                view_url=self.links.make(Purpose.VIEW, claimed.id, reader.link_version),
            ),
            hour=reader.hour,
        )

    def _letter(
        self,
        claimed: Claimed,
        reader: Subscriber,
        rendered: Rendered,
        picks: tuple[dict[str, object], ...] = (),
    ) -> Letter:
        listed = claimed.kind is DeliveryKind.DIGEST
        mail = Mail(
            to=reader.email,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            delivery_id=claimed.id,
            kind=claimed.kind.value,
            unsubscribe_url=self.links.make(Purpose.LEAVE, reader.id) if listed else None,
            help_url=self.links.make(Purpose.MANAGE, reader.id, reader.link_version)
            if listed
            else None,
        )
        return Letter(claimed, mail, picks)


@dataclass(frozen=True)
class Batch:
    """What the database knows of a batch, read in a few statements."""

    readers: dict[int, Subscriber]
    digests: dict[int, Reader]
    """What the matcher has to know, by the id of the delivery."""
    new: frozenset[int]
    """Ids of readers who were never sent a digest."""
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
        edition=edition,
    )


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


def groups(edition: Edition, picks: Sequence[Picked]) -> tuple[Group, ...]:
    """Return the picks as a digest shows them: what answers to an interest, then what trends."""
    items = [Item(edition.cards[pick.place], pick.reasons) for pick in picks]
    titled = (
        Group("From your topics", tuple(item for item in items if item.reasons)),
        Group("Trending everywhere", tuple(item for item in items if not item.reasons)),
    )
    return tuple(group for group in titled if group.items)

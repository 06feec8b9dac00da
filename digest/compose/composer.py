"""The composer: writes the mails of one installation."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from digest.card import chips
from digest.clock import Clock, last_daily
from digest.compose.batch import Batch, read_batch
from digest.database import Sessions
from digest.delivery import Claimed, Composed, Held, Letter
from digest.edition import Edition
from digest.links import CONFIRM_LIFETIME, Links, Purpose
from digest.mail.message import Mail
from digest.match import Picked, match
from digest.models import DeliveryKind, Subscriber
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
        readers = list(batch.digests.values())
        matched = match(batch.edition, readers, SIZE, batch.rated) if batch.edition else []
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
                return self._letter(claimed, batch, self._confirmation(reader))
            case DeliveryKind.LINK:
                return self._letter(claimed, batch, self._link(reader))
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
        return self._letter(claimed, batch, self.renderer.digest(page), ledger)

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
            missing=edition.missing,
            today_url=f"{self.links.base_url}/",
            rate_url=self.links.make(Purpose.RATE, claimed.id, reader.link_version),
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
        batch: "Batch",
        rendered: Rendered,
        picks: tuple[dict[str, object], ...] = (),
    ) -> Letter:
        reader = batch.readers[claimed.subscriber_id]
        listed = claimed.kind is DeliveryKind.DIGEST
        mail = Mail(
            to=reader.email,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            delivery_id=claimed.id,
            kind=claimed.kind.value,
            decided_at=batch.decided.get(claimed.id),
            unsubscribe_url=self.links.make(Purpose.LEAVE, reader.id) if listed else None,
            help_url=self.links.make(Purpose.MANAGE, reader.id, reader.link_version)
            if listed
            else None,
        )
        return Letter(claimed, mail, picks)


def groups(edition: Edition, picks: Sequence[Picked]) -> tuple[Group, ...]:
    """Return the picks as a digest shows them: what answers to an interest, then what trends."""
    items = [
        (pick.fits, Item(edition.cards[pick.place], pick.reasons, place))
        for place, pick in enumerate(picks)
    ]
    titled = (
        Group("From your topics", tuple(item for fits, item in items if fits)),
        Group("Trending everywhere", tuple(item for fits, item in items if not fits)),
    )
    return tuple(group for group in titled if group.items)

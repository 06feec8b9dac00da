"""The composer: writes the mails of one installation."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cached_property

from sqlalchemy.exc import InterfaceError, OperationalError

from digest import subscribers
from digest.clock import Clock, last_daily
from digest.compose import grouping
from digest.compose.addressee import Addressee
from digest.compose.batch import Batch, read_batch
from digest.compose.grouping import Chosen, grouped
from digest.compose.ledger import entries
from digest.compose.picking import SIZE, Picks, matched
from digest.compose.quickly import Quick
from digest.compose.speech import by_language
from digest.database import Sessions
from digest.delivery import Claimed, Composed, Entry, Held, Letter
from digest.edition import Edition
from digest.language import speaking, spoken
from digest.links import CONFIRM_LIFETIME, Links, Purpose
from digest.mail.message import Mail
from digest.match import Picked
from digest.models import DeliveryKind, NothingNew
from digest.render import DigestPage, Footer, Rendered, Renderer, schedule

log = logging.getLogger(__name__)

NEWS_AWAITED = 600.0
"""Seconds after which a digest without news is tried again while today's fetch is still to come."""

BROKEN = "could not be composed"
NOTHING_NEW = "nothing new"
TRY_AGAIN_IN = 600.0

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


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
    leave_mailbox: str = ""
    """DIGEST_UNSUBSCRIBE_ADDRESS; empty where nobody reads mails that unsubscribe."""

    @cached_property
    def _quick(self) -> Quick:
        return Quick(self.renderer, self.links, self.leave_mailbox)

    def __call__(self, claimed: Sequence[Claimed]) -> list[Composed]:
        """Return a letter, or why there is none, for each of *claimed*."""
        try:
            with self.sessions() as session:
                batch = read_batch(session, claimed, samples=self.samples)
            return self.written(claimed, batch, matched(batch))
        except (OperationalError, InterfaceError):
            # The database is away, which is no reader's fault: the sender gives them back.
            raise
        except Exception:
            # What stops a whole batch is found by composing one at a time.
            log.exception("compose failed deliveries=%d", len(claimed))
            if len(claimed) > 1:
                return [composed for each in claimed for composed in self([each])]
            return [Held(claimed[0], BROKEN, TRY_AGAIN_IN, broken=True)]

    def write(self, claimed: Sequence[Claimed], batch: Batch) -> list[Composed]:
        """Return the same of what is read already, with words to look at instead of a body."""
        return self.written(claimed, batch, matched(batch), quick=False)

    def written(
        self, claimed: Sequence[Claimed], batch: Batch, picks: Picks, *, quick: bool = True
    ) -> list[Composed]:
        """Return a letter, or why there is none, for each of *claimed*, with these *picks*."""
        composed: dict[int, Composed] = {}
        for language, some in by_language(claimed, batch.readers).items():
            with speaking(language):
                for each in some:
                    try:
                        mine = picks.get(each.id, ())
                        composed[each.id] = self._compose(each, batch, mine, quick=quick)
                    except Exception:
                        # One reader's mail must not take the others' with it.
                        log.exception("compose failed delivery=%s", each.id)
                        composed[each.id] = Held(each, BROKEN, TRY_AGAIN_IN, broken=True)
        return [composed[each.id] for each in claimed]

    def _compose(
        self, claimed: Claimed, batch: Batch, picks: Sequence[Picked], *, quick: bool
    ) -> Composed:
        reader = batch.readers.get(claimed.subscriber_id)
        if reader is None:
            return Held(claimed, "its reader was erased")
        match claimed.kind:
            case DeliveryKind.DIGEST:
                return self._digest(claimed, reader, batch, picks, quick=quick)
            case DeliveryKind.CONFIRMATION:
                return self.letter(claimed, batch, self._confirmation(reader))
            case DeliveryKind.LINK:
                return self.letter(claimed, batch, self._link(reader))
            case DeliveryKind.CHANGE | DeliveryKind.NOTICE:
                return self._about_a_change(claimed, reader, batch)

    def _confirmation(self, reader: Addressee) -> Rendered:
        return self.renderer.confirmation(
            email=reader.email,
            confirm_url=self.links.make(Purpose.CONFIRM, reader.id, reader.link_version),
            hours=int(CONFIRM_LIFETIME / HOUR),
        )

    def _link(self, reader: Addressee) -> Rendered:
        return self.renderer.link(
            email=reader.email,
            preferences_url=self.links.make(Purpose.MANAGE, reader.id, reader.link_version),
            unsubscribe_url=self.links.make(Purpose.LEAVE, reader.id),
        )

    def _about_a_change(self, claimed: Claimed, reader: Addressee, batch: Batch) -> Composed:
        change = batch.changes.get(int(claimed.day))
        asks = claimed.kind is DeliveryKind.CHANGE
        if change is None or change.closed_at or asks == bool(change.changed_at):
            return Held(claimed, "its link would count no more")
        if asks:
            url = self.links.make(Purpose.CHANGE, change.id, reader.link_version)
            mail = self.renderer.change(
                email=change.email, confirm_url=url, hours=int(CONFIRM_LIFETIME / HOUR)
            )
            return self.letter(claimed, batch, mail, to=change.email)
        former = change.former_email or ""
        url = self.links.make(Purpose.UNDO, change.id, reader.link_version)
        days = int(subscribers.UNDO_MOVE_WITHIN / DAY)
        mail = self.renderer.moved(email=former, undo_url=url, days=days)
        return self.letter(claimed, batch, mail, to=former)

    def _digest(
        self,
        claimed: Claimed,
        reader: Addressee,
        batch: Batch,
        picks: Sequence[Picked],
        *,
        quick: bool,
    ) -> Composed:
        edition, first = batch.edition, reader.id in batch.new
        if edition is not None and (sent := batch.sent.get(claimed.id)):
            # Sent again by the operator's hand: the same papers, which the ledger has already.
            page = self.page(claimed, reader, edition, grouping.sent(sent), first=first)
            return self.letter(claimed, batch, self.renderer.digest(page))
        if edition is None or not picks:
            held = self._without_news(claimed, reader, edition)
            if edition is None or held is not None:
                return held or Held(claimed, NOTHING_NEW)

        def whole() -> DigestPage:
            chosen = grouping.picked(edition, picks)
            return self.page(claimed, reader, edition, chosen, first=first)

        letter = self._quick.letter(claimed, reader, batch, picks, whole) if quick else None
        if letter is not None:
            return letter
        rendered = self.renderer.digest(whole())
        rows = entries(claimed, edition.cards, picks)
        # What a mail had no room for may come another day.
        shown = tuple(row for place, row in enumerate(rows) if place in rendered.places)
        return self.letter(claimed, batch, rendered, shown)

    def _without_news(
        self, claimed: Claimed, reader: Addressee, edition: Edition | None
    ) -> Held | None:
        """Return why there is no digest without papers; None where there is one."""
        now = self.clock()
        fetched_at = edition.fetched_at if edition else None
        is_read = fetched_at is not None and fetched_at >= last_daily(self.fetch_at, now)
        if not is_read and now < claimed.day_ends_at:
            return Held(claimed, "today's fetch is still to come", NEWS_AWAITED)
        if edition is None or reader.nothing_new is NothingNew.SKIP:
            return Held(claimed, NOTHING_NEW)
        return None

    def page(
        self,
        claimed: Claimed,
        reader: Addressee,
        edition: Edition,
        chosen: Sequence[Chosen],
        *,
        first: bool,
    ) -> DigestPage:
        return DigestPage(
            day=date.fromisoformat(claimed.day),
            groups=grouped(chosen, reader.cadence),
            offered=len(edition.cards),
            cadence=reader.cadence,
            first=first,
            sample=any(each.item.card.sample for each in chosen),
            missing=edition.missing,
            today_url=f"{self.links.base_url}/",
            rate_url=self.links.make(Purpose.RATE, claimed.id, reader.link_version),
            footer=Footer(
                email=reader.email,
                schedule=schedule(reader.timetable),
                preferences_url=self.links.make(Purpose.MANAGE, reader.id, reader.link_version),
                pause_url=self.links.make(Purpose.PAUSE, reader.id, reader.link_version),
                unsubscribe_url=self.links.make(Purpose.LEAVE, reader.id),
                view_url=self.links.make(Purpose.VIEW, claimed.id, reader.link_version),
            ),
            hour=reader.hour,
            wanted=reader.papers or SIZE,
        )

    def letter(
        self,
        claimed: Claimed,
        batch: Batch,
        rendered: Rendered,
        picks: tuple[Entry, ...] = (),
        *,
        to: str | None = None,
    ) -> Letter:
        reader = batch.readers[claimed.subscriber_id]
        listed = claimed.kind is DeliveryKind.DIGEST
        mail = Mail(
            to=to or reader.email,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            delivery_id=claimed.id,
            kind=claimed.kind.value,
            decided_at=batch.decided.get(claimed.id),
            unsubscribe_url=self.links.make(Purpose.LEAVE, reader.id) if listed else None,
            unsubscribe_mailto=self.links.mailto(self.leave_mailbox, reader.id)
            if listed and self.leave_mailbox
            else None,
            help_url=self.links.make(Purpose.MANAGE, reader.id, reader.link_version)
            if listed
            else None,
            lang=spoken().tag,
        )
        return Letter(claimed, mail, picks)

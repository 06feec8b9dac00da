"""Digests from fragments: the same that the templates give, in a hundredth of the time."""

from collections.abc import Callable, Sequence

from digest.clock import Cadence
from digest.compose.addressee import Addressee
from digest.compose.batch import Batch
from digest.compose.grouping import arranged, listed_on
from digest.compose.ledger import ledger
from digest.compose.picking import SIZE
from digest.delivery import Claimed, Letter
from digest.edition import Edition
from digest.links import PATHS, Links, Purpose
from digest.mail.message import Mail, envelope
from digest.match import Picked
from digest.models import DeliveryKind
from digest.render import (
    MOST_PAPERS,
    DigestPage,
    Groups,
    Occasion,
    Person,
    Renderer,
    Written,
)

_KIND = DeliveryKind.DIGEST.value


class Quick:
    """Writes digests from what the renderer keeps of all that readers share."""

    def __init__(self, renderer: Renderer, links: Links, leave_mailbox: str) -> None:
        self._renderer, self._links = renderer, links
        self._leave_mailbox = leave_mailbox
        self._of_reader = links.keyed(Purpose.MANAGE, Purpose.PAUSE)
        self._for_good = links.keyed(Purpose.LEAVE)
        self._of_mail = links.keyed(Purpose.VIEW, Purpose.RATE)
        self._leave_url = f"{links.base_url}/{PATHS[Purpose.LEAVE]}/"
        self._manage_url = f"{links.base_url}/{PATHS[Purpose.MANAGE]}/"

    def letter(
        self,
        claimed: Claimed,
        reader: Addressee,
        batch: Batch,
        picks: Sequence[Picked],
        page: Callable[[], DigestPage],
    ) -> Letter | None:
        """
        Return the digest of *picks*, and no letter where it needs more than a look at fragments.

        *page* tells the same in full.
        """
        edition = batch.edition
        if edition is None or len(picks) > MOST_PAPERS:
            return None
        fragments, person = self._renderer.fragments(edition.cards), self._person(claimed, reader)
        written = fragments.digest(
            Occasion(claimed.day, reader.cadence, reader.id in batch.new, edition.missing),
            person,
            picks,
            _groups(edition, reader.cadence, picks),
            hour=reader.hour,
            wanted=reader.papers or SIZE,
            page=page,
            envelope=envelope(),
        )
        if not written.fits:
            return None
        mail = self._mail(claimed, person, written, fragments.tag, batch)
        ids, whys = fragments.paper_ids, written.whys
        rows = ledger(claimed, [ids[pick.place] for pick in picks], [why.kept for why in whys])
        return Letter(claimed, mail, rows)

    def _mail(
        self, claimed: Claimed, person: Person, written: Written, lang: str, batch: Batch
    ) -> Mail:
        return Mail(
            to=person.email,
            subject=written.subject,
            body=written.body,
            delivery_id=claimed.id,
            kind=_KIND,
            decided_at=batch.decided.get(claimed.id),
            unsubscribe_url=self._leave_url + person.leave,
            unsubscribe_mailto=self._mailto(claimed.subscriber_id),
            help_url=self._manage_url + person.manage,
            lang=lang,
        )

    def _person(self, claimed: Claimed, reader: Addressee) -> Person:
        reader_id, version = reader.id, reader.link_version
        # The way out outlives revocation: it is of version 0, as is all else of most readers.
        own = (
            [(reader_id, version, self._of_reader), (reader_id, 0, self._for_good)]
            if version
            else [(reader_id, 0, self._of_reader + self._for_good)]
        )
        tokens = self._links.tokens(*own, (claimed.id, version, self._of_mail))
        when = (reader.cadence, tuple(reader.days), reader.hour, reader.zone)
        return Person(reader.email, when, *tokens)

    def _mailto(self, reader_id: int) -> str | None:
        mailbox = self._leave_mailbox
        return self._links.mailto(mailbox, reader_id) if mailbox else None


def _groups(edition: Edition, cadence: Cadence, picks: Sequence[Picked]) -> Groups:
    return arranged(
        [pick.fits for pick in picks],
        cadence,
        lambda place: listed_on(edition, picks[place].place),
    )

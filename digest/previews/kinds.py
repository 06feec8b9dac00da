"""Every kind of mail that there is, written for somebody as if there were a reason to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from digest.clock import Cadence
from digest.compose import SIZE, Addressee, Batch, Composer
from digest.delivery import Claimed, Letter
from digest.errors import BadInput
from digest.language import speaking
from digest.mail.message import Mail
from digest.match import Reader, match
from digest.models import AddressChange, DeliveryKind

NEW_ADDRESS = "new.address@example.org"
FEW = 3


class Kind(StrEnum):
    """A mail to look at."""

    DIGEST = "digest"
    FIRST = "first"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    FEW = "few"
    ONE = "one"
    NOTHING = "nothing"
    CONFIRMATION = "confirmation"
    LINK = "link"
    CHANGE = "change"
    MOVED = "moved"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a composer is given to write a mail of."""

    composer: Composer
    claimed: Claimed
    batch: Batch
    now: datetime

    @property
    def reader(self) -> Addressee:
        return self.batch.readers[self.claimed.subscriber_id]


def written(kind: Kind, occasion: Occasion) -> Mail:
    """
    Return the mail of *kind* for this *occasion*.

    Raises:
        BadInput: there is no paper to make it of.

    """
    make = _MADE.get(kind)
    return make(occasion) if make else _composed(_REASONS[kind](occasion))


def _composed(occasion: Occasion) -> Mail:
    [letter] = occasion.composer.write([occasion.claimed], occasion.batch)
    if not isinstance(letter, Letter):
        raise BadInput(f"There is no digest to preview: {letter.why}.")
    return letter.mail


def _usual(occasion: Occasion) -> Occasion:
    return occasion


def _first(occasion: Occasion) -> Occasion:
    return _with(occasion, new=frozenset({occasion.reader.id}))


def _at(cadence: Cadence) -> Callable[[Occasion], Occasion]:
    def at_that(occasion: Occasion) -> Occasion:
        occasion.reader.cadence = cadence
        digests = {key: replace(each, cadence=cadence) for key, each in _digests(occasion).items()}
        return _with(occasion, digests=digests, new=frozenset())

    return at_that


def _only(count: int) -> Callable[[Occasion], Occasion]:
    def only_these(occasion: Occasion) -> Occasion:
        """Let all but the best *count* papers be sent already."""
        batch = occasion.batch
        readers = list(_digests(occasion).values())
        if batch.edition is None or not readers:
            return occasion
        [picks] = match(batch.edition, readers, SIZE, batch.rated)
        kept = {batch.edition.cards[pick.place].paper_id for pick in picks[:count]}
        sent = {card.paper_id for card in batch.edition.cards} - kept
        digests = {key: replace(each, sent=sent) for key, each in _digests(occasion).items()}
        return _with(occasion, digests=digests, new=frozenset())

    return only_these


def _of(kind: DeliveryKind) -> Callable[[Occasion], Occasion]:
    return lambda occasion: replace(occasion, claimed=replace(occasion.claimed, kind=kind))


def _about(kind: DeliveryKind) -> Callable[[Occasion], Occasion]:
    def about_a_change(occasion: Occasion) -> Occasion:
        asks = kind is DeliveryKind.CHANGE
        change = AddressChange(
            id=1,
            subscriber_id=occasion.reader.id,
            email=NEW_ADDRESS,
            former_email=occasion.reader.email,
            changed_at=None if asks else occasion.now,
        )
        claimed = replace(occasion.claimed, kind=kind, day=str(change.id))
        return replace(_with(occasion, changes={change.id: change}), claimed=claimed)

    return about_a_change


def _digests(occasion: Occasion) -> dict[int, Reader]:
    return occasion.batch.digests


def _with(occasion: Occasion, **facts: Any) -> Occasion:  # noqa: ANN401  its fields
    return replace(occasion, batch=replace(occasion.batch, **facts))


def _nothing(occasion: Occasion) -> Mail:
    composer, edition = occasion.composer, occasion.batch.edition
    if edition is None:
        raise BadInput("There is no digest to preview: no source was read yet.")
    with speaking(occasion.reader.language):
        page = composer.page(occasion.claimed, occasion.reader, edition, [], first=False)
        return composer.letter(
            occasion.claimed, occasion.batch, composer.renderer.digest(page)
        ).mail


def _alarm(occasion: Occasion) -> Mail:
    with speaking(occasion.reader.language) as language:
        rendered = occasion.composer.renderer.alarm(
            what="fetch:arxiv",
            why="arXiv could not be read since yesterday: it answers 503.",
            since=f"{occasion.now:%F %R}",
            until=None,
        )
    return Mail(
        to=occasion.reader.email,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        delivery_id=0,
        kind="alarm",
        lang=language.tag,
    )


_REASONS: dict[Kind, Callable[[Occasion], Occasion]] = {
    Kind.DIGEST: _usual,
    Kind.FIRST: _first,
    Kind.WEEKLY: _at(Cadence.WEEKLY),
    Kind.MONTHLY: _at(Cadence.MONTHLY),
    Kind.FEW: _only(FEW),
    Kind.ONE: _only(1),
    Kind.CONFIRMATION: _of(DeliveryKind.CONFIRMATION),
    Kind.LINK: _of(DeliveryKind.LINK),
    Kind.CHANGE: _about(DeliveryKind.CHANGE),
    Kind.MOVED: _about(DeliveryKind.NOTICE),
}
_MADE: dict[Kind, Callable[[Occasion], Mail]] = {Kind.NOTHING: _nothing, Kind.NOTICE: _alarm}

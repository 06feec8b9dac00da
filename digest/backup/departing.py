"""Departing: who left after the backup was made leaves the restored database again."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from digest import subscribers
from digest.clock import EPOCH
from digest.database import Sessions, in_transaction
from digest.departures import Departure, Why
from digest.models import Consent, Standing, Subscriber

AT_A_TIME = 500

_STANDING = {Why.COMPLAINED: Standing.COMPLAINED, Why.BOUNCED: Standing.BOUNCED}

_TAKEN_BACK = (Why.UNSUBSCRIBED, Why.BOUNCED)
"""What ends with the reader's return; a complaint does not, and an erasure was of another row."""


@dataclass(frozen=True, slots=True)
class _Reader:
    id: int
    address_hash: str
    standing: Standing
    since: datetime
    """When they last said that they want our mails."""


@dataclass
class _Left:
    """Who leaves, of one portion."""

    readers: set[int] = field(default_factory=set)
    erased: dict[int, datetime] = field(default_factory=dict)


def apply(sessions: Sessions, departures: Iterable[Departure]) -> int:
    """
    Let everybody leave who is in *departures*, and has not consented since; return how many did.

    By their id as well as by their address's hash: they may have moved to another address after
    the backup was made, and left from there.
    """
    last, left = _last_words(departures), 0
    for first in range(0, len(last), AT_A_TIME):
        step = partial(_apply, departures=last[first : first + AT_A_TIME])
        portion = in_transaction(sessions, step)
        left += len(portion.readers | portion.erased.keys())
        for reader_id, at in portion.erased.items():
            subscribers.erase(sessions, reader_id, now=at, wait=0.0)
    return left


def _last_words(departures: Iterable[Departure]) -> list[Departure]:
    """
    Return the last departure of each kind and address, but for those that were taken back.

    Of links that were revoked each count is one: the clocks of two machines may differ.
    """
    told = sorted(departures, key=lambda each: each.at)
    back: dict[int | str, datetime] = {}
    for each in told:
        if each.why is Why.RETURNED:
            back[each.address_hash] = back[each.reader_id or 0] = each.at
    last = {
        (each.why, each.reader_id, each.address_hash, each.links, each.feeds): each
        for each in told
        if each.why is not Why.RETURNED
        and not (each.why in _TAKEN_BACK and each.at <= _returned(each, back))
    }
    return list(last.values())


def _returned(departure: Departure, back: dict[int | str, datetime]) -> datetime:
    by_id = back.get(departure.reader_id, EPOCH) if departure.reader_id else EPOCH
    return max(by_id, back.get(departure.address_hash, EPOCH))


def _apply(session: Session, departures: Sequence[Departure]) -> _Left:
    readers = _readers(session, departures)
    by_id = {reader.id: reader for reader in readers}
    by_hash = {reader.address_hash: reader for reader in readers}
    left = _Left()
    for each in departures:
        found = (by_id.get(each.reader_id or 0), by_hash.get(each.address_hash))
        _let_go(session, each, [reader for reader in found if reader], left)
    return left


def _readers(session: Session, departures: Sequence[Departure]) -> list[_Reader]:
    hashes = {each.address_hash for each in departures}
    ids = {each.reader_id for each in departures if each.reader_id}
    found = session.scalars(
        select(Subscriber).where(or_(Subscriber.address_hash.in_(hashes), Subscriber.id.in_(ids)))
    ).all()
    consented = _consents(session, [reader.id for reader in found])
    return [
        _Reader(
            reader.id,
            reader.address_hash,
            reader.standing,
            max(_asked(reader), consented.get(reader.id, EPOCH)),
        )
        for reader in found
    ]


def _consents(session: Session, reader_ids: Collection[int]) -> dict[int, datetime]:
    newest = select(Consent.subscriber_id, func.max(Consent.at)).group_by(Consent.subscriber_id)
    found = session.execute(newest.where(Consent.subscriber_id.in_(reader_ids)))
    return {row[0]: row[1] for row in found}


def _asked(reader: Subscriber) -> datetime:
    asks = reader.last_asked_at if reader.standing is Standing.PENDING else None
    return max(reader.created_at, reader.confirmed_at or EPOCH, asks or EPOCH)


def _let_go(session: Session, departure: Departure, theirs: Sequence[_Reader], left: _Left) -> None:
    if departure.why is Why.REVOKED:
        _revoke(session, departure)
        return
    complained = departure.why is Why.COMPLAINED
    leaving = [each for each in theirs if complained or each.since <= departure.at]
    if theirs and not leaving:
        return
    if departure.why is Why.BOUNCED:
        # They are back at the address from which they had moved there, which did not bounce.
        leaving = [each for each in leaving if each.address_hash == departure.address_hash]
    if standing := _STANDING.get(departure.why):
        hashes = {each.address_hash for each in leaving} if complained else set()
        for address_hash in sorted(hashes | {departure.address_hash}):
            subscribers.stop_address(session, address_hash, standing, departure.at)
    if departure.why is Why.UNSUBSCRIBED:
        gone = Subscriber.id.in_([each.id for each in leaving])
        session.execute(subscribers.end_mail(gone, departure.at))
        if all(each.address_hash != departure.address_hash for each in theirs):
            # They came after the backup: the list that brought them will be imported again.
            subscribers.bar_imports(session, departure.address_hash, departure.at)
    if departure.why is Why.ERASED:
        at = departure.at
        subscribers.forget_address(session, departure.address_hash, at, until=at)
        left.erased.update(dict.fromkeys((each.id for each in leaving), departure.at))
    left.readers.update(each.id for each in leaving if each.standing in subscribers.STAYING)


def _revoke(session: Session, departure: Departure) -> None:
    """Let no link count that was void when *departure* was written down, or any before it."""
    for column, count in (
        (Subscriber.link_version, departure.links),
        (Subscriber.feeds_replaced, departure.feeds),
    ):
        session.execute(
            update(Subscriber)
            .where(
                Subscriber.id == departure.reader_id,
                # Else it is of a database that was begun anew, and of another reader.
                Subscriber.created_at <= departure.at,
                column < count,
            )
            .values({column: count})
            .execution_options(synchronize_session=False)
        )

"""The account's suppression list: read into ours, and left alone but for who asks again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from digest import subscribers
from digest.database import Sessions, in_transaction, insert_new
from digest.errors import BadInput
from digest.keys import Keys
from digest.mail.account import Account, Page
from digest.models import Standing, SuppressionReading

EVERY = timedelta(days=1)

OVERLAP = timedelta(hours=1)
"""What was put on the list while the last reading went on is read again; clocks differ, too."""


def read(sessions: Sessions, account: Account, keys: Keys, now: datetime) -> int:
    """
    Read what is new on the list, once a day; return how many addresses that were.

    Each page is committed with the place of the next one, so a reading that is broken off goes on
    where it was.

    Raises:
        FetchError: the list cannot be read now.

    """
    count = 0
    while due := in_transaction(sessions, lambda session: _due(session, now)):
        page = _page(account, due)
        count += len(page.barred)
        in_transaction(sessions, partial(_take, page=page, keys=keys, now=now))
    return count


@dataclass(frozen=True, slots=True)
class _Due:
    """Which part of the list is to be read next."""

    since: datetime | None
    place: str | None


def _due(session: Session, now: datetime) -> _Due | None:
    reading = _reading(session)
    if reading.began_at is None:
        if reading.read_until and now - reading.read_until < EVERY:
            return None
        reading.began_at = now
    return _Due(reading.read_until and reading.read_until - OVERLAP, reading.place)


def _page(account: Account, due: _Due) -> Page:
    try:
        return account.barred(due.since, due.place)
    except BadInput:
        # A place does not last for ever: begin anew.
        return account.barred(due.since, None)


def _take(session: Session, *, page: Page, keys: Keys, now: datetime) -> None:
    for each in sorted(page.barred, key=lambda each: each.address):
        why = Standing.COMPLAINED if each.complained else Standing.BOUNCED
        subscribers.stop_address(session, keys.address_hash(each.address), why, min(each.at, now))
    reading = _reading(session)
    reading.place = page.next_place
    if page.next_place is None:
        reading.read_until, reading.began_at = reading.began_at, None


def _reading(session: Session) -> SuppressionReading:
    """Return the one row, locked; made where it was not there yet."""
    session.execute(
        insert_new(session, SuppressionReading)
        .values(id=1)
        .on_conflict_do_nothing(index_elements=["id"])
    )
    return session.get_one(SuppressionReading, 1, with_for_update=True)


def readmit(sessions: Sessions, account: Account | None, now: datetime) -> None:
    """
    Lift the bounce of those who ask again long after it, on the account's list and on ours.

    Their confirmation can be sent from then on, and not before.

    Raises:
        FetchError: the account's list cannot be asked now.

    """
    with sessions.begin() as session:
        asking = subscribers.asking_again(session, now)
    for address, address_hash in asking:
        if account is None or account.readmit(address):
            with sessions.begin() as session:
                subscribers.forgive(session, address_hash, now)
        else:
            with sessions.begin() as session:
                subscribers.stop_address(session, address_hash, Standing.COMPLAINED, now)

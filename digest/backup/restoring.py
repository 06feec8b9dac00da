"""Restoring: an empty database is filled from a backup, and nothing is sent before `resume`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from digest import migrations
from digest.backup import archive, departing
from digest.backup.archive import Contents, Manifest, Reader
from digest.backup.saving import Watch, nobody, told_by, watched
from digest.backup.writing import Filling, filling, make_tables
from digest.clock import EPOCH
from digest.database import Sessions, connect, in_transaction
from digest.departures import Book
from digest.errors import BadInput
from digest.keys import Keys
from digest.models import (
    Delivery,
    DeliveryState,
    Restoration,
    SendingBudget,
    StoppedBy,
)

MAY_HAVE_GONE = "it may have been sent after the backup was made"
"""Why what was open in a backup is not sent: nobody knows."""

TRAVEL = frozenset({"subscriber", "delivery", "address_change"})
"""Tables whose ids are in links and in tags of mails: none that was lost may be given out again."""

LEAP = 1_000_000
"""Ids that may have been given out since the backup, or as many as ever before if they are more."""

A_SECOND = 5_000
"""
More ids than are given out in a second: each restoration of one backup begins above the last.

Of a backup 231 days old they have eleven digits, which is what links are signed quickly with.
"""


@dataclass(frozen=True)
class Restored:
    """What a restoration came to."""

    made_at: datetime
    rows: int
    closed: int
    """Mails that were open in the backup and are not sent."""
    left: int
    """Readers who left after the backup was made."""
    other_secret_keys: bool
    """Whether links in older mails were signed with a key that is not set."""


def restore(
    path: Path,
    url: str,
    keys: Keys,
    *,
    now: datetime,
    book: Book | None = None,
    watch: Watch = nobody,
) -> Restored:
    """
    Fill the empty database at *url* from the backup at *path*, and let those leave who left since.

    Raises:
        BadInput: it is no backup, *keys* do not belong to it, the database is not empty, or *book*
            cannot be read.

    """
    # First: who left is let go after the filling, which a damaged book must not end half way.
    departures = list(book.read()) if book else []
    with archive.opened(path) as reader:
        manifest = reader.manifest
        check_key(manifest, keys)
        make_tables(url, manifest.revision)
        _fill(reader, url, now, watch)
    migrations.migrate(url)
    sessions = sessionmaker(connect(url))
    try:
        closed = in_transaction(sessions, _close)
        left = departing.apply(sessions, departures)
        in_transaction(sessions, lambda session: _ready(session, now))
    finally:
        sessions.kw["bind"].dispose()
    known = set(map(told_by, keys.signing))
    return Restored(
        manifest.made_at, manifest.rows, closed, left, not set(manifest.secret_keys) <= known
    )


def check_key(manifest: Manifest, keys: Keys) -> None:
    """
    Check that the suppression key is the one of the backup.

    Raises:
        BadInput: it is another one.

    """
    if manifest.suppression_key != keys.check:
        raise BadInput(
            "DIGEST_SUPPRESSION_KEY is another than the backup's: nobody who complained would be"
            " known, and no unsubscribe link in a mail that was sent would work. Set the key that"
            " the backup was made with (embedded: copy suppression.key into the state folder);"
            " a backup made with --with-keys has it in keys.env."
        )


def _fill(reader: Reader, url: str, now: datetime, watch: Watch) -> None:
    contents = reader.manifest.contents
    with filling(url, [each.table for each in contents]) as target:
        for each in contents:
            target.fill(each.table, watched(reader.rows(each), watch))
            found = target.tally(each.table)
            if (found.rows, found.checksum) != (each.rows, each.checksum):
                raise BadInput(f"Table {each.table.name} came out otherwise than it is in the file")
            target.count_on_from(each.table, _leapt(each, now - reader.manifest.made_at))
        # In the same transaction: there is no moment at which it is filled and may send.
        _stop(target, reader.manifest, now)


def _leapt(contents: Contents, age: timedelta) -> int:
    last = contents.last_id
    if contents.table.name not in TRAVEL:
        return last
    # It may have been restored before, and what was given out then be lost as well.
    return last + max(last, LEAP) + A_SECOND * max(int(age.total_seconds()), 0)


def _stop(target: Filling, manifest: Manifest, now: datetime) -> None:
    why = f"restored from a backup of {manifest.made_at:%F %R} UTC; `digest resume` says what goes"
    stopped = {"stopped_at": now, "stopped_why": why, "stopped_by": StoppedBy.OPERATOR}
    connection = target.connection
    # By statements that name their columns: the tables may be older than the models.
    if not connection.execute(sa.update(SendingBudget).values(**stopped)).rowcount:
        paced = {"next_free_at": EPOCH, "sent_on": EPOCH.date(), "sent_today": 0, "refusals": []}
        connection.execute(sa.insert(SendingBudget).values(id=1, **paced, **stopped))
    [readers] = (each for each in manifest.contents if each.table.name == "subscriber")
    connection.execute(
        sa.insert(Restoration).values(
            made_at=manifest.made_at, restored_at=now, readers_to=readers.last_id, awaited=[]
        )
    )


def _close(session: Session) -> int:
    """Leave nothing open that may have been sent meanwhile; return how many mails were."""
    unleased = {"lease_token": None, "lease_until": None}
    open_ = (DeliveryState.PENDING, DeliveryState.CLAIMED)
    skip = sa.update(Delivery).where(Delivery.state.in_(open_))
    doubt = sa.update(Delivery).where(Delivery.state == DeliveryState.SENDING)
    closed = 0
    for statement, state in ((skip, DeliveryState.SKIPPED), (doubt, DeliveryState.UNKNOWN)):
        changed = session.execute(
            statement.values(**unleased, state=state, error=MAY_HAVE_GONE)
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        closed += len(changed.all())
    return closed


def _ready(session: Session, now: datetime) -> None:
    session.execute(
        sa.update(Restoration).where(Restoration.ready_at.is_(None)).values(ready_at=now)
    )


def unresumed(sessions: Sessions) -> list[Restoration]:
    """
    Return the restorations after which nothing was sent yet.

    Raises:
        BadInput: one was broken off.

    """
    with sessions.begin() as session:
        found = session.scalars(
            sa.select(Restoration).where(Restoration.resumed_at.is_(None)).order_by(Restoration.id)
        ).all()
        session.expunge_all()
    if any(each.ready_at is None for each in found):
        raise BadInput(
            "`digest restore` was broken off, and who left since the backup is not known here:"
            " empty this database, and restore the backup again."
        )
    return list(found)

"""Moving: all that one database holds goes into another, SQLite or PostgreSQL."""

from dataclasses import dataclass

import sqlalchemy as sa

from digest import delivery
from digest.backup.reading import Snapshot, snapshot
from digest.backup.resuming import MOVED
from digest.backup.saving import Watch, nobody, watched
from digest.backup.tables import Table, Tally, all_tables, tallied, tally_of
from digest.backup.writing import Filling, filling, make_tables, shown
from digest.delivery.budget import STOPPED_WITHIN
from digest.errors import BadInput, DigestError
from digest.models import SendingBudget, StoppedBy
from digest.services import Services

_MOVING = "is being moved to {}"

SIGNS_OF_LIFE = "heartbeat"
"""The table that workers write to though nothing is sent."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A table that is in both databases now, and equal."""

    name: str
    rows: int
    checksum: str


def move(
    services: Services, target: str, *, watch: Watch = nobody, wait: float = STOPPED_WITHIN
) -> list[Moved]:
    """
    Copy everything into the empty database at the URL *target*; sending is stopped at the source.

    All or nothing: with an error the target stays empty. Every table is read back, and the source
    is read again, for nobody may have left it meanwhile.

    Raises:
        BadInput: the target is not empty, or cannot hold what is in the source.
        DigestError: a mail is being sent at the source, or it was written to.

    """
    source = services.settings.database_url.get_secret_value()
    with snapshot(source) as seen:
        revision = seen.revision or ""
    make_tables(target, revision)
    _stop(services, target, wait)
    tables = all_tables()
    with filling(target, tables) as target_db:
        with snapshot(source) as seen:
            tallies = {table.name: _copy(seen, target_db, table, watch) for table in tables}
        _compare(source, tables, tallies)
        _say(target_db.connection, target, "moved here; `digest resume` lets sending go on")
        # Before the new one is there for good: a crash between the two leaves none that sends
        # without a word. And whatever it was stopped for, it is not to be resumed.
        with services.sessions.begin() as session:
            moved = sa.update(SendingBudget).values(stopped_why=f"{MOVED} {shown(target)}")
            session.execute(moved)
    return [Moved(name, tally.rows, tally.checksum) for name, tally in tallies.items()]


def _stop(services: Services, target: str, wait: float) -> None:
    why = _MOVING.format(shown(target))
    delivery.stop(services.sessions, why, services.clock(), by=StoppedBy.OPERATOR)
    underway = delivery.still_sending(services.sessions, wait)
    if underway:
        raise DigestError(
            f"Deliveries {', '.join(map(str, underway))} are being sent still. Sending is stopped:"
            " try again in five minutes, or let it go on by `digest resume`."
        )


def _say(connection: sa.Connection, target: str, why: str) -> None:
    """Say why sending is stopped, unless it was stopped for another reason before."""
    moving = SendingBudget.stopped_why == _MOVING.format(shown(target))
    connection.execute(sa.update(SendingBudget).where(moving).values(stopped_why=why))


def _copy(seen: Snapshot, target: Filling, table: Table, watch: Watch) -> Tally:
    tally = Tally()
    target.fill(table, watched(tallied(seen.rows(table), tally), watch))
    if table.numbered:
        target.count_on_from(table, seen.last_id(table))
    if target.tally(table) != tally:
        raise BadInput(
            f"Table {table.name} came out otherwise in the new database, which is left empty."
        )
    return tally


def _compare(source: str, tables: list[Table], tallies: dict[str, Tally]) -> None:
    """Check that nobody wrote to the source after it was read: it would be lost."""
    with snapshot(source) as later:
        changed = [
            table.name
            for table in tables
            if table.name != SIGNS_OF_LIFE and tally_of(later.rows(table)) != tallies[table.name]
        ]
    if changed:
        raise DigestError(
            f"The old database was written to meanwhile ({', '.join(changed)}); the new one is"
            " left empty. Stop the pages, workers and beat, and try again; or let sending go on"
            " there by `digest resume`."
        )

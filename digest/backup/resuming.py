"""Resuming: after a restoration nothing goes out that may have gone out before the loss."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from digest import delivery, fetch, library, pipeline, planning
from digest.backup.restoring import MAY_HAVE_GONE, unresumed
from digest.database import in_transaction
from digest.errors import BadInput
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    FetchRun,
    Restoration,
    SendingBudget,
    Standing,
    Subscriber,
)
from digest.services import Services
from digest.sources.sample import Sample

MOVED = "was moved to"
"""Why sending is stopped in a database that another one has taken the place of."""


LOOK_AGAIN_AFTER = 0.2
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """What resuming after a restoration left out."""

    skipped: int
    """Digests that were due since the backup."""
    awaited: tuple[str, ...]
    """Sources that could not be read: what they show is offered once it surely is new."""


def resume(services: Services, *, read: bool = True, anyway: bool = False) -> Resumed | None:
    """
    Let sending go on; None where the database was not restored.

    After a restoration the sources are read first (*read*): what they show now may have been sent
    before the loss, so readers of then are offered what is first seen later. Broken off, it is
    begun anew.

    Raises:
        BadInput: a restoration was broken off; or all was moved to another database, which sends
            from now on, and this one is not to go on *anyway*.

    """
    if not anyway:
        _check_not_moved(services)
    restorations = unresumed(services.sessions)
    resumed = None
    if restorations:
        awaited = _read_sources(services, read=read)
        now = services.clock()
        readers_to = max(each.readers_to for each in restorations)
        skipped = _skip_what_was_due(services, readers_to, now)
        in_transaction(services.sessions, partial(_note, now=now, awaited=awaited))
        resumed = Resumed(skipped, tuple(awaited))
    delivery.resume(services.sessions)
    return resumed


def _check_not_moved(services: Services) -> None:
    with services.sessions() as session:
        why = session.scalar(select(SendingBudget.stopped_why)) or ""
    if why.startswith(MOVED):
        raise BadInput(
            f"This database {why}: resume there (DIGEST_DATABASE_URL), or everybody is written to"
            " twice. If nothing was sent from there: digest resume --anyway"
        )


def _read_sources(services: Services, *, read: bool) -> list[str]:
    """Read all sources; return those that could not be."""
    with services.sessions() as session:
        sources = fetch.chosen(session, None, services.settings.sources)
        names = list(dict.fromkeys(source.name for source in sources))
        before = session.scalar(select(func.max(FetchRun.id))) or 0
    if not read:
        return [name for name in names if name != Sample.name]
    pipeline.fetch(services)
    with services.sessions() as session:
        failed = select(FetchRun.source).where(FetchRun.id > before, FetchRun.error.is_not(None))
        return sorted(set(session.scalars(failed)))


def _skip_what_was_due(services: Services, readers_to: int, now: datetime) -> int:
    """Plan all that is due at *now*, and close it; return how many digests that were."""
    sessions = services.sessions
    in_transaction(sessions, lambda session: planning.end_pauses(session, now))
    skipped = in_transaction(sessions, partial(_skip, readers_to=readers_to))
    while True:
        delivery.plan(sessions, now)
        skipped += in_transaction(sessions, partial(_skip, readers_to=readers_to))
        if not in_transaction(sessions, partial(_is_due, now=now, readers_to=readers_to)):
            break
        # Beat's sweep plans at the same time, and holds them.
        time.sleep(LOOK_AGAIN_AFTER)
    # What that sweep has planned between the last two statements.
    return skipped + in_transaction(sessions, partial(_skip, readers_to=readers_to))


def _is_due(session: Session, *, now: datetime, readers_to: int) -> bool:
    due = select(Subscriber.id).where(
        Subscriber.standing == Standing.ACTIVE,
        Subscriber.next_due_at <= now,
        Subscriber.id <= readers_to,
    )
    return session.scalar(due.limit(1)) is not None


def _skip(session: Session, *, readers_to: int) -> int:
    """Close the open digests of readers up to *readers_to*; return how many."""
    closed = session.execute(
        update(Delivery)
        .where(
            Delivery.kind == DeliveryKind.DIGEST,
            Delivery.state.in_((DeliveryState.PENDING, DeliveryState.CLAIMED)),
            Delivery.subscriber_id <= readers_to,
        )
        .values(
            state=DeliveryState.SKIPPED, error=MAY_HAVE_GONE, lease_token=None, lease_until=None
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(closed.all())


def _note(session: Session, *, now: datetime, awaited: Sequence[str]) -> None:
    session.execute(
        update(Restoration)
        .where(Restoration.resumed_at.is_(None))
        .values(resumed_at=now, awaited=list(awaited))
    )


def still_awaited(session: Session) -> list[str]:
    """Return the sources that were not read since sending went on after a restoration."""
    newest = session.scalar(select(Restoration).order_by(Restoration.id.desc()).limit(1))
    if newest is None or newest.resumed_at is None:
        return []
    read = select(FetchRun.source).where(FetchRun.at > newest.resumed_at, library.was_read())
    return sorted(set(newest.awaited) - set(session.scalars(read)))

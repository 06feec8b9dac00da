"""Heartbeats: signs of life that parts of the service leave, and doctor reads."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.database import Sessions, insert_new
from digest.models import Heartbeat


def leave(sessions: Sessions, name: str, now: datetime) -> None:
    """Note that the part called *name* was alive at *now*."""
    with sessions.begin() as session:
        here = insert_new(session, Heartbeat).values(name=name, at=now)
        session.execute(
            here.on_conflict_do_update(index_elements=["name"], set_={"at": here.excluded.at})
        )


def last(session: Session) -> dict[str, datetime]:
    """Return when each part of the service was alive last, by its name."""
    return {row[0]: row[1] for row in session.execute(select(Heartbeat.name, Heartbeat.at))}

"""Telling: each event is noted and logged once, and told until it was heard."""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

from digest import mailboxes
from digest.alarms.looking import Alarm, open_now
from digest.database import DatabaseNow, in_transaction, insert_new
from digest.errors import FetchError
from digest.mail.message import Mail
from digest.mail.transport import Accepted, Unknown, why
from digest.models import AlarmRow
from digest.services import ALARM_PATIENCE, Services
from digest.sources.posting import post

log = logging.getLogger(__name__)

STALE_AFTER = timedelta(days=1)
"""What was over so long ago is not told any more."""

LEASE = 90.0
"""Seconds after which another process may tell what this one was about to."""

WATCH_EVERY = 60.0
"""Seconds."""


def in_words(services: Services) -> list[str]:
    """Return what is wrong at this moment, and what of it the operator was not told yet."""
    with services.sessions.begin() as session:
        wrong = open_now(session, services.settings, services.clock())
    untold = {key for channel in _channels(services) for key in _untold(services, channel)}
    return [
        f"{alarm.key} since {alarm.since:%F %R} UTC{' (not told yet)' * (alarm.key in untold)}:"
        f" {alarm.why}"
        for alarm in wrong
    ]


def watch(services: Services, ended: Event, every: float = WATCH_EVERY) -> None:
    """Tell again and again until it has *ended*: for processes that outlive the workers."""
    while not ended.wait(every):
        try:
            tell(services)
        except SQLAlchemyError as exc:
            log.warning("alarms: the database does not answer: %s", type(exc).__name__)
        except Exception:
            # Nobody looks after this thread: whatever it was, the next look must come.
            log.exception("alarms: this look failed")


def tell(services: Services) -> None:
    """Note which alarms are raised and which are over, and tell what was not told yet."""
    raised, over = in_transaction(services.sessions, lambda session: _note(session, services))
    for alarm in raised:
        log.error("alarm key=%s since=%s why=%s", alarm.key, alarm.since, why(alarm.why))
    for key in over:
        log.warning("alarm is over key=%s", key)
    for channel in _channels(services):
        for key in _untold(services, channel):
            # Where nobody listens now, the others need not find that out one by one.
            if not _tell(services, channel, key):
                break


def _note(session: Session, services: Services) -> tuple[list[Alarm], list[str]]:
    """Keep what is wrong now; return what is so newly, and what is so no more."""
    now = services.clock()
    wrong = open_now(session, services.settings, now)
    over = (
        update(AlarmRow)
        .where(AlarmRow.cleared_at.is_(None), AlarmRow.key.not_in([each.key for each in wrong]))
        .values(cleared_at=now)
        .returning(AlarmRow.key)
        .execution_options(synchronize_session=False)
    )
    ended = list(session.scalars(over))
    return [alarm for alarm in wrong if _is_new(session, alarm)], ended


def _is_new(session: Session, alarm: Alarm) -> bool:
    """Keep *alarm*; False where it is open already, for several processes look."""
    row = {"key": alarm.key, "why": why(alarm.why), "raised_at": alarm.since}
    unsaid = dict.fromkeys(("cleared_at", "told_at", "mailed_at", "lease_until"))
    here = insert_new(session, AlarmRow).values(**row)
    statement = here.on_conflict_do_update(
        index_elements=["key"],
        set_={**row, **unsaid},
        where=AlarmRow.cleared_at.is_not(None),
    ).returning(AlarmRow.key)
    return session.scalar(statement) is not None


@dataclass(frozen=True, slots=True)
class _Channel:
    """A way to the operator; *say* raises FetchError where nobody listens now."""

    told_at: InstrumentedAttribute[datetime | None]
    say: Callable[[Services, AlarmRow], None]


def _channels(services: Services) -> Iterator[_Channel]:
    if services.settings.alarm_url.get_secret_value():
        yield _Channel(AlarmRow.told_at, _post)
    if services.alarm_relay is not None:
        yield _Channel(AlarmRow.mailed_at, _mail)


def _untold(services: Services, channel: _Channel) -> list[str]:
    recent = AlarmRow.cleared_at > services.clock() - STALE_AFTER
    with services.sessions.begin() as session:
        waiting = select(AlarmRow.key).where(
            channel.told_at.is_(None), or_(AlarmRow.cleared_at.is_(None), recent)
        )
        return list(session.scalars(waiting.order_by(AlarmRow.raised_at, AlarmRow.key)))


def _tell(services: Services, channel: _Channel, key: str) -> bool:
    """Tell one alarm, unless another process does so; False when nobody listened."""
    row = _leased(services, channel, key)
    if row is None:
        return True
    told: dict[str, datetime | None] = {"lease_until": None}
    listens = True
    try:
        # Outside a transaction: it goes over the network.
        channel.say(services, row)
        told[channel.told_at.key] = services.clock()
    except FetchError as exc:
        log.warning("alarm not told key=%s way=%s why=%s", key, channel.told_at.key, exc)
        listens = False
    except Exception:
        # Of this one alone: the others would never be told, for it comes first each time.
        log.exception("alarm not told key=%s way=%s", key, channel.told_at.key)
    in_transaction(
        services.sessions,
        # Not a later event of that name, which nobody was told of.
        lambda session: session.execute(
            update(AlarmRow)
            .where(AlarmRow.key == key, AlarmRow.raised_at == row.raised_at)
            .values(**told)
        ),
    )
    return listens


def _leased(services: Services, channel: _Channel, key: str) -> AlarmRow | None:
    """Return the alarm, which nobody else tells meanwhile; None where another process does."""
    mine = (
        update(AlarmRow)
        .where(
            AlarmRow.key == key,
            channel.told_at.is_(None),
            or_(AlarmRow.lease_until.is_(None), AlarmRow.lease_until < DatabaseNow()),
        )
        .values(lease_until=DatabaseNow(LEASE))
        .returning(AlarmRow)
    )
    with services.sessions.begin() as session:
        row = session.scalar(mine)
        session.expunge_all()
    return row


def _post(services: Services, row: AlarmRow) -> None:
    document = {
        "site": services.settings.base_url,
        "what": row.key,
        "since": row.raised_at.isoformat(),
        "why": row.why,
    }
    if row.cleared_at:
        document["until"] = row.cleared_at.isoformat()
    post(services.settings.alarm_url.get_secret_value(), document, seconds=ALARM_PATIENCE)


def _mail(services: Services, row: AlarmRow) -> None:
    settings, relay = services.settings, services.alarm_relay
    assert relay is not None  # noqa: S101  or there were no such channel
    rendered = services.renderer.alarm(
        what=row.key,
        why=row.why,
        since=f"{row.raised_at:%F %R}",
        until=f"{row.cleared_at:%F %R}" if row.cleared_at else None,
    )
    outcome = relay.send(
        Mail(
            to=mailboxes.split(settings.alarm_mail_to)[1],
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            delivery_id=0,
            # In the Message-ID, with the moment: mailboxes drop what they take for a repeat.
            kind=re.sub("[^A-Za-z0-9_-]", "-", f"alarm-{row.key}")[:64],
            decided_at=row.raised_at,
        )
    )
    relay.close()
    # What may have come is not sent again and again.
    if not isinstance(outcome, Accepted | Unknown):
        raise FetchError(outcome.why)

"""What a reader may choose, checked; and keeping what they chose."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.clock import WEEKDAYS, Cadence, zones
from digest.errors import BadAddress, BadInput
from digest.models import Interest, InterestKind, Subscriber
from digest.topics import taxonomy

MOST_KEYWORDS = 50
LONGEST_KEYWORD = 100

_HOUR = re.compile("[0-9]|[01][0-9]|2[0-3]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a reader chose; None = leave it as it is, or at the default for someone new."""

    topics: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    muted: tuple[str, ...] | None = None
    cadence: Cadence | None = None
    days: tuple[str, ...] | None = None
    hour: int | None = None
    zone: str | None = None


def choices(
    *,
    topics: Iterable[str] | None = None,
    keywords: Iterable[str] | None = None,
    muted: Iterable[str] | None = None,
    cadence: str | None = None,
    days: Iterable[str] | None = None,
    hour: str | int | None = None,
    zone: str | None = None,
) -> Choices:
    """
    Return checked choices from what a form or a command line gave.

    Raises:
        BadInput: one of them is not to be had; the message says what is.

    """
    chosen = Choices(
        topics=None if topics is None else _topics(topics),
        keywords=None if keywords is None else _keywords(keywords),
        muted=None if muted is None else _keywords(muted),
        cadence=None if cadence is None else _cadence(cadence),
        days=None if days is None else _days(days),
        hour=None if hour is None else _hour(hour),
        zone=None if zone is None else _zone(zone),
    )
    _some_day(chosen.cadence, chosen.days)
    return chosen


def _some_day(cadence: Cadence | None, days: Sequence[str] | None) -> None:
    # A reader without any would have no next digest, and planning would find no end.
    if cadence is Cadence.DAYS and not days:
        raise BadInput("Which days? Choose at least one, from Monday to Sunday.")


def _topics(slugs: Iterable[str]) -> tuple[str, ...]:
    known = taxonomy.by_slug()
    unique = tuple(dict.fromkeys(slugs))
    for slug in unique:
        if slug not in known:
            raise BadInput(f"There is no topic {slug[:40]!r}.")
    return unique


def _keywords(lines: Iterable[str]) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(filter(None, (" ".join(line.split()) for line in lines))))
    for word in words:
        if len(word) > LONGEST_KEYWORD or not word.isprintable():
            raise BadInput(f"A keyword has at most {LONGEST_KEYWORD} characters: {word[:40]!r}…")
    if len(words) > MOST_KEYWORDS:
        raise BadInput(f"At most {MOST_KEYWORDS} keywords, please; these are {len(words)}.")
    return words


def _cadence(name: str) -> Cadence:
    try:
        return Cadence(name)
    except ValueError as exc:
        raise BadInput(f"How often? One of {', '.join(Cadence)}, not {name[:40]!r}.") from exc


def _days(names: Iterable[str]) -> tuple[str, ...]:
    chosen = set(names)
    if strangers := chosen.difference(WEEKDAYS):
        raise BadInput(f"There is no day {min(strangers)[:40]!r}; use {', '.join(WEEKDAYS)}.")
    return tuple(day for day in WEEKDAYS if day in chosen)


def _hour(hour: str | int) -> int:
    if not _HOUR.fullmatch(str(hour)):
        raise BadInput(f"The hour is a number from 0 to 23, not {str(hour)[:40]!r}.")
    return int(hour)


def _zone(name: str) -> str:
    if name not in zones():
        raise BadInput(
            f"There is no time zone {name[:40]!r}; use a name such as Europe/Berlin or UTC."
        )
    return name


def normalised(email: str) -> str:
    """
    Return *email* as it is kept and written to: checked, in lower case, its domain in ASCII.

    Raises:
        BadAddress: not an address that any mail system here could write to.

    """
    try:
        checked = validate_email(
            email.strip(), check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as exc:
        raise BadAddress(f"{email.strip()[:80]!r} is not an e-mail address: {exc}") from exc
    assert checked.ascii_email  # noqa: S101  as allow_smtputf8 is off
    return checked.ascii_email.lower()


def requested(reader: Subscriber) -> Choices:
    """Return what the form asked for last on behalf of *reader*."""
    asked: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in reader.requested.items()
    }
    if asked.get("cadence"):
        asked["cadence"] = Cadence(asked["cadence"])
    return Choices(**asked)


def interests(
    session: Session, reader_ids: Sequence[int]
) -> dict[int, dict[InterestKind, list[str]]]:
    """Return what each reader follows and mutes, in the order in which they named it."""
    found: dict[int, dict[InterestKind, list[str]]] = {
        reader_id: {kind: [] for kind in InterestKind} for reader_id in reader_ids
    }
    for interest in session.scalars(
        select(Interest).where(Interest.subscriber_id.in_(reader_ids)).order_by(Interest.id)
    ):
        found[interest.subscriber_id][interest.kind].append(interest.value)
    return found


def keep(session: Session, reader: Subscriber, chosen: Choices) -> None:
    """
    Write down what was chosen; what is None stays as it is.

    Raises:
        BadInput: on chosen days, and none is chosen.

    """
    for kind, values in (
        (InterestKind.TOPIC, chosen.topics),
        (InterestKind.KEYWORD, chosen.keywords),
        (InterestKind.MUTED, chosen.muted),
    ):
        if values is not None:
            session.execute(
                delete(Interest).where(Interest.subscriber_id == reader.id, Interest.kind == kind)
            )
            session.add_all(
                Interest(subscriber_id=reader.id, kind=kind, value=value) for value in values
            )
    reader.cadence = chosen.cadence or reader.cadence
    reader.days = reader.days if chosen.days is None else list(chosen.days)
    reader.hour = reader.hour if chosen.hour is None else chosen.hour
    reader.zone = chosen.zone or reader.zone
    _some_day(reader.cadence, reader.days)
    session.flush()

"""What a reader may choose, checked."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from digest.clock import WEEKDAYS, Cadence, zones
from digest.errors import BadAddress, BadInput
from digest.models import Balance
from digest.topics import taxonomy

MOST_LINES = 50
LONGEST_LINE = 100
"""Characters of a keyword or a name."""
LONGEST_ABOUT = 2000

# Persian and Urdu words, and joined emoji, are spelt with these two.
_JOINERS = "\u200c\u200d"
_HOUR = re.compile("[0-9]|[01][0-9]|2[0-3]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a reader chose; None = leave it as it is, or at the default for someone new."""

    topics: tuple[str, ...] | None = None
    muted_topics: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    muted: tuple[str, ...] | None = None
    authors: tuple[str, ...] | None = None
    organizations: tuple[str, ...] | None = None
    about: str | None = None
    balance: Balance | None = None
    cadence: Cadence | None = None
    days: tuple[str, ...] | None = None
    hour: int | None = None
    zone: str | None = None


def choices(
    *,
    topics: Iterable[str] | None = None,
    muted_topics: Iterable[str] | None = None,
    keywords: Iterable[str] | None = None,
    muted: Iterable[str] | None = None,
    authors: Iterable[str] | None = None,
    organizations: Iterable[str] | None = None,
    about: str | None = None,
    balance: str | None = None,
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
        muted_topics=None if muted_topics is None else _topics(muted_topics),
        keywords=None if keywords is None else _lines(keywords, "keyword"),
        muted=None if muted is None else _lines(muted, "keyword"),
        authors=None if authors is None else _lines(authors, "name"),
        organizations=None if organizations is None else _lines(organizations, "name"),
        about=None if about is None else _about(about),
        balance=None if balance is None else _balance(balance),
        cadence=None if cadence is None else _cadence(cadence),
        days=None if days is None else _days(days),
        hour=None if hour is None else _hour(hour),
        zone=None if zone is None else _zone(zone),
    )
    some_day(chosen.cadence, chosen.days)
    not_both(chosen.topics or (), chosen.muted_topics or ())
    return chosen


def some_day(cadence: Cadence | None, days: Sequence[str] | None) -> None:
    # A reader without any would have no next digest, and planning would find no end.
    if cadence is Cadence.DAYS and not days:
        raise BadInput("Which days? Choose at least one, from Monday to Sunday.")


def not_both(followed: Iterable[str], muted: Iterable[str]) -> None:
    """Refuse a topic that is to be shown and hidden: nobody could tell which is meant."""
    hidden = set(muted)
    for slug in followed:
        if slug in hidden:
            topic = taxonomy.by_slug().get(slug)
            name = topic.name if topic else slug
            raise BadInput(f"Follow {name} or hide it? It is chosen for both.")


def _topics(slugs: Iterable[str]) -> tuple[str, ...]:
    known = taxonomy.by_slug()
    unique = tuple(dict.fromkeys(slugs))
    for slug in unique:
        if slug not in known:
            raise BadInput(f"There is no topic {slug[:40]!r}.")
    return unique


def _lines(lines: Iterable[str], what: str) -> tuple[str, ...]:
    """Return the keywords or names in *lines*, tidied, each once."""
    named = tuple(dict.fromkeys(filter(None, (" ".join(line.split()) for line in lines))))
    for each in named:
        if len(each) > LONGEST_LINE or not each.isprintable():
            raise BadInput(f"A {what} has at most {LONGEST_LINE} characters: {each[:40]!r}…")
    if len(named) > MOST_LINES:
        raise BadInput(f"At most {MOST_LINES} {what}s, please; these are {len(named)}.")
    return named


def _about(text: str) -> str:
    # Copied from a page or a PDF it holds soft hyphens and the like, which nobody can see to mend.
    lines = (" ".join(line.split()) for line in text.splitlines())
    seen = "\n".join("".join(filter(_is_seen, line)) for line in lines).strip()
    if len(seen) > LONGEST_ABOUT:
        raise BadInput(
            f"What you work on: at most {LONGEST_ABOUT:,} characters, please;"
            f" these are {len(seen):,}."
        )
    return seen


def _is_seen(character: str) -> bool:
    return character.isprintable() or character in _JOINERS


def _balance(name: str) -> Balance:
    try:
        return Balance(name)
    except ValueError as exc:
        raise BadInput(f"Which balance? One of {', '.join(Balance)}, not {name[:40]!r}.") from exc


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

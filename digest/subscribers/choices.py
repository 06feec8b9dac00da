"""What a reader may choose, checked."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.clock import WEEKDAYS, Cadence, zones
from digest.errors import BadInput
from digest.language import gettext as _
from digest.language import languages, number, translated
from digest.models import Balance, NothingNew
from digest.topics import taxonomy

MOST_LINES = 50
LONGEST_LINE = 100
"""Characters of a keyword or a name."""
LONGEST_ABOUT = 2000
MOST_PAPERS = 20
"""In a digest: with more of them Gmail would cut the mail."""

# Persian and Urdu words, and joined emoji, are spelt with these two.
_JOINERS = "\u200c\u200d"
_NUMBER = re.compile("[0-9]{1,2}")
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
    language: str | None = None
    papers: int | None = None
    nothing_new: NothingNew | None = None


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
    language: str | None = None,
    papers: str | int | None = None,
    nothing_new: str | None = None,
) -> Choices:
    """
    Return checked choices from what a form or a command line gave.

    Raises:
        BadInput: one of them is not to be had; the message says what is.

    """
    chosen = Choices(
        topics=None if topics is None else _topics(topics),
        muted_topics=None if muted_topics is None else _topics(muted_topics),
        keywords=None if keywords is None else _keywords(keywords),
        muted=None if muted is None else _keywords(muted),
        authors=None if authors is None else _names(authors),
        organizations=None if organizations is None else _names(organizations),
        about=None if about is None else _about(about),
        balance=None if balance is None else _balance(balance),
        cadence=None if cadence is None else _cadence(cadence),
        days=None if days is None else _days(days),
        hour=None if hour is None else _hour(hour),
        zone=None if zone is None else _zone(zone),
        language=None if language is None else _language(language),
        papers=None if papers is None else _papers(papers),
        nothing_new=None if nothing_new is None else _nothing_new(nothing_new),
    )
    some_day(chosen.cadence, chosen.days)
    not_both(chosen.topics or (), chosen.muted_topics or ())
    return chosen


def some_day(cadence: Cadence | None, days: Sequence[str] | None) -> None:
    # A reader without any would have no next digest, and planning would find no end.
    if cadence is Cadence.DAYS and not days:
        raise BadInput(_("Which days? Choose at least one, from Monday to Sunday."))


def not_both(followed: Iterable[str], muted: Iterable[str]) -> None:
    """Refuse a topic that is to be shown and hidden: nobody could tell which is meant."""
    hidden = set(muted)
    for slug in followed:
        if slug in hidden:
            topic = taxonomy.by_slug().get(slug)
            name = topic.name if topic else slug
            raise BadInput(
                _("Follow %(topic)s or hide it? It is chosen for both.", topic=translated(name))
            )


def _topics(slugs: Iterable[str]) -> tuple[str, ...]:
    known = taxonomy.by_slug()
    unique = tuple(dict.fromkeys(slugs))
    for slug in unique:
        if slug not in known:
            raise BadInput(_("There is no topic '%(slug)s'.", slug=_shown(slug)))
    return unique


def _keywords(lines: Iterable[str]) -> tuple[str, ...]:
    return _lines(
        lines,
        _("A keyword has at most %(most)s characters.", most=number(LONGEST_LINE)),
        _("At most %(most)s keywords, please.", most=number(MOST_LINES)),
    )


def _names(lines: Iterable[str]) -> tuple[str, ...]:
    return _lines(
        lines,
        _("A name has at most %(most)s characters.", most=number(LONGEST_LINE)),
        _("At most %(most)s names, please.", most=number(MOST_LINES)),
    )


def _lines(lines: Iterable[str], too_long: str, too_many: str) -> tuple[str, ...]:
    """Return the keywords or names in *lines*, tidied, each once."""
    named = tuple(dict.fromkeys(filter(None, (" ".join(line.split()) for line in lines))))
    for each in named:
        if len(each) > LONGEST_LINE or not all(map(_is_seen, each)):
            raise BadInput(f"{too_long} {each[:40]!r}…")
    if len(named) > MOST_LINES:
        raise BadInput(f"{too_many} ({number(len(named))})")
    return named


def _about(text: str) -> str:
    # Copied from a page or a PDF it holds soft hyphens and the like, which nobody can see to mend.
    lines = (" ".join(line.split()) for line in text.splitlines())
    seen = "\n".join("".join(filter(_is_seen, line)) for line in lines).strip()
    if len(seen) > LONGEST_ABOUT:
        raise BadInput(
            _(
                "What you work on: at most %(most)s characters, please; these are %(count)s.",
                most=number(LONGEST_ABOUT),
                count=number(len(seen)),
            )
        )
    return seen


def _is_seen(character: str) -> bool:
    return character.isprintable() or character in _JOINERS


def _balance(name: str) -> Balance:
    try:
        return Balance(name)
    except ValueError as exc:
        raise BadInput(_one_of(_("Which balance?"), Balance, name)) from exc


def _cadence(name: str) -> Cadence:
    try:
        return Cadence(name)
    except ValueError as exc:
        raise BadInput(_one_of(_("How often?"), Cadence, name)) from exc


def _nothing_new(name: str) -> NothingNew:
    try:
        return NothingNew(name)
    except ValueError as exc:
        raise BadInput(_one_of(_("When there is nothing new?"), NothingNew, name)) from exc


def _days(names: Iterable[str]) -> tuple[str, ...]:
    chosen = set(names)
    if strangers := chosen.difference(WEEKDAYS):
        said, known = _shown(min(strangers)), ", ".join(WEEKDAYS)
        raise BadInput(_("There is no day '%(said)s'; use %(known)s.", said=said, known=known))
    return tuple(day for day in WEEKDAYS if day in chosen)


def _hour(hour: str | int) -> int:
    if not _HOUR.fullmatch(str(hour)):
        said = _shown(str(hour))
        raise BadInput(_("The hour is a number from 0 to 23, not '%(said)s'.", said=said))
    return int(hour)


def _zone(name: str) -> str:
    if name not in zones():
        raise BadInput(
            _(
                "There is no time zone '%(said)s'; use a name such as Europe/Berlin or UTC.",
                said=_shown(name),
            )
        )
    return name


def _language(code: str) -> str:
    known = languages()
    if code not in known:
        raise BadInput(_one_of(_("Which language?"), known, code))
    return code


def _papers(count: str | int) -> int:
    if not (_NUMBER.fullmatch(str(count)) and 1 <= int(count) <= MOST_PAPERS):
        said = _shown(str(count))
        raise BadInput(
            _("How many papers? From 1 to %(most)s, not '%(said)s'.", most=MOST_PAPERS, said=said)
        )
    return int(count)


def _one_of(question: str, known: Iterable[str], said: str) -> str:
    values = {"question": question, "answers": ", ".join(known), "said": _shown(said)}
    return _("%(question)s One of %(answers)s, not '%(said)s'.", **values)


def _shown(text: str) -> str:
    """Return what somebody typed, fit for a message: short, and with nothing unseen in it."""
    return repr(text[:40])[1:-1]

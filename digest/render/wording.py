"""What a digest says around its papers."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import TypeVar

from digest.card import shorten
from digest.clock import Cadence
from digest.language import gettext as _
from digest.language import listed, long_day, ngettext, number, span
from digest.render.page import DigestPage, Footer, Item

SUBJECT_LENGTH = 78
PREHEADER_LENGTH = 140

# Inbox lists show what comes next in the mail once the preheader ends: give them nothing.
PADDING = "\u00a0\u200c" * 60

BETWEEN = " · "
"""Stands between what a subject or a preheader tells of several papers."""

Paper = TypeVar("Paper")

_SECONDS_A_PAPER = 24
# A name before the colon tells nothing ("LoRA: ..."); three words begin to.
_TELLING_WORDS = 3
# Control characters may end a line, and marks of direction turn the rest of it around.
_CONTROLS = (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_UNSEEN = dict.fromkeys(_CONTROLS, " ")


def line(text: str) -> str:
    """Return *text* on one line, without control characters."""
    if not text.isprintable():
        text = text.translate(_UNSEEN)
    return " ".join(text.split())


def subject(page: DigestPage) -> str:
    """Return the top two papers' titles and how many more there are, on at most 78 characters."""
    return subject_of([item.card.title for item in page.items[:2]], len(page.items))


def subject_of(titles: Sequence[str], papers: int) -> str:
    """Return the same of the top two's *titles*, and of how many *papers* there are."""
    if not titles:
        return _("No new papers for you this time")
    if len(titles) == 1:
        return shorten(line(titles[0]), SUBJECT_LENGTH)
    others = papers - 2
    more = BETWEEN + ngettext("and %(num)s more", "and %(num)s more", others) if others else ""
    room = SUBJECT_LENGTH - len(BETWEEN) - len(more)
    first, second = (_gist(line(title)) for title in titles)
    return BETWEEN.join(_both(first, second, room)) + more


def _gist(title: str) -> str:
    """Return *title* up to its colon or question mark, where that says enough."""
    for mark, kept in ((": ", ""), ("? ", "?")):
        before, found, _rest = title.partition(mark)
        if found and len(before.split()) >= _TELLING_WORDS:
            return before + kept
    return title


def _both(first: str, second: str, room: int) -> tuple[str, str]:
    """Return both on *room* characters; what one does not need, the other may take."""
    half = room // 2
    first = shorten(first, max(half, room - len(second)))
    return first, shorten(second, room - len(first))


def preheader(page: DigestPage) -> str:
    """Return what the subject does not say: the next papers' findings, or the only ones'."""
    findings = [item.card.finding for item in previewed(page.items) if item.card.finding]
    if not findings:
        return lede(page)
    return BETWEEN.join(gist(each, len(findings)) for each in findings)


def previewed(papers: Sequence[Paper]) -> Sequence[Paper]:
    """Return those of *papers*, the best first, of which a preheader tells."""
    return papers[2:5] or papers[:2]


def gist(finding: str, findings: int) -> str:
    """Return as much of *finding* as a preheader has room for, of so many *findings*."""
    return shorten(line(finding), PREHEADER_LENGTH // findings - len(BETWEEN))


def dateline(page: DigestPage) -> str:
    """Return the day of *page*, or all days that it looks back on."""
    match page.cadence:
        case Cadence.WEEKLY if not page.first:
            return span(page.day - timedelta(days=6), page.day)
        case Cadence.MONTHLY if not page.first:
            return span(_a_month_before(page.day), page.day)
    return long_day(page.day)


def _a_month_before(day: date) -> date:
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day)) + timedelta(days=1)


def headline(page: DigestPage) -> str:
    if page.first:
        return _("Welcome. Here is your first digest.")
    match page.cadence:
        case Cadence.WEEKLY:
            return _("Your week in papers.") if page.items else _("A quiet week.")
        case Cadence.MONTHLY:
            return _("Your month in papers.") if page.items else _("A quiet month.")
    if not page.items:
        return _("A quiet day.")
    greetings = _("Good morning."), _("Good afternoon."), _("Good evening.")
    return greetings[part_of_day(page.hour)]


def part_of_day(hour: int) -> int:
    """Return 0 for the morning, 1 for the afternoon, 2 for the evening."""
    return (hour >= 12) + (hour >= 18)  # noqa: PLR2004


def lede(page: DigestPage) -> str:
    """Return how many papers there are, from how many, and how long they take."""
    papers, offered = len(page.items), number(page.offered)
    if not papers:
        return ngettext(
            "Nothing new for you among %(num)s recent paper.",
            "Nothing new for you among %(num)s recent papers.",
            page.offered,
        )
    if page.offered > papers:
        counted = ngettext(
            "%(num)s paper for you from %(offered)s recent ones.",
            "%(num)s papers for you from %(offered)s recent ones.",
            papers,
            offered=offered,
        )
    else:
        counted = ngettext(
            "%(num)s paper for you, all there was.",
            "%(num)s papers for you, all there was.",
            papers,
        )
    minutes = max(1, round(papers * _SECONDS_A_PAPER / 60))
    time = ngettext("About %(num)s minute to skim.", "About %(num)s minutes to skim.", minutes)
    return f"{counted} {time}"


def welcome(page: DigestPage) -> str | None:
    if not page.first:
        return None
    return _(
        "Press More or Less like this under a paper, and your digest learns. Topics, days and hour"
        " are yours to change at any time: the link is at the foot of every mail."
    )


def closing(page: DigestPage) -> str:
    """Return the last words, after the papers: that there are no more, and why."""
    if page.left_out:
        return ngettext(
            "%(num)s more paper is left out: with it this mail would be too long for some mail"
            " programs.",
            "%(num)s more papers are left out: with them this mail would be too long for some mail"
            " programs.",
            page.left_out,
        )
    if is_quiet(len(page.items), page.wanted):
        return _quiet(page.cadence)
    match page.cadence:
        case Cadence.WEEKLY:
            return _("That is all for this week.")
        case Cadence.MONTHLY:
            return _("That is all for this month.")
    return _("That is all for today.")


def is_quiet(papers: int, wanted: int) -> bool:
    """Tell whether so few *papers* came that a word about it is due."""
    return papers * 2 < wanted


def _quiet(cadence: Cadence) -> str:
    if cadence in (Cadence.WEEKLY, Cadence.MONTHLY):
        return _("If so little comes often, another topic or keyword in your preferences helps.")
    return _(
        "Quiet days happen, most often at weekends. If you see this a lot, another topic or"
        " keyword in your preferences helps."
    )


def banner(page: DigestPage) -> str | None:
    """Return what the reader has to know before anything else; mostly nothing."""
    if page.sample:
        return _("Sample day: these papers are invented, to show you how a digest looks.")
    if not page.missing:
        return None
    return _(
        "%(sources)s could not be read, so the newest papers from there are missing today.",
        sources=listed(page.missing),
    )


def ways(footer: Footer) -> list[tuple[str, str]]:
    """Return the footer's links by their labels."""
    links = (
        (_("Preferences"), footer.preferences_url),
        (_("Pause for a week"), footer.pause_url),
        (_("Unsubscribe"), footer.unsubscribe_url),
        (_("View in browser"), footer.view_url),
    )
    return [(label, url) for label, url in links if url]


def reason_for(email: str, schedule: str) -> str:
    return _(
        "You get this because %(email)s subscribed, %(schedule)s.", email=email, schedule=schedule
    )


def disclosure(items: Iterable[Item]) -> str | None:
    """Return who wrote the summaries shown, once; None where all text is the authors' own."""
    return disclosure_of({item.card.summary_by for item in items if item.card.finding})


def disclosure_of(writers: Collection[str | None]) -> str | None:
    """Return the same, by who wrote the findings shown; None among *writers* is the authors."""
    machines = listed(sorted(line(writer) for writer in writers if writer))
    if not machines:
        return None
    if None in writers:
        return _(
            "The sentences under the titles are machine-written summaries by %(machines)s, except"
            " those marked Abstract.",
            machines=machines,
        )
    return _(
        "The sentences under the titles are machine-written summaries by %(machines)s.",
        machines=machines,
    )

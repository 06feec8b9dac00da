"""What a digest says around its papers."""

from collections.abc import Iterable

from digest.card import shorten
from digest.clock import Cadence
from digest.render.page import DigestPage, Footer, Item

SUBJECT_LENGTH = 78
PREHEADER_LENGTH = 140

SAMPLE = "Sample day: these papers are invented, to show you how a digest looks."
WELCOME = (
    "Press More or Less like this under a paper, and your digest learns. Topics, days and hour are"
    " yours to change at any time: the link is at the foot of every mail."
)

# Inbox lists show what comes next in the mail once the preheader ends: give them nothing.
PADDING = "\u00a0\u200c" * 60

_BETWEEN = " · "
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


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def subject(page: DigestPage) -> str:
    """Return the top two papers' titles and how many more there are, on at most 78 characters."""
    titles = [line(item.card.title) for item in page.items]
    if not titles:
        return "No new papers for you this time"
    if len(titles) == 1:
        return shorten(titles[0], SUBJECT_LENGTH)
    first, second, *others = titles
    more = f"{_BETWEEN}and {len(others)} more" if others else ""
    room = SUBJECT_LENGTH - len(_BETWEEN) - len(more)
    return _BETWEEN.join(_both(_gist(first), _gist(second), room)) + more


def _gist(title: str) -> str:
    """Return *title* up to its colon or question mark, where that says enough."""
    for mark, kept in ((": ", ""), ("? ", "?")):
        before, found, _ = title.partition(mark)
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
    items = page.items[2:5] or page.items[:2]
    room = PREHEADER_LENGTH // max(len(items), 1) - len(_BETWEEN)
    return _BETWEEN.join(shorten(line(item.card.finding), room) for item in items)


def headline(page: DigestPage) -> str:
    if page.first:
        return "Welcome. Here is your first digest."
    match page.cadence:
        case Cadence.WEEKLY:
            return "Your week in papers."
        case Cadence.MONTHLY:
            return "Your month in papers."
    if page.hour < 12:  # noqa: PLR2004
        return "Good morning."
    return "Good afternoon." if page.hour < 18 else "Good evening."  # noqa: PLR2004


def lede(page: DigestPage) -> str:
    papers = len(page.items)
    if not papers:
        return f"Nothing new for you among {count(page.offered, 'recent paper')}."
    minutes = max(1, round(papers * _SECONDS_A_PAPER / 60))
    origin = f" from {page.offered:,} recent ones" if page.offered > papers else ", all there was"
    return f"{count(papers, 'paper')} for you{origin}. About {count(minutes, 'minute')} to skim."


def banner(page: DigestPage) -> str | None:
    """Return what the reader has to know before anything else; mostly nothing."""
    if page.sample:
        return SAMPLE
    if not page.missing:
        return None
    *others, last = page.missing
    names = f"{', '.join(others)} and {last}" if others else last
    return f"{names} could not be read, so the newest papers from there are missing today."


def ways(footer: Footer) -> list[tuple[str, str]]:
    """Return the footer's links by their labels."""
    links = (
        ("Preferences", footer.preferences_url),
        ("Unsubscribe", footer.unsubscribe_url),
        ("View in browser", footer.view_url),
    )
    return [(label, url) for label, url in links if url]


def reason_for(footer: Footer) -> str:
    return f"You get this because {footer.email} subscribed, {footer.schedule}."


def disclosure(items: Iterable[Item]) -> str | None:
    """Return who wrote the summaries shown, once; None where all text is the authors' own."""
    writers = {item.card.summary_by for item in items}
    machines = sorted(line(writer) for writer in writers if writer)
    if not machines:
        return None
    others = ", except those marked Abstract" if None in writers else ""
    return (
        f"The sentences under the titles are machine-written summaries by"
        f" {' and '.join(machines)}{others}."
    )

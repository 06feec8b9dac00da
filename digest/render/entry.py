"""A paper as an entry of a digest: one view of it for the HTML and the text part."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from digest.card import TRENDING, Card, Reason, shorten
from digest.clock import Cadence
from digest.language import gettext as _
from digest.language import ngettext, number, short_day
from digest.render.page import DigestPage, Item
from digest.render.reasons import said
from digest.render.wording import line

# Real titles, organisations and findings are shorter: a monstrous one must not fill the mail.
_LONGEST_TITLE = 320
_LONGEST_NAME = 80
_LONGEST_FINDING = 400
_LONGEST_CALL = 60
_MOST_CHIPS = 5

_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"\\]{1,1000}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rate:
    """A way to rate a paper."""

    sign: str
    label: str
    """Where there is room: "More like this"."""
    short: str
    """What of it comes first, where that is enough: "More"; else all of it."""
    call: str
    """For who does not see the paper beside it."""
    url: str

    @property
    def rest(self) -> str:
        """What phones leave out of the label."""
        return self.label.removeprefix(self.short)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    number: int
    title: str
    url: str
    organization: str | None
    byline: str
    upvotes: str
    """The number as shown, empty where there are none."""
    applause: str
    """The same in words: "184 upvotes"."""
    abstract: bool
    """The finding is the abstract's own text, and is labelled so."""
    finding: str
    reasons: tuple[Reason, ...]
    links: tuple[tuple[str, str], ...]
    rates: tuple[Rate, ...]
    """More and less like this; none where nobody may rate."""

    @property
    def credits(self) -> str:
        """Who, when and how well received, on a line of text; a number stays with its word."""
        applause = self.applause.replace(" ", "\N{NO-BREAK SPACE}")
        told = " | ".join(filter(None, (self.organization, self.byline, applause)))
        return told.replace("| ", "|\N{NO-BREAK SPACE}")


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


def sections(page: DigestPage, base_url: str) -> Iterator[Section]:
    """Return the groups of *page*, papers numbered through; one without any is left out."""
    first = 1
    for group in page.groups:
        if group.items:
            numbered = enumerate(group.items, first)
            entries = tuple(entry(item, place, page, base_url) for place, item in numbered)
            yield Section(line(group.title), entries)
            first += len(entries)


def entry(item: Item, place: int, page: DigestPage, base_url: str) -> Entry:
    card = item.card
    # A sample paper has no page but ours.
    url = _web_address(card.url) or f"{base_url}/paper/{quote(card.slug, safe='')}"
    title = shorten(line(card.title), _LONGEST_TITLE)
    return Entry(
        number=place,
        title=title,
        url=url,
        organization=card.organization and shorten(line(card.organization), _LONGEST_NAME),
        byline=_byline(card, page.day),
        upvotes=number(card.upvotes) if card.upvotes > 0 else "",
        applause=ngettext("%(num)s upvote", "%(num)s upvotes", card.upvotes)
        if card.upvotes > 0
        else "",
        abstract=card.summary_by is None,
        finding=shorten(line(card.finding), _LONGEST_FINDING),
        reasons=tuple(_reasons(item, page)),
        links=tuple(_links(card, url)),
        rates=_rates(f"{page.rate_url}/{item.place}", title) if page.rate_url else (),
    )


def _rates(url: str, title: str) -> tuple[Rate, ...]:
    title = shorten(title, _LONGEST_CALL)
    more, less = _("More like this"), _("Less like this")
    return (
        Rate("+", more, _shorter(more, _("More")), f"{more}: {title}", f"{url}/more"),
        Rate("\N{MINUS SIGN}", less, _shorter(less, _("Less")), f"{less}: {title}", f"{url}/less"),
    )


def _shorter(label: str, short: str) -> str:
    return short if label.startswith(short) else label


def _reasons(item: Item, page: DigestPage) -> Iterator[Reason]:
    by_day = page.cadence in (Cadence.WEEKLY, Cadence.MONTHLY)
    for reason in item.reasons:
        # That it trends its section says, and the number stands beside it.
        if by_day or not reason.lead.startswith(TRENDING):
            told = said(reason)
            yield Reason(line(told.lead), tuple(line(chip) for chip in told.chips[:_MOST_CHIPS]))


def _byline(card: Card, day: date) -> str:
    parts = []
    if card.authors:
        alone = len(card.authors) == 1
        parts.append(
            shorten(line(card.authors[0]), _LONGEST_NAME)
            if alone
            else ngettext("%(num)s author", "%(num)s authors", len(card.authors))
        )
    if published := card.published_on:
        parts.append(short_day(published, year=published.year != day.year))
    return " · ".join(parts)


def _links(card: Card, url: str) -> Iterator[tuple[str, str]]:
    yield _("Abstract"), url
    comments = f" ({number(card.comments)})" if card.comments > 0 else ""
    for label, target in (
        (_("PDF"), card.pdf_url),
        (_("Code"), card.code_url),
        (_("Discussion") + comments, card.discussion_url),
    ):
        if address := _web_address(target):
            yield label, address


def _web_address(url: str | None) -> str | None:
    """Return *url* if it is one to follow; a source may say `javascript:`, too."""
    return url if url and _WEB_ADDRESS.fullmatch(url) else None

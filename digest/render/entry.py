"""A paper as an entry of a digest: one view of it for the HTML and the text part."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from digest.card import Card, shorten
from digest.language import gettext as _
from digest.language import ngettext, number, short_day
from digest.render.page import DigestPage, Item
from digest.render.reasons import Told, is_by_day, is_told, told
from digest.render.wording import line

# Real titles, organisations and findings are shorter: a monstrous one must not fill the mail.
_LONGEST_TITLE = 320
_LONGEST_NAME = 80
_LONGEST_FINDING = 400
_LONGEST_CALL = 60

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
    ordinal: str
    """Its number in the text part, as wide as the indentation of what stands below it."""
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
    reasons: tuple[Told, ...]
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
class Place:
    """What a mail tells of a paper besides what is on its card."""

    ordinal: str
    reasons: tuple[Told, ...]
    rate_url: str | None


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
            entries = tuple(entry(item, each, page, base_url) for each, item in numbered)
            yield Section(line(group.title), entries)
            first += len(entries)


def entry(item: Item, number: int, page: DigestPage, base_url: str) -> Entry:
    by_day = is_by_day(page.cadence)
    reasons = tuple(told(each) for each in item.reasons if is_told(each, by_day=by_day))
    rate_url = f"{page.rate_url}/{item.place}" if page.rate_url else None
    place = Place(ordinal(number), reasons, rate_url)
    return shown(item.card, place, page.day, base_url)


def ordinal(number: int) -> str:
    return f"{number:2d}. "


def shown(card: Card, place: Place, day: date, base_url: str) -> Entry:
    """Return *card* as an entry of a mail of *day*."""
    # A sample paper has no page but ours.
    url = _web_address(card.url) or f"{base_url}/paper/{quote(card.slug, safe='')}"
    # It is what is pressed: control characters alone would leave nothing of it.
    title = shorten(line(card.title), _LONGEST_TITLE) or line(card.slug)
    return Entry(
        ordinal=place.ordinal,
        title=title,
        url=url,
        organization=card.organization and shorten(line(card.organization), _LONGEST_NAME),
        byline=_byline(card, day),
        upvotes=number(card.upvotes) if card.upvotes > 0 else "",
        applause=ngettext("%(num)s upvote", "%(num)s upvotes", card.upvotes)
        if card.upvotes > 0
        else "",
        abstract=card.summary_by is None,
        finding=shorten(line(card.finding), _LONGEST_FINDING),
        reasons=place.reasons,
        links=tuple(_links(card, url)),
        rates=_rates(place.rate_url, title) if place.rate_url else (),
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

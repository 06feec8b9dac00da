"""A paper as an entry of a digest: one view of it for the HTML and the text part."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from digest.card import Card, Reason, shorten
from digest.render.page import DigestPage, Item
from digest.render.wording import count, line

# Real titles, organisations and findings are shorter: a monstrous one must not fill the mail.
_LONGEST_TITLE = 320
_LONGEST_NAME = 80
_LONGEST_FINDING = 400

_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"\\]+", re.IGNORECASE)


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
    rates: tuple[tuple[str, str, str], ...]
    """More and less like this: a sign, the word, and where it leads; none where nobody may rate."""

    @property
    def credits(self) -> str:
        """Who, when and how well received, on a line of text."""
        return " | ".join(filter(None, (self.organization, self.byline, self.applause)))


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


def sections(page: DigestPage, base_url: str) -> Iterator[Section]:
    """Return the groups of *page*, papers numbered through; one without any is left out."""
    number = 0
    for group in page.groups:
        if group.items:
            numbered = enumerate(group.items, number + 1)
            entries = tuple(entry(item, place, page, base_url) for place, item in numbered)
            yield Section(line(group.title), entries)
            number += len(entries)


def entry(item: Item, number: int, page: DigestPage, base_url: str) -> Entry:
    card = item.card
    # A sample paper has no page but ours.
    url = _web_address(card.url) or f"{base_url}/paper/{quote(card.slug, safe='')}"
    return Entry(
        number=number,
        title=shorten(line(card.title), _LONGEST_TITLE),
        url=url,
        organization=card.organization and shorten(line(card.organization), _LONGEST_NAME),
        byline=_byline(card, page.day),
        upvotes=f"{card.upvotes:,}" if card.upvotes > 0 else "",
        applause=count(card.upvotes, "upvote") if card.upvotes > 0 else "",
        abstract=card.summary_by is None,
        finding=shorten(line(card.finding), _LONGEST_FINDING),
        reasons=tuple(_tidy(reason) for reason in item.reasons),
        links=tuple(_links(card, url)),
        rates=_rates(f"{page.rate_url}/{item.place}") if page.rate_url else (),
    )


def _rates(url: str) -> tuple[tuple[str, str, str], ...]:
    return ("+", "More", f"{url}/more"), ("\N{MINUS SIGN}", "Less", f"{url}/less")


def _tidy(reason: Reason) -> Reason:
    return Reason(line(reason.lead), tuple(line(chip) for chip in reason.chips))


def _byline(card: Card, day: date) -> str:
    parts = []
    if card.authors:
        parts.append(count(len(card.authors), "author"))
    if published := card.published_on:
        year = "" if published.year == day.year else f", {published.year}"
        parts.append(f"{published:%b} {published.day}{year}")
    return " · ".join(parts)


def _links(card: Card, url: str) -> Iterator[tuple[str, str]]:
    yield "Abstract", url
    comments = f" ({card.comments:,})" if card.comments > 0 else ""
    for label, target in (
        ("PDF", card.pdf_url),
        ("Code", card.code_url),
        (f"Discussion{comments}", card.discussion_url),
    ):
        if address := _web_address(target):
            yield label, address


def _web_address(url: str | None) -> str | None:
    """Return *url* if it is one to follow; a source may say `javascript:`, too."""
    return url if url and _WEB_ADDRESS.fullmatch(url) else None

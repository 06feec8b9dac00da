"""arXiv's own announcements, by category, and whatever else it answers with."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from digest.errors import BadDocument, BadInput
from digest.sources import authors, oai, syndication, text
from digest.sources.announcements import announced, eastern_day
from digest.sources.dois import doi
from digest.sources.download import Http
from digest.sources.entry import (
    Document,
    Entry,
    Unreadable,
    Unwanted,
    arxiv_id,
    each_read,
    needed,
    numbered,
)
from digest.sources.syndication import Item

AT_ONCE = 50
"""The most papers that are filled in by one request."""

# An abstract begins: arXiv:2203.01250v3 Announce Type: replace-cross Abstract: We show
_PREFIX = re.compile(r"arXiv:\S+ Announce Type: ([a-z-]+)(?: Abstract:)? ?", re.IGNORECASE)
# Before 2024 a title ended: Bounds. (arXiv:2203.01250v3 [cs.LG] UPDATED)
_TAIL = re.compile(r"\.?\s*\(arXiv:\S+ \[([A-Za-z.-]+)\](?: (UPDATED|CROSS LISTED))?\)$")
_LISTING = re.compile(r"[a-z-]+(\.[A-Za-z-]+)?(\+[a-z-]+(\.[A-Za-z-]+)?)*")
_LATEST = timedelta(days=62)
"""A paper is announced in the month of its id or in the next one."""


class Arxiv:
    """Announcements of the categories in *listing*, such as cs.AI+cs.LG; without it, papers."""

    name = "arxiv"

    def __init__(
        self,
        listing: str | None = None,
        base_url: str = "https://rss.arxiv.org",
        *,
        query_url: str = "https://export.arxiv.org/api/query",
        archive_url: str = "https://oaipmh.arxiv.org/oai",
    ) -> None:
        if listing is not None and not _LISTING.fullmatch(listing):
            raise BadInput(f"{listing!r} names no arXiv categories; write cs.AI+cs.LG")
        self.listing = listing
        self._base_url = base_url
        self._query_url = query_url
        self._archive_url = archive_url

    def read(
        self, http: Http, now: datetime, day: date | None = None
    ) -> list[tuple[date, Document]]:
        """
        Return today's announcements; at weekends and on holidays there are none.

        A list that is empty although papers were to be announced carries a warning.

        Raises:
            FetchError: they could not be read.
            BadDocument: the answer is no feed.
            BadInput: *day* is not today.

        """
        today = now.astimezone(UTC).date()
        if day not in (None, today):
            raise BadInput(f"arXiv's feed holds today's papers only and cannot be asked for {day}")
        document = parse(http.get(f"{self._base_url}/rss/{'+'.join(self._categories())}"))
        listed = eastern_day(now)
        if document == Document() and announced(listed):
            warning = f"arXiv's feed is empty, although {listed} is a day with announcements"
            document = replace(document, warning=warning)
        return [(today, document)]

    def fill(self, http: Http, identifiers: Sequence[str]) -> Document:
        """
        Return what arXiv knows of the papers *identifiers*, at most `AT_ONCE` of them.

        Raises:
            FetchError: it could not be asked.
            BadDocument: the answer is none, or says that an id is wrong.
            BadInput: these are too many.

        """
        if len(identifiers) > AT_ONCE:
            raise BadInput(f"arXiv is asked for at most {AT_ONCE} papers at once")
        asked = {"id_list": ",".join(identifiers), "max_results": str(AT_ONCE)}
        return parse(http.get(self._query_url, params=asked))

    def harvest(
        self, http: Http, from_day: date, to_day: date, token: str | None = None
    ) -> Document:
        """
        Return a page of what changed from *from_day* to *to_day*, one category after the other.

        The document's `resume` is the *token* of the next page; the last page has none.

        Raises:
            FetchError: the archive could not be asked.
            BadDocument: its answer is none, or an error.

        """
        sets = [oai.set_named(category) for category in self._categories()]
        place, _, rest = (token or "0 ").partition(" ")
        asked = oai.question(from_day, to_day, sets[int(place)], rest or None)
        page = oai.parse(http.get(self._archive_url, params=asked))
        following = int(place) + 1
        if page.resume:
            return replace(page, resume=f"{place} {page.resume}")
        return replace(page, resume=f"{following} " if following < len(sets) else None)

    def _categories(self) -> list[str]:
        if self.listing is None:
            raise BadInput("no arXiv categories are named; write arxiv:cs.AI+cs.LG")
        return self.listing.split("+")


def parse(body: bytes) -> Document:
    """
    Return what *body* holds: RSS, Atom or RDF of the lists, the query API's or OAI-PMH's answer.

    Raises:
        BadDocument: it is none of these, or an answer that reports an error.

    """
    if oai.is_one(body):
        return oai.parse(body)
    feed = syndication.opened(body)
    for item in feed.items:
        if item.error:
            raise BadDocument(item.error)
    return replace(each_read(numbered("entry", feed.items), _entry), warning=feed.warning)


def _entry(item: Item) -> Entry:
    identifier = arxiv_id(item["id"]) or arxiv_id(item["link"])
    if identifier is None:
        raise Unreadable("no arXiv id")
    announcement = text.clean(item["summary"], text.ABSTRACT)
    prefix = _PREFIX.match(announcement)
    tail = _TAIL.search(item["title"].strip())
    if _replaces(item["arxiv_announce_type"] or (prefix[1] if prefix else ""), tail):
        raise Unwanted(f"{identifier} is a new version, not a new paper")
    title = item["title"].strip()[: tail.start()] if tail else item["title"]
    abstract = announcement[prefix.end() :] if prefix else announcement
    return Entry(
        external_id=identifier,
        doi=doi(item["arxiv_doi"]),
        title=needed(identifier, "title", text.clean(title, text.TITLE)),
        abstract=needed(identifier, "abstract", abstract),
        authors=_authors(item),
        categories=_categories(item, tail),
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
        published_at=_published_at(item, identifier),
    )


def _replaces(announce_type: str, tail: re.Match[str] | None) -> bool:
    updated = tail is not None and tail[2] == "UPDATED"
    return updated or announce_type.strip().lower().startswith("replace")


def _authors(item: Item) -> tuple[str, ...]:
    creators = item.creators
    return authors.cleaned(name for each in creators for name in authors.split_authors(each))


def _categories(item: Item, tail: re.Match[str] | None) -> tuple[str, ...]:
    primary = item.primary_category or (tail[1] if tail else "")
    return text.clean_each([primary, *item.tags], text.KEYWORD, text.KEYWORDS)


def _published_at(item: Item, identifier: str) -> datetime | None:
    announced_at = item.published_at
    if announced_at is None:
        return None
    year = int(identifier.rpartition("/")[2][:2])
    month = int(identifier.rpartition("/")[2][2:4])
    century = 1900 if year > 90 else 2000  # noqa: PLR2004  arXiv began in 1991
    first = datetime(century + year, month, 1, tzinfo=UTC)
    # A cross-list may be announced years after the paper: that is not when it came out.
    return announced_at if abs(announced_at - first) < _LATEST else None

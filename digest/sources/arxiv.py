"""arXiv's own announcements, by category, as RSS or Atom."""

import io
import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import feedparser

from digest.errors import BadDocument, BadInput
from digest.sources import text
from digest.sources.download import Http
from digest.sources.entry import Document, Entry, Unreadable, Unwanted, arxiv_id, needed, what_it_is

# An abstract begins: arXiv:2203.01250v3 Announce Type: replace-cross Abstract: We show
_PREFIX = re.compile(r"arXiv:\S+ Announce Type: ([a-z-]+)(?: Abstract:)? ?", re.IGNORECASE)
_LISTING = re.compile(r"[a-z-]+(\.[A-Za-z-]+)?(\+[a-z-]+(\.[A-Za-z-]+)?)*")
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV)\.?")
_LATEST = timedelta(days=62)
"""A paper is announced in the month of its id or in the next one."""


class Arxiv:
    """Today's announcements of the categories in *listing*, such as cs.AI+cs.LG."""

    name = "arxiv"

    def __init__(self, listing: str, base_url: str = "https://rss.arxiv.org") -> None:
        if not _LISTING.fullmatch(listing):
            raise BadInput(f"{listing!r} names no arXiv categories; write cs.AI+cs.LG")
        self._url = f"{base_url}/rss/{listing}"

    def read(
        self, http: Http, now: datetime, day: date | None = None
    ) -> list[tuple[date, Document]]:
        """
        Return today's announcements; at weekends and on holidays there are none.

        Raises:
            FetchError: they could not be read.
            BadDocument: the answer is no feed.
            BadInput: *day* is not today.

        """
        today = now.astimezone(UTC).date()
        if day not in (None, today):
            raise BadInput(f"arXiv's feed holds today's papers only and cannot be asked for {day}")
        return [(today, parse(http.get(self._url)))]


def parse(body: bytes) -> Document:
    """
    Return what the feed *body* holds, in its order; what breaks off keeps what came before.

    Raises:
        BadDocument: it is no feed.

    """
    feed = _feed(body)
    entries, unreadable, unwanted = [], [], []
    for place, item in enumerate(feed.entries, start=1):
        try:
            entries.append(_entry(item))
        except Unwanted as exc:
            unwanted.append(str(exc))
        except Unreadable as exc:
            unreadable.append(f"entry {place}: {exc}")
    return Document(
        entries=tuple(entries),
        unreadable=tuple(unreadable),
        unwanted=tuple(unwanted),
        warning=_warning(feed),
    )


def _feed(body: bytes) -> Any:  # noqa: ANN401  feedparser has no types
    # Not the bytes themselves: feedparser would take b"/etc/passwd" for a path and read it.
    # No sanitising: it takes "p<q" for a tag. `text.clean` knows better, and comes anyway.
    try:
        feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    except Exception as exc:  # its bugs on broken markup have no common name
        raise BadDocument(f"no feed that can be read but {what_it_is(body)}") from exc
    if not feed.get("version"):
        raise BadDocument(f"no feed but {what_it_is(body)}")
    return feed


def _warning(feed: Any) -> str | None:  # noqa: ANN401
    # An encoding that was declared wrongly and put right is nothing to warn of.
    if not feed.bozo or isinstance(feed.bozo_exception, feedparser.CharacterEncodingOverride):
        return None
    where = str(feed.bozo_exception).removeprefix("<unknown>:")
    return f"the feed breaks off or is damaged at {text.clean(where, text.TITLE)}"


def _entry(item: Any) -> Entry:  # noqa: ANN401
    identifier = arxiv_id(_string(item, "id")) or arxiv_id(_string(item, "link"))
    if identifier is None:
        raise Unreadable("no arXiv id")
    announcement = text.clean(_string(item, "summary"), text.ABSTRACT)
    prefix = _PREFIX.match(announcement)
    kind = _string(item, "arxiv_announce_type") or (prefix[1] if prefix else "new")
    if kind.strip().lower().startswith("replace"):
        raise Unwanted(f"{identifier} is a new version, not a new paper")
    abstract = announcement[prefix.end() :] if prefix else announcement
    return Entry(
        external_id=identifier,
        title=needed(identifier, "title", text.clean(_string(item, "title"), text.TITLE)),
        abstract=needed(identifier, "abstract", abstract),
        authors=_authors(item),
        categories=_categories(item),
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
        published_at=_published_at(item, identifier),
    )


def _string(item: Any, name: str) -> str:  # noqa: ANN401
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _categories(item: Any) -> tuple[str, ...]:  # noqa: ANN401
    terms = (tag.get("term") for tag in item.get("tags") or ())
    return text.clean_each(terms, text.KEYWORD, text.KEYWORDS)


def _authors(item: Any) -> tuple[str, ...]:  # noqa: ANN401
    creators = (author.get("name") or "" for author in item.get("authors") or ())
    names = (name for creator in creators for name in split_authors(creator))
    return text.clean_each(names, text.AUTHOR, text.AUTHORS)


def split_authors(creators: str) -> Iterator[str]:
    """Yield the names in "Ann Lee, Bo Ek (CERN, Geneva), Cy Poe, Jr.", without affiliations."""
    line = text.clean(creators, text.AUTHOR * text.AUTHORS)
    name = ""
    for part in re.split(r",|\band\b", _outside_brackets(line)):
        part = " ".join(part.split())  # noqa: PLW2901
        if _SUFFIX.fullmatch(part):
            name = f"{name} {part}"
            continue
        if name:
            yield name
        name = part
    if name:
        yield name


def _outside_brackets(line: str) -> str:
    if line.count("(") != line.count(")"):
        return line
    return "".join(_at_depth_zero(line))


def _at_depth_zero(line: Iterable[str]) -> Iterator[str]:
    depth = 0
    for each in line:
        depth += each == "("
        if depth <= 0:
            yield each
        depth -= each == ")"


def _published_at(item: Any, identifier: str) -> datetime | None:  # noqa: ANN401
    try:
        announced = datetime.fromtimestamp(timegm(item.get("published_parsed")), UTC)
        first = datetime(2000 + int(identifier[:2]), int(identifier[2:4]), 1, tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    # A cross-list may be announced years after the paper: that is not when it came out.
    return announced if abs(announced - first) < _LATEST else None

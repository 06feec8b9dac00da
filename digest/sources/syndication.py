"""RSS, Atom and RDF, opened with care; what their items say is read elsewhere."""

import io
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser

from digest.errors import BadDocument
from digest.sources import text
from digest.sources.entry import what_it_is

MOST_BYTES, MOST_TAGS = 12_000_000, 125_000
"""The largest feed of arXiv has half of these; without an end they would fill the memory."""

_ERRORS = "arxiv.org/api/errors"


class Item:
    """One item of a feed; a field that it lacks is empty."""

    def __init__(self, fields: Any) -> None:  # noqa: ANN401  feedparser has no types
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        value = self._fields.get(name)
        return value if isinstance(value, str) else ""

    @property
    def creators(self) -> list[str]:
        """The authors as they stand there: one name each, or many in one."""
        return self._parts("authors", "name")

    @property
    def tags(self) -> list[str]:
        return self._parts("tags", "term")

    @property
    def contents(self) -> list[str]:
        """The summary, and what the item holds beside it."""
        return [self["summary"], *self._parts("content", "value")]

    def _parts(self, name: str, part: str) -> list[str]:
        # An element <authors>, which no standard knows, would stand here as a text.
        values = self._fields.get(name)
        parts = values if isinstance(values, list) else []
        said = [each.get(part) for each in parts if isinstance(each, dict)]
        return [each for each in said if isinstance(each, str)]

    @property
    def primary_category(self) -> str:
        primary = self._fields.get("arxiv_primary_category")
        term = primary.get("term") if isinstance(primary, dict) else None
        return term if isinstance(term, str) else ""

    @property
    def error(self) -> str | None:
        """What arXiv's API says in the place of papers where it was asked for something odd."""
        if _ERRORS not in self["id"]:
            return None
        said = text.clean(self["summary"], text.TITLE) or "an error without a name"
        return f"arXiv answered with an error: {said}"

    @property
    def published_at(self) -> datetime | None:
        for name in ("published_parsed", "updated_parsed"):
            # Past feedparser's own lookup, which passes one off as the other, with a warning.
            parsed: Any = dict.get(self._fields, name)
            try:
                return datetime.fromtimestamp(timegm(parsed), UTC)
            except (TypeError, ValueError, OverflowError, OSError):
                continue
        return None


@dataclass(frozen=True, slots=True)
class Opened:
    title: str
    items: tuple[Item, ...]
    warning: str | None


def opened(body: bytes) -> Opened:
    """
    Return the items of the feed *body*; what breaks off keeps what came before.

    Raises:
        BadDocument: it is no feed.

    """
    if len(body) > MOST_BYTES or body.count(b"<") > MOST_TAGS:
        raise BadDocument("a feed of a size that no honest feed has")
    # Not the bytes themselves: feedparser would take b"/etc/passwd" for a path and read it.
    # No sanitising: it takes "p<q" for a tag. `text.clean` knows better, and comes anyway.
    try:
        feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    except Exception as exc:  # its bugs on broken markup have no common name
        raise BadDocument(f"no feed that can be read but {what_it_is(body)}") from exc
    if not feed.get("version"):
        raise BadDocument(f"no feed but {what_it_is(body)}")
    items = tuple(Item(fields) for fields in feed.entries)
    return Opened(text.clean(feed.feed.get("title"), text.TITLE), items, _warning(feed))


def _warning(feed: Any) -> str | None:  # noqa: ANN401
    # An encoding that was declared wrongly and put right is nothing to warn of.
    if not feed.bozo or isinstance(feed.bozo_exception, feedparser.CharacterEncodingOverride):
        return None
    where = str(feed.bozo_exception).removeprefix("<unknown>:")
    return f"the feed breaks off or is damaged at {text.clean(where, text.TITLE)}"

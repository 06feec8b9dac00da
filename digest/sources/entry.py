"""What a source says: entries, and what could not be read beside them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from digest.errors import BadDocument

_Item = TypeVar("_Item")

# Since 2007 2203.01250 (four digits after the point until 2014), before that hep-th/9901001.
_MONTH = "[0-9]{2}(?:0[1-9]|1[0-2])"
_ARXIV_ID = re.compile(
    rf"(?:^|[:/])(?:({_MONTH}\.[0-9]{{4,5}})|([a-z-]+)(?:\.[A-Z]{{2}})?/({_MONTH}[0-9]{{3}}))(?:v[0-9]+)?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One paper as one source shows it, cleaned; `digest.models.Paper` explains the fields."""

    external_id: str
    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    organization: str | None = None
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    summary: str | None = None
    summary_by: str | None = None
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    project_url: str | None = None
    discussion_url: str | None = None
    published_at: datetime | None = None
    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None
    sample: bool = False
    doi: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    All that one document holds: each of its entries is in exactly one of the first three.

    *unreadable* and *unwanted* hold one reason for each entry that was skipped: it made no
    sense, or it made sense and is no new paper. *warning* is about the document as a whole,
    *title* is what it calls itself, *hosts* are those that its links lead to, the most frequent
    first, and with *resume* an archive is asked for what comes next, which is *left* entries more,
    where it says so.
    """

    entries: tuple[Entry, ...] = ()
    unreadable: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    warning: str | None = None
    title: str | None = None
    hosts: tuple[str, ...] = ()
    resume: str | None = None
    left: int | None = None


class Unreadable(Exception):
    """One entry makes no sense; it is skipped, and the others are kept."""


class Unwanted(Exception):
    """One entry is no new paper; it is skipped, and the others are kept."""


def numbered(called: str, items: Iterable[_Item]) -> Iterator[tuple[str, _Item]]:
    """Yield each of *items* with its name in messages: row 1, row 2."""
    return ((f"{called} {place}", item) for place, item in enumerate(items, start=1))


def each_read(items: Iterable[tuple[str, _Item]], read: Callable[[_Item], Entry]) -> Document:
    """Return what *read* makes of *items*; one of which it makes nothing stops no other."""
    entries, unreadable, unwanted = [], [], []
    for called, item in items:
        try:
            entries.append(read(item))
        except Unwanted as exc:
            unwanted.append(str(exc))
        except Unreadable as exc:
            unreadable.append(f"{called}: {exc}")
    return Document(entries=tuple(entries), unreadable=tuple(unreadable), unwanted=tuple(unwanted))


def needed(identifier: str, name: str, value: str) -> str:
    """
    Return *value*, without which nobody could be shown the paper.

    Raises:
        Unreadable: it is empty.

    """
    if not value:
        raise Unreadable(f"{identifier} has no {name}")
    return value


def check_readable(document: Document) -> None:
    """
    Accept a document that is empty, or in which something made sense.

    Raises:
        BadDocument: none of its entries did, or it broke off before the first.

    """
    if document.entries or document.unwanted:
        return
    if document.unreadable:
        number, first = len(document.unreadable), document.unreadable[0]
        raise BadDocument(f"of {number} entries none can be read; {first}", skipped=number)
    if document.warning:
        raise BadDocument(document.warning)


def arxiv_id(text: str) -> str | None:
    """
    Return the paper's arXiv id at the end of *text*, without its version; None if there is none.

    The subject class of an old id (`math.GT/0309136`) is no part of it and goes too.
    """
    found = _ARXIV_ID.search(text.strip())
    if found is None:
        return None
    new, archive, number = found.groups()
    return new or f"{archive}/{number}"


def what_it_is(body: bytes) -> str:
    """Return what *body* looks like, in words for the person who took it for something else."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if not start:
        return "an empty document"
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if start.startswith(b"<"):
        return "an XML document"
    if start.startswith((b"{", b"[")):
        return "a JSON document"
    return "neither JSON nor XML"

"""Papers from a file, one JSON object a line."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from digest.errors import BadDocument
from digest.sources import authors, text
from digest.sources.dois import arxiv_id_of_doi, arxiv_id_of_link, doi
from digest.sources.encodings import in_utf8
from digest.sources.entry import (
    Document,
    Entry,
    Unreadable,
    arxiv_id,
    each_read,
    needed,
    what_it_is,
)
from digest.sources.fields import count, moment

_OWN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,149}")

_Line = tuple[int, bytes]


def parse(body: bytes) -> Document:
    """
    Return the papers of *body*, in its order.

    Raises:
        BadDocument: not one of its lines holds a JSON object.

    """
    body = in_utf8(body)
    return _document(body, _lines(body))


def by_day(body: bytes) -> list[tuple[date | None, Document]]:
    """
    Return the papers of *body* by the day on which they were listed, the earliest first.

    That is a line's `day` or, where it has none, its `date`; None where it has neither.

    Raises:
        BadDocument: not one of its lines holds a JSON object.

    """
    body = in_utf8(body)
    days: dict[date | None, list[_Line]] = {}
    for line in _lines(body):
        days.setdefault(_day(line[1]), []).append(line)
    if len(days) < 2:  # noqa: PLR2004
        return [(day, _document(body, lines)) for day, lines in days.items()]
    listed = sorted(days.items(), key=lambda each: each[0] or date.min)
    return [(day, _each_line(lines)) for day, lines in listed]


def _lines(body: bytes) -> list[_Line]:
    # Not splitlines(): a form feed within a line ends none.
    lines = body.split(b"\n")
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _document(body: bytes, lines: list[_Line]) -> Document:
    if lines and not any(line.lstrip().startswith(b"{") for _, line in lines):
        raise BadDocument(f"no lines of JSON objects but {what_it_is(body)}")
    document = _each_line(lines)
    broken = sum(not _is_json(line) for _, line in lines)
    if document.entries and broken:
        return replace(document, warning=f"{broken} of {len(lines)} lines are no JSON")
    return document


def _is_json(line: bytes) -> bool:
    # A line that was cut off does not end its object; what is inside was looked at already.
    return line.lstrip().startswith(b"{") and line.rstrip().endswith(b"}")


def _each_line(lines: list[_Line]) -> Document:
    return each_read(
        ((f"line {number}", line) for number, line in lines), lambda line: _entry(_row(line))
    )


def _row(line: bytes) -> Mapping[str, object]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise Unreadable("no JSON") from exc
    if not isinstance(row, dict):
        raise Unreadable("no JSON object")
    return row


def _day(line: bytes) -> date | None:
    try:
        row = _row(line)
        return date.fromisoformat(str(row.get("day") or row.get("date"))[:10])
    except (Unreadable, ValueError):
        return None


def _entry(row: Mapping[str, object]) -> Entry:
    given = text.clean(row.get("id"), text.TITLE)
    name = doi(_said(row, "doi")) or doi(given)
    identifier = arxiv_id(given) or arxiv_id_of_link(given) or arxiv_id_of_doi(name)
    known = identifier or name or _own_id(given)
    summary = text.clean(row.get("ai_summary"), text.SUMMARY) or None
    return Entry(
        external_id=known,
        doi=None if arxiv_id_of_doi(name) else name,
        title=needed(known, "title", text.clean(row.get("title"), text.TITLE)),
        abstract=needed(known, "abstract", text.clean(row.get("abstract"), text.ABSTRACT)),
        authors=_authors(row.get("authors")),
        organization=_organization(row.get("organization")),
        categories=_words(row, "categories") or _words(row, "arxiv_categories"),
        keywords=_words(row, "ai_keywords") or _words(row, "keywords"),
        summary=summary,
        summary_by="Hugging Face" if summary else None,
        published_at=moment(row.get("published_at") or row.get("date")),
        upvotes=count(row.get("upvotes")),
        comments=count(row.get("num_comments")),
        stars=count(row.get("github_stars")),
        url=_page(row, identifier, name),
        pdf_url=f"https://arxiv.org/pdf/{identifier}" if identifier else None,
        code_url=text.link(row.get("github_repo")),
        project_url=text.link(row.get("project_page")),
        # Only these lists were discussed there.
        discussion_url=f"https://huggingface.co/papers/{identifier}"
        if identifier and "num_comments" in row
        else None,
    )


def _own_id(given: str) -> str:
    if not _OWN_ID.fullmatch(given):
        raise Unreadable(f"{text.clean(given, text.KEYWORD)!r} is no id")
    return given


def _page(row: Mapping[str, object], identifier: str | None, name: str | None) -> str | None:
    if identifier:
        return f"https://arxiv.org/abs/{identifier}"
    return text.link(row.get("url")) or (text.link(f"https://doi.org/{name}") if name else None)


def _said(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _authors(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return authors.cleaned(authors.split_authors(value))
    names = value if isinstance(value, list) else []
    return authors.cleaned(name for name in names if isinstance(name, str))


def _organization(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("fullname") or value.get("name")
    return text.clean(value, text.ORGANIZATION) or None


def _words(row: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = row.get(name)
    words = value.split() if isinstance(value, str) else value
    return text.clean_each(words if isinstance(words, list) else [], text.KEYWORD, text.KEYWORDS)

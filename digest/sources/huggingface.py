"""Hugging Face Daily Papers: what people submitted and voted for, day by day."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from digest.errors import BadDocument, FetchError
from digest.sources import text
from digest.sources.download import Http
from digest.sources.encodings import in_utf8
from digest.sources.entry import (
    Document,
    Entry,
    Unreadable,
    arxiv_id,
    each_read,
    needed,
    numbered,
    what_it_is,
)
from digest.sources.fields import count, moment

DAYS_BACK = 4
"""There is no list at weekends; this reaches over one, and a holiday on either side."""
DAYS_AGAIN = 3
"""Lists of so many days are read every time: their papers are still being voted for."""
ON_A_PAGE, PAGES = 100, 5

_DECODER = json.JSONDecoder()
_BEGINNING = re.compile(r"[^\s,]")
_MOST_BYTES, _MOST_MARKS = 6_000_000, 300_000
"""A full page has a tenth of these; without an end its values would fill the memory."""

_Row = Mapping[str, object]


class HuggingFace:
    """The daily lists, newest first, and what is trending."""

    name = "huggingface"

    def __init__(self, base_url: str = "https://huggingface.co") -> None:
        self._base_url = base_url

    def read(
        self, http: Http, now: datetime, day: date | None = None
    ) -> list[tuple[date, Document]]:
        """
        Return the list of *day*.

        Without one: those of the last days, at least back to the newest that is not empty, and
        beside them what is trending, each paper by the day on which it was listed.

        Raises:
            FetchError: nothing could be read.
            BadDocument: the answer is no such list.

        """
        if day:
            return [(day, self._list(http, day))]
        today = now.astimezone(UTC).date()
        lists: dict[date, Document] = {}
        try:
            self._add_days(http, today, lists)
            self._add_trending(http, today, lists)
        except (FetchError, BadDocument) as exc:
            # What was read before is good; a day without the rest is better than no day.
            if not lists:
                raise
            newest = max(lists)
            lists[newest] = replace(lists[newest], warning=f"not all was read: {exc}")
        return list(lists.items()) or [(today, Document())]

    def _list(self, http: Http, day: date) -> Document:
        rows: list[object] = []
        for page in range(PAGES):
            found = self._ask(http, date=day.isoformat(), p=str(page))
            rows += found
            if len(found) < ON_A_PAGE:
                break
        return _read(rows)

    def _add_days(self, http: Http, today: date, lists: dict[date, Document]) -> None:
        for back in range(DAYS_BACK + 1):
            if lists and back >= DAYS_AGAIN:
                return
            listed = today - timedelta(days=back)
            document = self._list(http, listed)
            if document != Document():
                lists[listed] = document

    def _add_trending(self, http: Http, today: date, lists: dict[date, Document]) -> None:
        """Add what is trending and in none of *lists*, each paper to the list of its day."""
        known = {entry.external_id for document in lists.values() for entry in document.entries}
        by_day: dict[date, list[object]] = {}
        for row in self._ask(http, sort="trending"):
            by_day.setdefault(min(_listed_on(row) or today, today), []).append(row)
        for day, rows in by_day.items():
            fresh = tuple(each for each in _read(rows).entries if each.external_id not in known)
            if fresh:
                listed = lists.get(day, Document())
                lists[day] = replace(listed, entries=listed.entries + fresh)

    def _ask(self, http: Http, **asked: str) -> list[object]:
        asked = {**asked, "limit": str(ON_A_PAGE)}
        rows, broken = _rows(http.get(f"{self._base_url}/api/daily_papers", params=asked))
        if broken:
            raise BadDocument("the list of daily papers breaks off")
        return rows


def parse(body: bytes) -> Document:
    """
    Return what the JSON list *body* holds, in its order.

    Raises:
        BadDocument: it is no JSON list.

    """
    rows, broken = _rows(body)
    document = _read(rows)
    return replace(document, warning="breaks off in mid-list") if broken else document


def _read(rows: list[object]) -> Document:
    return each_read(numbered("row", rows), lambda row: _entry(_merged(row)))


def _listed_on(row: object) -> date | None:
    try:
        listed_at = moment(_merged(row).get("submittedOnDailyAt"))
    except Unreadable:
        return None
    return listed_at.date() if listed_at else None


def _rows(body: bytes) -> tuple[list[object], bool]:
    """Return the rows of *body*, and whether it breaks off behind them."""
    if len(body) > _MOST_BYTES or sum(map(body.count, (b"{", b"[", b","))) > _MOST_MARKS:
        raise BadDocument("a JSON document of a size that no list of daily papers has")
    body = in_utf8(body)
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError) as exc:
        if rows := _whole_rows(body):
            return rows, True
        raise BadDocument(f"no list of daily papers but {what_it_is(body)}") from exc
    if isinstance(rows, dict):
        keys = text.clean(", ".join(sorted(rows)), text.TITLE) or "none"
        raise BadDocument(f"no list of daily papers but a JSON object with the keys: {keys}")
    if not isinstance(rows, list):
        raise BadDocument(f"no list of daily papers but a JSON {type(rows).__name__}")
    return rows, False


def _whole_rows(body: bytes) -> list[object]:
    """Return the rows of a list that was cut off, as far as they are whole."""
    said = body.decode("utf-8", "replace").strip()
    rows: list[object] = []
    place = 1 if said.startswith("[") else len(said)
    while found := _BEGINNING.search(said, place):
        try:
            row, place = _DECODER.raw_decode(said, found.start())
        except (ValueError, RecursionError):
            break
        rows.append(row)
    return rows


def _merged(row: object) -> _Row:
    """Return the fields of *row* and of the paper inside it: over the years they moved about."""
    if not isinstance(row, dict):
        raise Unreadable(f"{text.clean(json.dumps(row), text.KEYWORD)} is no object")
    paper = row.get("paper")
    if not isinstance(paper, dict):
        raise Unreadable("no paper in it")
    return {**row, **{name: value for name, value in paper.items() if value not in (None, "")}}


def _identifier(row: _Row) -> str:
    given = row.get("id")
    identifier = arxiv_id(given) if isinstance(given, str) else None
    if identifier is None:
        raise Unreadable(f"{text.clean(given, text.KEYWORD)!r} is no arXiv id")
    return identifier


def _entry(row: _Row) -> Entry:
    identifier = _identifier(row)
    summary = text.clean(row.get("ai_summary"), text.SUMMARY) or None
    return Entry(
        external_id=identifier,
        title=needed(identifier, "title", text.clean(row.get("title"), text.TITLE)),
        abstract=needed(identifier, "abstract", text.clean(row.get("summary"), text.ABSTRACT)),
        authors=_authors(row),
        organization=_organization(row),
        keywords=text.clean_each(_list(row, "ai_keywords"), text.KEYWORD, text.KEYWORDS),
        summary=summary,
        summary_by="Hugging Face" if summary else None,
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
        code_url=text.link(row.get("githubRepo")),
        project_url=text.link(row.get("projectPage")),
        discussion_url=f"https://huggingface.co/papers/{identifier}",
        published_at=moment(row.get("publishedAt")),
        upvotes=count(row.get("upvotes")),
        comments=count(row.get("numComments")),
        stars=count(row.get("githubStars")),
    )


def _authors(row: _Row) -> tuple[str, ...]:
    names = [
        author.get("name")
        for author in _list(row, "authors")
        if isinstance(author, dict) and author.get("hidden") is not True
    ]
    return text.clean_each(names, text.AUTHOR, text.AUTHORS)


def _organization(row: _Row) -> str | None:
    organization = row.get("organization")
    if not isinstance(organization, dict):
        return None
    for name in ("fullname", "name"):
        if cleaned := text.clean(organization.get(name), text.ORGANIZATION):
            return cleaned
    return None


def _list(row: _Row, name: str) -> list[object]:
    value = row.get(name)
    return value if isinstance(value, list) else []

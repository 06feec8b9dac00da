"""Hugging Face Daily Papers: what people submitted and voted for, day by day."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from digest.errors import BadDocument
from digest.sources import text
from digest.sources.download import Http
from digest.sources.entry import Document, Entry, Unreadable, arxiv_id, needed, what_it_is

DAYS_BACK = 4
"""There is no list at weekends; this reaches over one, and a holiday on either side."""

_MOST = 10_000_000
"""More of anything was not counted but made up, and would not fit into a column."""

_Row = Mapping[str, object]


class HuggingFace:
    """The daily list, newest first."""

    name = "huggingface"

    def __init__(self, base_url: str = "https://huggingface.co") -> None:
        self._base_url = base_url

    def read(
        self, http: Http, now: datetime, day: date | None = None
    ) -> list[tuple[date, Document]]:
        """
        Return the list of *day*; without one the newest that is not empty, with its day.

        Raises:
            FetchError: it could not be read.
            BadDocument: the answer is no such list.

        """
        if day:
            return [(day, self._list(http, day))]
        today = now.astimezone(UTC).date()
        for back in range(DAYS_BACK + 1):
            listed = today - timedelta(days=back)
            document = self._list(http, listed)
            if document != Document():
                return [(listed, document)]
        return [(today, Document())]

    def _list(self, http: Http, day: date) -> Document:
        asked = {"date": day.isoformat(), "limit": "100", "p": "0"}
        return parse(http.get(f"{self._base_url}/api/daily_papers", params=asked))


def parse(body: bytes) -> Document:
    """
    Return what the JSON list *body* holds, in its order.

    Raises:
        BadDocument: it is no JSON list.

    """
    entries, unreadable = [], []
    for place, row in enumerate(_rows(body), start=1):
        try:
            entries.append(_entry(_merged(row)))
        except Unreadable as exc:
            unreadable.append(f"row {place}: {exc}")
    return Document(entries=tuple(entries), unreadable=tuple(unreadable))


def _rows(body: bytes) -> list[object]:
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise BadDocument(f"no list of daily papers but {what_it_is(body)}") from exc
    if isinstance(rows, dict):
        keys = text.clean(", ".join(sorted(rows)), text.TITLE) or "none"
        raise BadDocument(f"no list of daily papers but a JSON object with the keys: {keys}")
    if not isinstance(rows, list):
        raise BadDocument(f"no list of daily papers but a JSON {type(rows).__name__}")
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
        published_at=_moment(row.get("publishedAt")),
        upvotes=_count(row.get("upvotes")),
        comments=_count(row.get("numComments")),
        stars=_count(row.get("githubStars")),
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


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

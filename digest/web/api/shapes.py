"""Shapes: what the API answers with, as dataclasses, from which their JSON schemas are made."""

from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

Schema = dict[str, Any]

_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where more of a paper is to be had."""

    page: Annotated[str, "Its page here."]
    abstract: str | None
    pdf: str | None
    code: str | None
    project: str | None
    discussion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper."""

    id: Annotated[str, "Its name in addresses here; for arXiv's papers their id, `/` being `-`."]
    title: str
    abstract: Annotated[str, "Empty where its source gives none."]
    summary: Annotated[str, "The finding in a sentence; `summary_by` says who wrote it."]
    summary_by: Annotated[
        str | None, "Whose machine wrote `summary`; null: it is a sentence of the abstract."
    ]
    authors: tuple[str, ...]
    organization: str | None
    published_on: date | None
    upvotes: Annotated[int, "The most that one source counted."]
    comments: Annotated[int, "The most that one source counted."]
    topics: Annotated[
        tuple[str, ...], "Names from `/topics`, the surest first; papers of 32 days have them."
    ]
    links: Addresses
    sample: Annotated[bool, "Invented, for the sample day of a new installation."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A source that showed a paper."""

    source: str
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePaper(Paper):
    """A paper, and where it was seen."""

    seen: Annotated[tuple[Seen, ...], "The first to show it first."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A page of the papers that one day listed."""

    day: Annotated[date | None, "Null: nothing was fetched yet."]
    total: Annotated[int, "The papers of this day, on all pages."]
    papers: Annotated[tuple[Paper, ...], "The most upvoted first."]
    next: Annotated[str | None, "The address of the next page."]
    previous: Annotated[str | None, "The address of the page before."]
    earlier: Annotated[str | None, "The address of the nearest day before that has papers."]
    later: Annotated[str | None, "The address of the nearest day after it that has papers."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of the papers that a search found."""

    query: str
    unknown_topics: Annotated[
        tuple[str, ...], "What followed `topic:` and is none; then nothing is found."
    ]
    total: Annotated[int, "The papers found, on all pages; of the newest 1,000 there are pages."]
    papers: Annotated[
        tuple[Paper, ...], "Those with the words in their title first, then the most upvoted."
    ]
    next: Annotated[str | None, "The address of the next page."]
    previous: Annotated[str | None, "The address of the page before."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic that papers are about and readers can follow."""

    id: Annotated[str, "Its name in addresses and in `topics`."]
    name: str
    group: str
    papers: Annotated[int, "Of the last seven days."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """All topics."""

    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What comes of asking for the digest; the same whether an address is known or not."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a paper was picked."""

    lead: str
    chips: Annotated[tuple[str, ...], "What of the reader's interests it answers to."]
    words: Annotated[tuple[str, ...], "The paper's words that carried it."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked(Paper):
    """A paper of a digest."""

    reasons: tuple[Why, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest as it was sent."""

    day: date
    sent_at: datetime
    papers: tuple[Picked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """A reader's newest digests, the newest first."""

    feed: Annotated[str, "The address of the same as an Atom feed."]
    digests: tuple[Digest, ...]


@cache
def schema_of(shape: type) -> Schema:
    """Return the JSON schema of a dataclass; others that it is made of are referred to."""
    hints = get_type_hints(shape, include_extras=True)
    return {
        "type": "object",
        "description": (shape.__doc__ or "").strip(),
        "properties": {name: _schema(hint) for name, hint in hints.items()},
        "required": [each.name for each in fields(shape) if each.default is MISSING],
        "additionalProperties": False,
    }


def parts_of(shape: type) -> set[type]:
    """Return *shape* and all the dataclasses that it is made of."""
    found = {shape}
    for hint in get_type_hints(shape).values():
        for each in (hint, *get_args(hint)):
            if isinstance(each, type) and is_dataclass(each):
                found |= parts_of(each)
    return found


def reference(shape: type) -> Schema:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _schema(hint: Any) -> Schema:  # noqa: ANN401  a type of any kind
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return {**_schema(inner[0]), "description": inner[1]}
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0])}
    if origin in (Union, UnionType):
        [some] = [each for each in inner if each is not NoneType]
        plain = _schema(some)
        return {**plain, "type": [plain["type"], "null"]}
    return dict(_PLAIN[hint]) if hint in _PLAIN else reference(hint)

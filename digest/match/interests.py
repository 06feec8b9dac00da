"""What the matcher knows of a reader, taken apart into atoms."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import starmap
from typing import NamedTuple

from digest.clock import Cadence
from digest.match import keywords, names
from digest.models import Balance
from digest.space import Text
from digest.topics import taxonomy

LOOKS_BACK = {
    Cadence.DAILY: timedelta(days=4),
    Cadence.WEEKDAYS: timedelta(days=4),
    Cadence.DAYS: timedelta(days=8),
    Cadence.WEEKLY: timedelta(days=8),
    Cadence.MONTHLY: timedelta(days=32),
}
"""How old a paper may be for a reader: a weekend and a holiday behind a daily digest."""

Rated = Text
"""A paper that was liked or disliked; it need not be on offer any more."""


class Kind(StrEnum):
    """What an atom names."""

    TOPIC = "topic"
    KEYWORD = "keyword"
    AUTHOR = "author"
    ORGANIZATION = "organization"


class Atom(NamedTuple):
    """One thing that readers may follow, scored once for all of them."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What the matcher knows of a reader."""

    id: int
    cadence: Cadence
    topics: Sequence[str] = ()
    keywords: Sequence[str] = ()
    muted: Sequence[str] = ()
    muted_topics: Sequence[str] = ()
    authors: Sequence[str] = ()
    organizations: Sequence[str] = ()
    about: str = ""
    """What they work on, in their own words."""
    liked: Sequence[int] = ()
    """Ids of papers, as those that follow."""
    disliked: Sequence[int] = ()
    sent: Collection[int] = field(default=frozenset())
    """What they were sent before."""
    balance: Balance = Balance.EVEN
    papers: int | None = None
    """At most so many are picked; None: as many as others get."""

    @property
    def has_taste(self) -> bool:
        """Tell whether they wrote, liked or disliked anything."""
        return bool(self.about or self.liked or self.disliked)

    @property
    def atoms(self) -> list[Atom]:
        """Return what they follow, each once, without what no paper could answer to."""
        known = taxonomy.by_slug()
        named = (
            *((Kind.TOPIC, slug) for slug in self.topics if slug in known),
            *((Kind.KEYWORD, word) for word in self.keywords),
            *((Kind.AUTHOR, name) for name in self.authors),
            *((Kind.ORGANIZATION, name) for name in self.organizations),
        )
        kept: dict[tuple[Kind, str], Atom] = {}
        for meant, atom in starmap(_meant, named):
            kept.setdefault(meant, atom)
        return list(kept.values())


@lru_cache(maxsize=50_000)
def _meant(kind: Kind, name: str) -> tuple[tuple[Kind, str], Atom]:
    """Return the atom of this name, and before it what its spellings have in common."""
    match kind:
        case Kind.TOPIC:
            same = name
        case Kind.KEYWORD:
            same = keywords.same(name)
        case Kind.AUTHOR:
            same = names.person(name)
        case Kind.ORGANIZATION:
            same = names.same(name)
    return (kind, same), Atom(kind, name)

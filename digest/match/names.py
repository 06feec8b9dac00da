"""Names: when two spellings name the same person or house."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# Letters that no decomposition takes apart, and that people type without their strokes.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe"})
_MARKS = re.compile("[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]")
"""Accents, and what nobody sees: soft hyphens, joiners, spaces of no width."""


def plain(text: str) -> str:
    """Return *text* in lower case, without accents, other forms of one letter, and joiners."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    # Only the marks of European scripts are accents: others tell letters apart.
    return unicodedata.normalize("NFKC", _MARKS.sub("", apart)).casefold()


@lru_cache(maxsize=50_000)
def same(name: str) -> str:
    """Return what the spellings of *name* have in common; "" for one without a letter."""
    return " ".join(re.findall(r"[^\W_]+", plain(name)))


@lru_cache(maxsize=50_000)
def person(name: str) -> str:
    """Return the same of somebody's name: "Lovelace, Ada" is Ada Lovelace."""
    return same(in_order(name))


def in_order(name: str) -> str:
    """Return *name* with the given names first."""
    family, _, given = name.partition(",")
    return f"{given.strip()} {family.strip()}".strip() if given.strip() else name


@dataclass(frozen=True, slots=True)
class Byline:
    """A paper's authors."""

    full: frozenset[str]
    short: frozenset[str]
    """The same without middle initials."""

    def has(self, name: str) -> bool:
        """Tell whether *name*, as `person` returns it, is there; either may lack an initial."""
        return name in self.full or name in self.short or without_initials(name) in self.full


def byline(names: Iterable[str]) -> Byline:
    full = frozenset(filter(None, map(person, names)))
    return Byline(full, frozenset(map(without_initials, full)))


def without_initials(name: str) -> str:
    first, *others = name.split(" ")
    return " ".join([first, *(each for each in others[:-1] if len(each) > 1), *others[-1:]])

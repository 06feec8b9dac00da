"""What somebody typed into the search box, taken apart: it can be odd, but never wrong."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from digest.topics import taxonomy

LONGEST = 200
"""Characters of a query that are read."""

MOST_TERMS = 16

_STOP_WORDS = (
    "a an and are as at be been but by can do for from had has have how if in into is it its no not"
    " of on or our so such than that the their then there these they this to was we were what when"
    " where which while who why will with you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that PostgreSQL's English leaves out of its index; SQLite's finds them everywhere."""

# An optional minus, an optional field, then a phrase (its end may be missing) or a word.
_TERM = re.compile(r'(-?)(?:(author|org|title|topic):)?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


class Field(StrEnum):
    """Where a term is looked for."""

    ANYWHERE = ""
    TITLE = "title"
    AUTHOR = "author"
    ORGANIZATION = "org"


_PROSE = (Field.ANYWHERE, Field.TITLE)


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or the words of a phrase: letters and digits, lower case, without accents."""

    field: Field
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: all of *wanted* and *topics*, and nothing of the unwanted ones."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    topics: tuple[str, ...] = ()
    """Slugs of the taxonomy; each paper found is about all of them."""
    unwanted_topics: tuple[str, ...] = ()
    unknown_topics: tuple[str, ...] = ()
    """What was asked for as a topic and is none; then nothing is found."""

    def __bool__(self) -> bool:
        """Tell whether something is looked for: "all but this" alone is no search."""
        return bool(self.wanted or self.topics or self.unknown_topics)


def parse(text: str) -> Query:
    """Return the query that *text* comes to, whatever characters are in it."""
    wanted: list[Term] = []
    unwanted: list[Term] = []
    topics: dict[str, list[str]] = {"": [], "-": [], "unknown": []}
    for minus, field, phrase, word in _TERM.findall(text[:LONGEST])[:MOST_TERMS]:
        words = tuple(plain_words(phrase or word))
        if not words or (field.lower() in _PROSE and STOP_WORDS.issuperset(words)):
            continue
        if field.lower() == "topic":
            slug = "-".join(words)
            topics[minus if slug in taxonomy.by_slug() else "unknown"].append(slug)
        else:
            (unwanted if minus else wanted).append(Term(Field(field.lower()), words))
    return Query(
        tuple(wanted),
        tuple(unwanted),
        tuple(topics[""]),
        tuple(topics["-"]),
        tuple(topics["unknown"]),
    )


def plain_words(text: str) -> list[str]:
    """Return the words of *text* in the form in which both databases index them."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _WORD.findall(bare.lower())

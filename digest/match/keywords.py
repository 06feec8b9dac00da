"""Keywords: how the words that readers follow or mute are found in a paper."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from digest.match.names import plain
from digest.space.stems import UNSPACED, WORD, stop_words

_QUOTED = re.compile(r'\s*["“”„«](.*)["“”»]\s*', re.DOTALL)
_BEGINNING = re.compile(r"[^\W_]{2}\*(?:\s|$)")
_SIGNED = re.compile(r"[^\W_][+#&@*]|[+#&@*][^\W_]|(?:^|\s)\.[^\W_]")
"""C++, C#, AT&T, A*, .NET: the sign belongs to the word."""

_HYPHEN = re.compile(r"(?<=[^\W_])[-\u2010\u2011](?=[^\W_])")
_UNSPACED_EDGE = re.compile(rf"^ (?=[{UNSPACED}])|(?<=[{UNSPACED}]) $")

_PLAIN_PHRASE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 ")

_SHORTEST_PLURAL = 4
_SILENT = re.compile(r"(?<=ch|sh|ss)e$|(?<=x)e$")


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the forms in which keywords are looked up."""

    text: str
    plain: str
    words: str
    """A space before and after every word; all again at the end with compounds as one word each."""
    singular: str
    """The same without plurals."""


Finder = Callable[[Written], bool]


def written(*texts: str) -> Written:
    """Return *texts* as one; no phrase reaches from one into the next."""
    folded = [plain(" ".join(text.split())) for text in texts]
    joined = [_HYPHEN.sub("", text) for text in folded if _HYPHEN.search(text)]
    parts = [WORD.findall(part) for part in (*folded, *joined)]
    return Written(
        text="\n".join(texts),
        plain="\n".join(folded),
        words="".join(f" {' '.join(part)} " for part in parts),
        singular="".join(f" {' '.join(map(_singular, part))} " for part in parts),
    )


def finder(keyword: str) -> Finder:
    """Return what tells whether a text has *keyword*; one without letter or digit is nowhere."""
    if quoted := _QUOTED.fullmatch(keyword):
        return _exact(quoted.group(1))
    folded = plain(" ".join(keyword.split()))
    words = WORD.findall(folded)
    if _BEGINNING.search(folded):
        return _beginnings(folded)
    if _SIGNED.search(folded):
        return _exact(folded, plural=True)
    if len(words) == 1 and _is_common(words[0], keyword):
        return _capitals(words[0])
    return _phrase(folded)


def same(keyword: str) -> str:
    """Return what spellings of *keyword* that find the same have in common."""
    folded = plain(" ".join(keyword.split()))
    return _phrased(folded) if set(folded) <= _PLAIN_PHRASE else folded


def _phrase(folded: str) -> Finder:
    """Find it as words in this order, hyphens and plurals aside."""
    spellings = {_phrased(folded), _phrased(_HYPHEN.sub("", folded))} - {"  "}
    if len(spellings) == 1:
        [only] = spellings
        return lambda written: only in written.singular
    return lambda written: any(each in written.singular for each in spellings)


def _phrased(folded: str) -> str:
    # Where a script has no spaces a word is found inside of others.
    return _UNSPACED_EDGE.sub("", f" {' '.join(map(_singular, WORD.findall(folded)))} ")


def _exact(quoted: str, *, plural: bool = False) -> Finder:
    """Find it as it is written, case and accents aside, with nothing grown to its edges."""
    wanted = plain(" ".join(quoted.split()))
    if not WORD.search(wanted):
        return lambda _: False
    before = r"(?<!\w)" if WORD.match(wanted) else ""
    after = r"(?!\w)" if WORD.match(wanted[-1]) else ""
    pattern = re.compile(f"{before}{re.escape(wanted)}{'s?' if plural and after else ''}{after}")
    # Most texts do not hold it at all, and that is known sooner.
    return lambda written: wanted in written.plain and bool(pattern.search(written.plain))


def _beginnings(folded: str) -> Finder:
    """Find words that begin as those before a `*` do."""
    parts = [
        f"{re.escape(found.group())}[^ ]*"
        if folded[found.end() :].startswith("*")
        else f"{re.escape(found.group())}(?:e?s)?"
        for found in WORD.finditer(folded)
    ]
    pattern = re.compile(f" {' '.join(parts)} ")
    return lambda written: bool(pattern.search(written.words))


def _is_common(word: str, keyword: str) -> bool:
    """Tell whether *word* is meant as a name, and everywhere else means nothing: R, IT, WHO."""
    if len(word) == 1:
        return word.isascii() and word.isalpha()
    return word in stop_words() and keyword.strip().isupper()


def _capitals(word: str) -> Finder:
    """Find it in capitals alone, and not as part of a compound: R, but not R-CNN."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word.upper())}(?![\w-])")
    return lambda written: bool(pattern.search(written.text))


def _singular(word: str) -> str:
    if len(word) >= _SHORTEST_PLURAL and word[-1] == "s" and word[-2:] not in {"ss", "us", "is"}:
        word = word[:-1]
    if len(word) < _SHORTEST_PLURAL or word[-1] != "e":
        return word
    # Galaxies and galaxy, caches and cache, losses and loss: both lose what sets them apart.
    return f"{word[:-2]}y" if word[-2] == "i" else _SILENT.sub("", word)

"""Sentences: where those of an abstract end."""

import re

# Full stops and the like of Chinese and Japanese, Hindi, Urdu and Arabic.
_FOREIGN = "\u3002\uff01\uff1f\uff61\u0964\u06d4\u061f"
_CLOSERS, _FOREIGN_CLOSERS = "'\")\\]}*\u201d\u2019\u00bb", '\u300d\u300f\u201d\u2019\uff09)"'
_MAY_END = re.compile(
    # One set at the front: what begins so is searched for fast.
    rf"[.!?…{_FOREIGN}](?:(?<=[.!?…])[{_CLOSERS}]*"
    # No small letter begins a sentence, unless a capital or a digit follows in that word: a name's
    # ("vLLM", "mT5"). Some sources lose the space: "of data.We show".
    r"(?:\s+(?=[^\sa-z,;:]|[a-z]+[A-Z0-9])|(?=(?:We|The|This|These|Our|In|However|To|It)\s))"
    # Scripts that need no space; the end of a quotation or bracket still belongs to the sentence.
    rf"|(?<=[{_FOREIGN}])[{_FOREIGN}]*[{_FOREIGN_CLOSERS}]*\s*)"
)
_BEGINS = re.compile(
    r"(?:We|Our|The|This|These|Those|That|It|In|On|For|To|As|At|By|From|With|Here|There|However"
    r"|Moreover|Further|Furthermore|Finally|Then|Thus|Hence|Therefore|Also|When|While|Although"
    r"|Using|Both|An?|If|Let|Such|Some|Its|Their|They|But|And|Yet|Since|Under|Despite|Unlike"
    r"|Additionally)\b"
)
_COUNTS = re.compile(r"(?:\A|[:;,(]\s?)(?:\d{1,2}|[IVXivx]{1,4})\Z")
_OPENERS = "([{\"'\u201c\u2018~"
_COUNTERS = frozenset("0123456789IVXivx")
_LONGEST_COUNT, _LONGEST_BRACKET = 6, 80


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split()) | {word.capitalize() for word in text.split()}


_NEVER_LAST = _words(
    "e.g i.e eg ie c.f cf vs viz approx avg ca fig figs eq eqs eqn eqns secs tab ref refs thm prop"
) | {"Dr", "Prof", "Mr", "Mrs", "Ms", "St", "Ya"}
_BEFORE_NUMBERS = _words("p pp no nos nr v vol sec ch art")
# A journal's or a person's name goes on after these, unless what comes is no part of a name.
_SELDOM_LAST = _words(
    "al resp inc ltd co corp jr sr u.s u.k w.r.t a.k.a i.i.d ph.d phys rev lett proc natl acad sci"
    " soc chem appl comput nucl astrophys astron math univ trans j"
)


def sentences(text: str) -> list[str]:
    """
    Return the sentences of *text*, none of them empty.

    Joined again they are *text*, white space between them aside.
    """
    found, start = [], 0
    for mark in _MAY_END.finditer(text):
        if _ends(text, start, mark):
            found.append(text[start : mark.end()].strip())
            start = mark.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _ends(text: str, start: int, mark: re.Match[str]) -> bool:
    """Tell whether the sentence that began at *start* ends at *mark*."""
    at, end = mark.span()
    if text[at] == "." and not _dot_ends(text, start, at, end):
        return False
    return not (_within(text, start, end, "(", ")") or _within(text, start, end, "[", "]"))


def _dot_ends(text: str, start: int, at: int, end: int) -> bool:
    """Tell whether the word before the dot at *at* may be a last one, as what follows it has it."""
    word = text[max(start, text.rfind(" ", start, at) + 1) : at].lstrip(_OPENERS)
    if word in _NEVER_LAST or (word in _BEFORE_NUMBERS and text[end : end + 1].isdigit()):
        return False
    if (word in _SELDOM_LAST or _is_initial(word)) and not _BEGINS.match(text, end):
        return False
    # "It can: 1. Read. 2. Write": these numbers belong to what follows.
    counts = text[max(start, at - _LONGEST_COUNT) : at] if word[-1:] in _COUNTERS else ""
    return not _COUNTS.search(counts)


def _is_initial(word: str) -> bool:
    """Tell whether *word* ends with one capital letter: "J" of "J. Smith", "R.D" of "R.D. Roe"."""
    return word[-2:-1] in {"", ".", "-"} and word[-1:].isupper()


def _within(text: str, start: int, end: int, left: str, right: str) -> bool:
    """Tell whether a bracket is open at *end*, and is closed soon; "[0, 1)" is none."""
    closed = text.find(right, end, end + _LONGEST_BRACKET)
    if closed < 0 or text.find(left, end, closed) >= 0:
        return False
    return text.rfind(left, start, end) > text.rfind(right, start, end)

"""Terms: the words of a text in the form in which all matching compares them."""

import re

_WORD = re.compile(r"[^\W_]+")
_SHORTEST_PLURAL = 4


def words(text: str) -> list[str]:
    """
    Return the words of *text*: lower case, hyphens split, plural `s` off.

    "World-Models" and "a world model" so become alike: ["world", "model"].
    """
    return [_singular(word) for word in _WORD.findall(text.lower())]


def phrase(text: str) -> str:
    """Return *text* as one searchable string: a space before and after every word."""
    return f" {' '.join(words(text))} "


def _singular(word: str) -> str:
    if (
        len(word) >= _SHORTEST_PLURAL
        and word.endswith("s")
        and not word.endswith(("ss", "us", "is"))
    ):
        return word[:-1]
    return word

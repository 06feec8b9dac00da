"""Stems: the words of a text as the vector space counts them."""

import re
from collections.abc import Iterator
from functools import lru_cache

import snowballstemmer
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

_WORD = re.compile(r"[^\W_]+")
_STEMMER = snowballstemmer.stemmer("english")


def stems(text: str) -> list[str]:
    """
    Return the stems of *text* without stop words and single letters, in its order.

    Source: Porter's English stemmer, the second edition ("Snowball").
    """
    return [stem(word) for word in counted(text)]


def counted(text: str) -> Iterator[str]:
    """Yield the words of *text* that count, in lower case."""
    for match in _WORD.finditer(text.lower()):
        word = match.group()
        if len(word) > 1 and word not in ENGLISH_STOP_WORDS:
            yield word


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))

"""Stems: the words of a text as the vector space counts them."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import snowballstemmer
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Letters of scripts without spaces between words, as in a regular expression: Chinese, Japanese,
Thai and their like. A Latin word between them is a word of its own."""

WORD = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_STEMMER = snowballstemmer.stemmer("english")


def stems(text: str) -> list[str]:
    """
    Return the stems of *text* without stop words and single letters, in its order.

    Source: Porter's English stemmer, the second edition ("Snowball").
    """
    return [stem(word) for word in counted(text)]


def counted(text: str) -> Iterator[str]:
    """Yield the words of *text* that count, in lower case."""
    # Ligatures of PDFs and letters of full width are those that people type.
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    for word in (_ASCII_WORD if plain.isascii() else WORD).findall(plain.lower()):
        if len(word) > 1 and word not in ENGLISH_STOP_WORDS:
            yield word


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))

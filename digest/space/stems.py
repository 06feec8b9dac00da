"""Stems: the words of a text as the vector space counts them."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Letters of scripts without spaces between words, as in a regular expression: Chinese, Japanese,
Thai and their like. A Latin word between them is a word of its own."""

WORD = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")


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
    stops = stop_words()
    for word in (_ASCII_WORD if plain.isascii() else WORD).findall(plain.lower()):
        if len(word) > 1 and word not in stops:
            yield word


@cache
def stop_words() -> frozenset[str]:
    """Return the English words that say nothing by themselves."""
    # Only where words are counted: most commands count none, and would wait a second for it.
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415

    return frozenset(ENGLISH_STOP_WORDS)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> Any:  # noqa: ANN401  it has no types
    import snowballstemmer  # noqa: PLC0415  with the stemmers of thirty languages

    return snowballstemmer.stemmer("english")

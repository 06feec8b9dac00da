"""Wording: the words of a paper that carried a match, as it writes them."""

import unicodedata
from collections.abc import Iterator, Sequence

from digest.space import Text
from digest.space.stems import WORD, stem

_JOINS = {" ", "-", "\u2010"}
"""What stands between neighbours."""


class Wording:
    """The words of one paper by their stems."""

    def __init__(self, text: Text) -> None:
        self._text = unicodedata.normalize("NFKC", f"{text.abstract}\n{text.title}")
        self._spans = [match.span() for match in WORD.finditer(self._text)]
        self._stems = [stem(self._text[start:end].lower()) for start, end in self._spans]
        self._places: dict[str, list[int]] = {}
        for place, each in enumerate(self._stems):
            self._places.setdefault(each, []).append(place)

    def of(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the words of the stems *wanted*, in this order; neighbours among them as one."""
        found: dict[frozenset[str], str] = {}
        for first, last in self._runs(wanted):
            stems, said = frozenset(self._stems[first : last + 1]), self._said(first, last)
            # At the beginning of a sentence a word has a capital that is not its own.
            if stems not in found or (found[stems][0].isupper() and said[0].islower()):
                found[stems] = said
        longest = sorted(found, key=len, reverse=True)
        left, told = set(wanted), []
        for each in wanted:
            if each not in left or each not in self._places:
                continue
            # Where its neighbours are told already it is told alone.
            alone, first = frozenset([each]), self._places[each][0]
            found.setdefault(alone, self._said(first, first))
            group = next((group for group in longest if each in group and group <= left), alone)
            left -= group
            told.append(found[group])
        return tuple(told)

    def _said(self, first: int, last: int) -> str:
        return self._text[self._spans[first][0] : self._spans[last][1]]

    def _runs(self, wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield the longest runs of neighbours with stems *wanted*, none twice in a run."""
        places = sorted(place for each in wanted for place in self._places.get(each, ()))
        first = 0
        for n, place in enumerate(places):
            if n + 1 < len(places) and self._goes_on(places[first], place, places[n + 1]):
                continue
            yield places[first], place
            first = n + 1

    def _goes_on(self, first: int, place: int, following: int) -> bool:
        between = self._text[self._spans[place][1] : self._spans[following][0]]
        return (
            following == place + 1
            and between in _JOINS
            and self._stems[following] not in self._stems[first:following]
        )

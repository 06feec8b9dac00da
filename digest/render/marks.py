"""Marks: what differs from mail to mail is marked in what is rendered once, and cut out there."""

import re
import secrets
from collections.abc import Mapping
from operator import itemgetter

from digest.render.filling import fill
from digest.render.quoting import quoted


class Marks:
    """Marks that no text can imitate: half of each is made up anew by every process."""

    def __init__(self) -> None:
        nonce = secrets.token_hex(8)
        self._form = re.compile(f"\ue000{nonce}:([a-z]+)\ue001")
        self._open = f"\ue000{nonce}:"
        self.indents: dict[str, tuple[str, str | None]] = {}
        """With what the text of a mark is to be filled, once it is known."""

    def of(self, name: str) -> str:
        """Return the mark of the hole *name*, a word of small letters."""
        return f"{self._open}{name}\ue001"

    def fill(self, text: str, first: str = "", others: str | None = None) -> str:
        """Return *text* filled, or the mark that it is; another mark may stand before it."""
        if self._form.fullmatch(text):
            self.indents[text] = (first, others)
            return text
        if not self._form.fullmatch(first):
            return fill(text, first, others)
        # What stands there takes as much room as what stands before the other lines.
        blank = others or ""
        return first + fill(text, blank, others)[len(blank) :]

    def cut(self, text: str) -> "Cut":
        """Return *text* encoded, with holes where it has marks."""
        pieces = self._form.split(text)
        return Cut(tuple(map(quoted, pieces[::2])), tuple(pieces[1::2]))


class Cut:
    """Encoded text with holes; *parts* are what stands before, between and after them."""

    def __init__(self, parts: tuple[bytes, ...], holes: tuple[str, ...]) -> None:
        self.parts, self.holes = parts, holes
        self._blank = [b""] * (2 * len(holes) + 1)
        self._blank[::2] = parts
        # With less than two names it would return no tuple.
        self._pick = itemgetter(*holes) if len(holes) > 1 else None

    def filled(self, values: Mapping[str, bytes]) -> list[bytes]:
        """Return the text with *values*, which are encoded too, in its holes."""
        pieces = self._blank[:]
        if not self.holes:
            return pieces
        pieces[1::2] = self._pick(values) if self._pick else map(values.__getitem__, self.holes)
        return pieces

    def halves(self, hole: str) -> tuple["Cut", "Cut"]:
        """Return what stands before *hole*, and what stands after it."""
        place = self.holes.index(hole)
        return (
            Cut(self.parts[: place + 1], self.holes[:place]),
            Cut(self.parts[place + 1 :], self.holes[place + 1 :]),
        )

"""Pieces: what a digest of fragments is made of, and what comes of it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from digest.card import Reason
from digest.clock import Cadence

Key = TypeVar("Key")
Value = TypeVar("Value")

Groups = Sequence[tuple[str, Sequence[int]]]
"""The titles of a digest's groups, and the places of their papers among all picks."""


When = tuple[Cadence, tuple[str, ...], int, str]
"""A timetable's cadence, days, hour and zone."""

Envelope = tuple[bytes, bytes, bytes]
"""What stands before the text of a mail, between it and the HTML, and after that."""


class Occasion(NamedTuple):
    """What a digest is made for, its papers and its reader apart."""

    day: str
    """The date in the reader's zone, in ISO 8601."""
    cadence: Cadence
    first: bool
    missing: tuple[str, ...]


class Person(NamedTuple):
    """What is in the mail of one reader only: besides the first two, tokens of links."""

    email: str
    when: When
    manage: str
    pause: str
    leave: str
    view: str
    rate: str


class Why(NamedTuple):
    """The reasons of a pick, in both parts and as the ledger keeps them."""

    reasons: tuple[Reason, ...]
    html: bytes
    text: bytes
    kept: str


class Written(NamedTuple):
    """A digest whose parts are encoded already."""

    subject: str
    body: list[bytes]
    """Both parts in their envelope, in pieces."""
    fits: bool
    """Whether its HTML is surely short enough to be shown whole."""
    whys: list[Why]
    """Of its papers, the best first."""


class Made(dict[Key, Value]):
    """What is made when it is first asked for; at most so much is kept, before all is made anew."""

    def __init__(self, make: Callable[[Key], Value], most: int) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, key: Key) -> Value:
        return keep(self, key, self._make(key), self._most)


def keep(kept: dict[Key, Value], key: Key, value: Value, most: int) -> Value:
    """Return what is *kept* as *key*: *value*, where there is nothing yet."""
    if len(kept) >= most:
        kept.clear()
    return kept.setdefault(key, value)

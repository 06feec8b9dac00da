"""The mail system's own suppression list: what it bars us from, whatever we know of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Barred:
    """An address to which the mail system sends nothing, since *at*."""

    address: str = field(repr=False)
    complained: bool
    """Otherwise it bounced."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the list; *next_place* leads to more."""

    barred: Sequence[Barred]
    next_place: str | None


@runtime_checkable
class Account(Protocol):
    """A transport whose other side keeps such a list."""

    def barred(self, since: datetime | None, place: str | None) -> Page:
        """
        Return what was put on the list since then, from *place* on.

        Raises:
            BadInput: there is no such place any more: begin anew.
            FetchError: the list cannot be read now.

        """
        ...

    def readmit(self, address: str) -> bool:
        """
        Take *address* off the list if it bounced; False: it complained, and stays.

        Raises:
            FetchError: the list cannot be asked now.

        """
        ...

"""A step: one thing that has to be in the account, and what was done about it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from digest.provisioning.account import asking


class Deed(StrEnum):
    PRESENT = "there"
    CREATED = "created"
    CHANGED = "changed"
    WOULD_CREATE = "to create"
    WOULD_CHANGE = "to change"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of the account; *detail* says what differed, or what is to be known."""

    what: str
    name: str
    deed: Deed
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Hand:
    """
    Does what is missing, or with *dry_run* only says that it would.

    Raises:
        FetchError: AWS cannot be reached, or refuses.

    """

    dry_run: bool

    def create(self, what: str, name: str, do: Callable[[], object]) -> Step:
        if self.dry_run:
            return Step(what, name, Deed.WOULD_CREATE)
        with asking():
            do()
        return Step(what, name, Deed.CREATED)

    def change(self, what: str, name: str, differs: str, do: Callable[[], object]) -> Step:
        """Return the step after *do*; nothing is done where nothing *differs*."""
        if not differs:
            return Step(what, name, Deed.PRESENT)
        if self.dry_run:
            return Step(what, name, Deed.WOULD_CHANGE, differs)
        with asking():
            do()
        return Step(what, name, Deed.CHANGED, differs)

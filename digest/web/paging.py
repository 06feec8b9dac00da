"""Pages of a long list: which one was asked for, and what is beside it."""

import math
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from flask import abort, request


@dataclass(frozen=True, slots=True)
class Paging:
    """The *number*th of *pages* pages, counted from 1; there is always a first one."""

    number: int
    pages: int
    size: int

    @classmethod
    def of(cls, size: int, total: int) -> Self:
        """Return the page that `?page=` asks for; 404 where there is none."""
        paging = cls(asked_for(), max(1, math.ceil(total / size)), size)
        if not 1 <= paging.number <= paging.pages:
            abort(404)
        return paging

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def before(self) -> str | None:
        return self._address(self.number - 1) if self.number > 1 else None

    @property
    def after(self) -> str | None:
        return self._address(self.number + 1) if self.number < self.pages else None

    def _address(self, number: int) -> str:
        fields = {name: value for name, value in request.args.items() if name != "page"}
        if number > 1:
            fields["page"] = str(number)
        return f"{request.path}?{urlencode(fields)}" if fields else request.path


def only_page() -> None:
    """Answer 404 to `?page=2` where the list is on one page."""
    Paging.of(1, 1)


def asked_for() -> int:
    """Return the number in `?page=`; 404 where it is none."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdecimal() and len(text) < 7):  # noqa: PLR2004
        abort(404)
    return int(text)

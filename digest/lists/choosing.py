"""Choosing: what cells say of a reader's wishes, checked once for all who share it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from digest.clock import Cadence, Timetable
from digest.lists.columns import FOLLOWED, SETTLED, split
from digest.models import Balance, InterestKind, NothingNew
from digest.subscribers import Choices, choices
from digest.subscribers.choices import MOST_LINES

REMEMBERED = 50_000
"""Cells, of each kind: readers share most of them, and a list may be longer than the memory."""

_SETTLED = (*SETTLED, "days")


# These two are compared as what they are, not by what they hold: they are made once for each cell.
@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """What a reader has one of: the columns of their row, and when digests are due by them."""

    columns: Mapping[str, Any]
    timetable: Timetable


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """One thing that a reader follows or mutes."""

    kind: InterestKind
    value: str


def settled(cells: Mapping[str, str]) -> Settled:
    """
    Return what *cells* settle; where one is missing or empty, the default of someone new counts.

    Raises:
        BadInput: one of them is not to be had.

    """
    return _settled(tuple([cells.get(name, "") for name in _SETTLED]))


def followed(cells: Mapping[str, str]) -> Sequence[Followed]:
    """
    Return what *cells* say that a reader follows and mutes.

    Raises:
        BadInput: one of them is not to be had.

    """
    found: list[Followed] = []
    for name in FOLLOWED:
        if cell := cells.get(name):
            found += _each(name, split(cell))
    if cells.get("topics") and cells.get("muted_topics"):
        # Checked apart, nobody would see a topic that is in both.
        choices(topics=split(cells["topics"]), muted_topics=split(cells["muted_topics"]))
    return found


def _each(name: str, values: Sequence[str]) -> Iterable[Followed]:
    if len(values) > MOST_LINES:
        _checked(name, values)
    # Combinations are many, what they are made of is not: each is checked once.
    found = [followed for value in values if (followed := _followed(name, value))]
    return {followed.value: followed for followed in found}.values()


@lru_cache(REMEMBERED)
def _settled(cells: tuple[str, ...]) -> Settled:
    said: dict[str, Any] = {
        name: cell.strip() for name, cell in zip(_SETTLED, cells, strict=True) if cell.strip()
    }
    if "days" in said:
        said["days"] = split(said["days"])
    return _of(choices(**said))


@lru_cache(REMEMBERED)
def _followed(name: str, value: str) -> Followed | None:
    tidy = _checked(name, [value])
    return Followed(FOLLOWED[name], tidy[0]) if tidy else None


def _checked(name: str, values: Sequence[str]) -> Sequence[str]:
    chosen: Sequence[str] = getattr(choices(**{name: values}), name)  # type: ignore[arg-type]
    return chosen


def _of(chosen: Choices) -> Settled:
    table = Timetable(
        chosen.cadence or Cadence.WEEKDAYS,
        chosen.days or (),
        7 if chosen.hour is None else chosen.hour,
        chosen.zone or "UTC",
    )
    columns = {
        "cadence": table.cadence,
        "days": list(table.days),
        "hour": table.hour,
        "zone": table.zone,
        "about": chosen.about or "",
        "balance": chosen.balance or Balance.EVEN,
        "language": chosen.language or "en",
        "papers": chosen.papers or 10,
        "nothing_new": chosen.nothing_new or NothingNew.SKIP,
    }
    return Settled(columns, table)


DEFAULTS = _of(Choices())

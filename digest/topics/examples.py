"""Examples: papers with what is known of them, to learn from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TODAYS_NAMES = {
    "cs.NA": "math.NA",
    "cs.SY": "eess.SY",
    "math.IT": "cs.IT",
    "math.MP": "math-ph",
    "q-fin.EC": "econ.GN",
    "stat.TH": "math.ST",
}
"""arXiv's categories that have another name today."""


@dataclass(frozen=True, slots=True)
class Example:
    """One paper."""

    id: str
    title: str
    abstract: str
    day: np.datetime64 | None
    """When it was listed, or else published."""
    categories: tuple[str, ...] = ()
    """Its arXiv categories under today's names, the primary one first; none where not known."""
    keywords: tuple[str, ...] = ()


def todays(categories: Sequence[str]) -> tuple[str, ...]:
    """Return arXiv categories under today's names, each once, in order."""
    return tuple(dict.fromkeys(TODAYS_NAMES.get(name, name) for name in categories))


def united(examples: Sequence[Example], without: Collection[str] = ()) -> list[Example]:
    """Return each paper once with all that is known of it, those *without* left out; by day."""
    papers: dict[str, Example] = {}
    for each in examples:
        if each.id in without:
            continue
        known = papers.get(each.id)
        papers[each.id] = _both(known, each) if known else each
    return sorted(papers.values(), key=lambda each: (str(each.day or ""), each.id))


def texts(examples: Sequence[Example]) -> list[tuple[str, str]]:
    return [(each.title, each.abstract) for each in examples]


def at(examples: Sequence[Example], places: npt.NDArray[np.int64]) -> list[Example]:
    return [examples[place] for place in places.tolist()]


def days(examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    """Return each paper's day as a number; one without is as old as the oldest."""
    known = [each.day for each in examples if each.day is not None]
    oldest = min(known, default=np.datetime64("1970-01-01"))
    return np.array([each.day or oldest for each in examples], "datetime64[D]").astype(np.int64)


def _both(first: Example, second: Example) -> Example:
    return Example(
        id=first.id,
        title=first.title,
        abstract=first.abstract,
        day=first.day or second.day,
        categories=first.categories or second.categories,
        keywords=first.keywords or second.keywords,
    )

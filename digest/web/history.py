"""Where a paper was shown, and what was made of it there, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from digest.language import gettext as _
from digest.language import ngettext, number, short_day
from digest.library import Seen
from digest.sources.names import source_name

MOST_COUNTS = 4


@dataclass(frozen=True, slots=True)
class Showing:
    """One source that showed a paper, since when, and the upvotes it counted."""

    source: str
    since: date
    upvotes: str
    """Such as "12 upvotes on Nov 19, 184 on Nov 20"; empty where none were counted."""


def shown_by(seen: Iterable[Seen]) -> list[Showing]:
    """Return the sources behind *seen*, sightings of one paper, the first to show it first."""
    by_source = groupby(sorted(seen, key=lambda each: (each.source, each.seen_at)), _source)
    showings = [_showing(source, list(sightings)) for source, sightings in by_source]
    return sorted(showings, key=lambda each: (each.since, each.source))


def _source(sighting: Seen) -> str:
    return sighting.source


def _showing(source: str, sightings: Sequence[Seen]) -> Showing:
    since = sightings[0].seen_at.date()
    return Showing(source_name(source), since, _upvotes(sightings))


def _upvotes(sightings: Sequence[Seen]) -> str:
    """Return the last count of each day on which it changed, the first day and the newest."""
    by_day = {each.seen_at.date(): each.upvotes for each in sightings if each.upvotes is not None}
    counts = list(by_day.items())
    changed = [
        (day, upvotes)
        for (_, earlier), (day, upvotes) in zip([(None, 0), *counts], counts, strict=False)
        if upvotes != earlier
    ]
    told = changed if len(changed) <= MOST_COUNTS else [changed[0], *changed[1 - MOST_COUNTS :]]
    words = [
        _("%(count)s on %(day)s", count=_counted(upvotes) if first else number(upvotes), day=day)
        for first, day, upvotes in (
            (place == 0, short_day(day), upvotes) for place, (day, upvotes) in enumerate(told)
        )
    ]
    return ", ".join(words)


def _counted(upvotes: int) -> str:
    return ngettext("%(num)s upvote", "%(num)s upvotes", upvotes)

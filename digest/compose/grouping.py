"""Grouping: the picks of a digest in the sections in which a mail shows them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import groupby

from digest.card import Card, Reason, fits
from digest.clock import Cadence
from digest.edition import Edition
from digest.language import gettext as _
from digest.language import long_day, span, spoken
from digest.match import Picked
from digest.render import Group, Item


@dataclass(frozen=True, slots=True)
class Chosen:
    """A paper of a digest, and whether it answers to an interest or only trends."""

    fits: bool
    item: Item


def picked(edition: Edition, picks: Sequence[Picked]) -> list[Chosen]:
    """Return *picks*, each with its place among them."""
    return [
        Chosen(
            pick.fits,
            Item(edition.cards[pick.place], pick.reasons, place, listed_on(edition, pick.place)),
        )
        for place, pick in enumerate(picks)
    ]


def sent(papers: Sequence[tuple[Card, Sequence[Reason]]]) -> list[Chosen]:
    """Return the papers of a digest that was sent, as it showed them."""
    return [
        Chosen(fits(reasons), Item(card, tuple(reasons), place, card.published_on))
        for place, (card, reasons) in enumerate(papers)
    ]


def grouped(chosen: Sequence[Chosen], cadence: Cadence) -> tuple[Group, ...]:
    """Return the sections of a digest."""
    items = [each.item for each in chosen]
    groups = arranged(
        [each.fits for each in chosen], cadence, lambda place: items[place].listed_on or date.min
    )
    return tuple(Group(title, tuple(items[place] for place in places)) for title, places in groups)


def arranged(
    fits: Sequence[bool], cadence: Cadence, listed_on: Callable[[int], date]
) -> list[tuple[str, list[int]]]:
    """
    Return the titles of a digest's sections and the places of their papers, none without a paper.

    A day's: what answers to an interest, then what trends. A week's and a month's: the best paper,
    then day by day or week by week, the newest first.
    """
    groups: Iterable[tuple[str, list[int]]]
    places = range(len(fits))
    match cadence:
        case Cadence.WEEKLY:
            groups = _over_time(_("Paper of the week"), places, listed_on, _on_its_day)
        case Cadence.MONTHLY:
            groups = _over_time(_("Paper of the month"), places, listed_on, _in_its_week)
        case _:
            fitting, trending = _by_interest(spoken().code)
            groups = (
                (fitting, [place for place, does in enumerate(fits) if does]),
                (trending, [place for place, does in enumerate(fits) if not does]),
            )
    return [group for group in groups if group[1]]


@cache
def _by_interest(_language: str) -> tuple[str, str]:
    return _("From your topics"), _("Trending everywhere")


def _over_time(
    best: str,
    places: Sequence[int],
    listed_on: Callable[[int], date],
    period: Callable[[date], tuple[date, str]],
) -> Iterator[tuple[str, list[int]]]:
    yield best, list(places[:1])
    dated = [(period(listed_on(place)), place) for place in places[1:]]
    for (_first, title), in_it in groupby(
        # Sorting keeps what is equal in its order: the best first.
        sorted(dated, key=lambda each: each[0][0], reverse=True),
        key=lambda each: each[0],
    ):
        yield title, [place for _period, place in in_it]


def _on_its_day(day: date) -> tuple[date, str]:
    return (day, long_day(day)) if day > date.min else (day, _("Earlier"))


def _in_its_week(day: date) -> tuple[date, str]:
    if day == date.min:
        return day, _("Earlier")
    monday = day - timedelta(days=day.weekday())
    return monday, _week(monday, spoken().code)


@lru_cache(maxsize=1_000)
def _week(monday: date, _language: str) -> str:
    return span(monday, monday + timedelta(days=6))


def listed_on(edition: Edition, row: int) -> date:
    """Return the day whose list showed the paper in *row* of *edition* last."""
    return datetime.fromtimestamp(float(edition.listed_at[row]), UTC).date()

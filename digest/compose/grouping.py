"""Grouping: the picks of a digest in the sections in which a mail shows them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from digest.card import Card, Reason, fits
from digest.clock import Cadence
from digest.edition import Edition
from digest.language import gettext as _
from digest.language import long_day, span
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
        Chosen(pick.fits, Item(edition.cards[pick.place], pick.reasons, place, _day(edition, pick)))
        for place, pick in enumerate(picks)
    ]


def sent(papers: Sequence[tuple[Card, Sequence[Reason]]]) -> list[Chosen]:
    """Return the papers of a digest that was sent, as it showed them."""
    return [
        Chosen(fits(reasons), Item(card, tuple(reasons), place, card.published_on))
        for place, (card, reasons) in enumerate(papers)
    ]


def grouped(chosen: Sequence[Chosen], cadence: Cadence) -> tuple[Group, ...]:
    """
    Return the sections of a digest, none without a paper.

    A day's: what answers to an interest, then what trends. A week's and a month's: the best paper,
    then day by day or week by week, the newest first.
    """
    match cadence:
        case Cadence.WEEKLY:
            groups = _over_time(_("Paper of the week"), chosen, _on_its_day)
        case Cadence.MONTHLY:
            groups = _over_time(_("Paper of the month"), chosen, _in_its_week)
        case _:
            groups = _by_interest(chosen)
    return tuple(group for group in groups if group.items)


def _by_interest(chosen: Sequence[Chosen]) -> Iterator[Group]:
    yield Group(_("From your topics"), tuple(each.item for each in chosen if each.fits))
    yield Group(_("Trending everywhere"), tuple(each.item for each in chosen if not each.fits))


def _over_time(
    best: str, chosen: Sequence[Chosen], period: Callable[[date], tuple[date, str]]
) -> Iterator[Group]:
    items = [each.item for each in chosen]
    yield Group(best, tuple(items[:1]))
    dated = [(period(item.listed_on or date.min), item) for item in items[1:]]
    for (_first, title), in_it in groupby(
        # Sorting keeps what is equal in its order: the best first.
        sorted(dated, key=lambda each: each[0][0], reverse=True),
        key=lambda each: each[0],
    ):
        yield Group(title, tuple(item for _period, item in in_it))


def _on_its_day(day: date) -> tuple[date, str]:
    return (day, long_day(day)) if day > date.min else (day, _("Earlier"))


def _in_its_week(day: date) -> tuple[date, str]:
    if day == date.min:
        return day, _("Earlier")
    monday = day - timedelta(days=day.weekday())
    return monday, span(monday, monday + timedelta(days=6))


def _day(edition: Edition, pick: Picked) -> date:
    return datetime.fromtimestamp(float(edition.listed_at[pick.place]), UTC).date()

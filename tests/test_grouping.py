"""Digests in sections: by interest on a day, by days in a week, by weeks in a month."""

from datetime import date

import pytest

from digest.clock import Cadence
from digest.compose.grouping import Chosen, grouped
from digest.language import speaking
from digest.render import Item
from tests.digests import paper

LISTED = [date(2026, 11, day) for day in (19, 20, 19, 9, 20)]


def chosen(days: list[date] | list[None]) -> list[Chosen]:
    return [Chosen(place < 2, Item(paper(place), (), place, day)) for place, day in enumerate(days)]


def shown(cadence: Cadence, days: list[date] | list[None] = LISTED) -> list[tuple[str, list[int]]]:
    return [
        (group.title, [item.place for item in group.items])
        for group in grouped(chosen(days), cadence)
    ]


@pytest.mark.parametrize("cadence", [Cadence.DAILY, Cadence.WEEKDAYS, Cadence.DAYS])
def test_a_day_has_what_fits_and_then_what_trends(cadence: Cadence) -> None:
    assert shown(cadence) == [("From your topics", [0, 1]), ("Trending everywhere", [2, 3, 4])]


def test_a_week_has_its_best_paper_and_then_its_days_the_newest_first() -> None:
    assert shown(Cadence.WEEKLY) == [
        ("Paper of the week", [0]),
        ("Friday, November 20", [1, 4]),
        ("Thursday, November 19", [2]),
        ("Monday, November 9", [3]),
    ]


def test_a_month_has_its_best_paper_and_then_its_weeks() -> None:
    assert shown(Cadence.MONTHLY) == [
        ("Paper of the month", [0]),
        ("Nov 16\u2009–\u200922", [1, 2, 4]),
        ("Nov 9\u2009–\u200915", [3]),
    ]


def test_days_are_named_in_the_language_spoken() -> None:
    with speaking("de"):
        titles = [title for title, _ in shown(Cadence.WEEKLY)]

    assert titles[:2] == ["Arbeit der Woche", "Freitag, 20. November"]


@pytest.mark.parametrize(
    ("cadence", "best"),
    [(Cadence.WEEKLY, "Paper of the week"), (Cadence.MONTHLY, "Paper of the month")],
)
def test_papers_without_a_day_come_last(cadence: Cadence, best: str) -> None:
    assert shown(cadence, [None, None]) == [(best, [0]), ("Earlier", [1])]


@pytest.mark.parametrize("cadence", Cadence)
def test_without_papers_there_is_no_section(cadence: Cadence) -> None:
    assert grouped([], cadence) == ()

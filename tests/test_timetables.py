"""When digests come, in words."""

import pytest

from digest.clock import Cadence, Timetable
from digest.language import speaking
from digest.render import schedule


@pytest.mark.parametrize(
    ("cadence", "days", "english", "german"),
    [
        (Cadence.DAILY, (), "every day at 07:00 (UTC)", "täglich um 07:00 Uhr (UTC)"),
        (
            Cadence.WEEKDAYS,
            (),
            "on weekdays at 07:00 (UTC)",
            "von Montag bis Freitag um 07:00 Uhr (UTC)",
        ),
        (
            Cadence.DAYS,
            ("tue",),
            "every Tuesday at 07:00 (UTC)",
            "jeden Dienstag um 07:00 Uhr (UTC)",
        ),
        (
            Cadence.DAYS,
            ("fri", "mon", "wed"),
            "every Monday, Wednesday, and Friday at 07:00 (UTC)",
            "jeden Montag, Mittwoch und Freitag um 07:00 Uhr (UTC)",
        ),
        (Cadence.WEEKLY, (), "every Monday at 07:00 (UTC)", "jeden Montag um 07:00 Uhr (UTC)"),
        (
            Cadence.WEEKLY,
            ("sat", "thu"),
            "every Thursday at 07:00 (UTC)",
            "jeden Donnerstag um 07:00 Uhr (UTC)",
        ),
        (
            Cadence.MONTHLY,
            ("sun",),
            "on the first Sunday of the month at 07:00 (UTC)",
            "am ersten Sonntag des Monats um 07:00 Uhr (UTC)",
        ),
    ],
)
def test_a_timetable_is_told_in_the_readers_language(
    cadence: Cadence, days: tuple[str, ...], english: str, german: str
) -> None:
    timetable = Timetable(cadence, days, 7, "UTC")

    assert schedule(timetable) == english
    with speaking("de"):
        assert schedule(timetable) == german

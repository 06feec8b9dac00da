"""The terminal shows what the page shows."""

import json
from datetime import UTC, datetime

import pytest

from digest import errands, figures
from digest.models import DailyFigure, DeliveryState
from digest.services import Services
from tests import history
from tests.conftest import StoppedClock
from tests.test_cli import Digest, digest
from tests.test_figures import decided
from tests.visitor import NOW, Installation

__all__ = ["digest"]


def test_a_new_installation_has_counted_nothing(digest: Digest) -> None:
    ended = digest("stats")

    assert ended.code == 0
    assert "active                 0" in ended.out
    assert "precision" in ended.out


def test_readers_and_mails_are_counted_before_they_are_printed(digest: Digest) -> None:
    digest("subscribe", "ann@example.org", "--confirmed", "--topic", "rlhf")
    digest("subscribe", "bo@example.org")

    ended = digest("stats", "--days", "7", "--json")

    told = json.loads(ended.out)
    assert len(told["days"]) == 7
    assert told["readers"]["active"][-1] == 1
    assert told["readers"]["pending"][-1] == 1
    assert told["topics"][0]["slug"] == "rlhf"
    assert told["topics"][0]["followers"] == 1
    assert told["topics"][0]["answers"] == {"more": 0, "less": 0, "precision": None}
    assert "@" not in ended.out


def test_each_number_stands_beside_its_days(digest: Digest) -> None:
    digest("subscribe", "ann@example.org", "--confirmed")

    ended = digest("stats", "--days", "3")

    [line] = [each for each in ended.out.splitlines() if each.startswith("  active")]
    assert line.split()[:2] == ["active", "1"]
    assert line[-1] in "\N{FULL BLOCK}@"


@pytest.mark.parametrize("days", ["0", "-1", "many", "3661"])
def test_a_period_that_cannot_be_is_refused(digest: Digest, days: str) -> None:
    ended = digest("stats", "--days", days)

    assert ended.code == 2
    assert "--days" in ended.err


def test_the_page_and_the_terminal_have_the_same_figures(
    services: Services, clock: StoppedClock
) -> None:
    clock.now = NOW
    history.bring(Installation(services, None, clock))  # type: ignore[arg-type]
    decided(services, DeliveryState.SENT)
    errands.count_figures(services)

    with services.sessions.begin() as session:
        found = figures.stats(session, services.clock(), history.DAYS)
        kept = session.query(DailyFigure).filter_by(what="digests", of="sent")
        sent = {each.day: each.value for each in kept}

    assert list(found.digests["sent"]) == [sent.get(day, 0) for day in found.days]
    assert found.counted_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert found.complaints.count(1) == 10

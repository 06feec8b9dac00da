"""The page that says how the service is, in words for its readers."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.models import FeedRow, FetchRun, Heartbeat, SendingBudget
from tests.visitor import NOW, Installation, installation


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, sources="huggingface,arxiv:cs.LG") as made:
        yield made


def status(here: Installation) -> str:
    answer = here.visitor().get("/status")
    assert answer.status_code == 200
    return answer.text


def add(here: Installation, *rows: object) -> None:
    with here.services.sessions.begin() as session:
        session.add_all(rows)


def feed(name: str, **facts: object) -> FeedRow:
    url = f"https://{name.removeprefix('feed:')}/rss"
    return FeedRow(name=name, url=url, title=name, hosts=[], added_at=NOW, **facts)


def at(hour: int, minute: int = 0, *, days_ago: int = 0) -> datetime:
    return NOW.replace(hour=hour, minute=minute) - timedelta(days=days_ago)


def test_a_new_service_has_read_and_sent_nothing(here: Installation) -> None:
    page = status(here)

    assert page.count("Not read yet.") == 2
    assert "Nothing has been sent yet" in page


def test_each_source_says_when_it_was_read_and_what_it_gave(here: Installation) -> None:
    add(
        here,
        FetchRun(source="huggingface", at=at(5, days_ago=2), new=1),
        FetchRun(source="huggingface", at=at(5, 2), new=12, seen=29),
        FetchRun(source="arxiv", at=at(23, 59, days_ago=1), new=1204),
        FetchRun(source="feed:tides.example.org", at=at(5, days_ago=9)),
        feed("feed:tides.example.org"),
    )

    page = status(here)

    assert "Last read today at 05:02 UTC: 41 papers, 12 of them new." in page
    assert "Last read yesterday at 23:59 UTC: 1,204 papers." in page
    assert "Last read on Wednesday, November 11, 2026 at 05:00 UTC: nothing listed." in page
    assert "could not be read" not in page


def test_a_source_that_fails_says_so_without_the_operators_secrets(here: Installation) -> None:
    """Row 34."""
    add(
        here,
        FetchRun(source="arxiv", at=at(5), new=3),
        FetchRun(source="arxiv", at=at(8, 30), error="https://proxy.internal/?key=hunter2 is down"),
    )

    page = status(here)

    assert "Last read today at 05:00 UTC: 3 papers." in page
    assert "It could not be read today at 08:30 UTC, and will be tried again." in page
    assert "hunter2" not in page


def test_an_error_that_is_over_is_not_mentioned(here: Installation) -> None:
    add(
        here,
        FetchRun(source="arxiv", at=at(5), error="down"),
        FetchRun(source="arxiv", at=at(6), new=3),
    )

    assert "could not be read" not in status(here)


def test_what_is_no_source_here_is_not_listed(here: Installation) -> None:
    add(here, FetchRun(source="feed:removed.example.org", at=at(5), new=3))
    add(here, *(FetchRun(source=kind, at=at(5), new=3) for kind in ("feed", "jsonl", "sample")))

    page = status(here)

    assert re.findall("<dt>(.*?)</dt>", page) == ["Hugging Face", "arXiv", "Next"]
    assert "3 papers" not in page


def test_a_paused_feed_is_said_to_be_paused(here: Installation) -> None:
    add(here, feed("feed:tides.example.org", paused=True))
    add(here, FetchRun(source="feed:tides.example.org", at=at(5), error="down"))

    page = status(here)

    assert "<dt>tides.example.org</dt><dd>Paused: it is not read for now.</dd>" in page
    assert "could not be read" not in page


@pytest.mark.parametrize("failed_first", [True, False])
def test_two_listings_of_one_source_make_one_truth(
    here: Installation, *, failed_first: bool
) -> None:
    error = "hunter2" if failed_first else None
    add(here, FetchRun(source="arxiv", at=at(5), error=error, new=0 if error else 3))
    error = None if failed_first else "hunter2"
    add(here, FetchRun(source="arxiv", at=at(5), error=error, new=0 if error else 3))

    page = status(here)

    assert (
        "Last read today at 05:00 UTC: 3 papers."
        ' <span class="bad">Not all of it could be read, and it will be tried again.</span>'
    ) in page
    assert page.count("05:00") == 1


def test_what_broke_off_is_no_success(here: Installation) -> None:
    """Row 34."""
    add(here, FetchRun(source="arxiv", at=at(4), new=30))
    add(here, FetchRun(source="arxiv", at=at(5), new=2, seen=1, error="breaks off"))

    page = status(here)

    assert "Last read today at 05:00 UTC: 3 papers, 2 of them new." in page
    assert "Not all of it could be read, and it will be tried again." in page


def test_one_minute_is_not_told_of_twice(here: Installation) -> None:
    add(here, FetchRun(source="arxiv", at=at(5), new=3))
    add(here, FetchRun(source="arxiv", at=at(5) + timedelta(seconds=20), error="down"))

    page = status(here)

    assert "Last read today at 05:00 UTC: 3 papers." in page
    assert "After that it could not be read, and it will be tried again." in page
    assert page.count("05:00") == 1


@pytest.mark.parametrize(
    ("now", "following"),
    [
        (at(9), "today at 09:30 UTC"),
        (at(9, 30), "today at 10:30 UTC"),
        (at(4, 45), "today at 05:00 UTC"),
        (at(5), "today at 05:30 UTC"),
        (at(23, 45), "tomorrow at 00:30 UTC"),
    ],
)
def test_the_next_reading_is_named(here: Installation, now: datetime, following: str) -> None:
    here.clock.now = now

    assert f"All are read again {following}." in status(here)


@pytest.mark.parametrize(
    ("now", "explained"),
    [
        (datetime(2026, 11, 20, 9, tzinfo=UTC), None),
        (datetime(2026, 11, 21, 9, tzinfo=UTC), "Hugging Face and arXiv list nothing today"),
        (datetime(2026, 11, 27, 9, tzinfo=UTC), "arXiv lists nothing today"),
        (datetime(2026, 11, 23, 3, tzinfo=UTC), "arXiv lists nothing today"),  # Sunday night there
    ],
)
def test_a_day_on_which_nothing_new_is_expected_is_explained(
    here: Installation, now: datetime, explained: str | None
) -> None:
    here.clock.now = now

    page = status(here)

    assert ("nothing today" in page) is (explained is not None)
    assert (explained or "") in page


def test_mail_goes_out_while_the_sweep_is_alive(here: Installation) -> None:
    add(here, Heartbeat(name="sweep", at=NOW - timedelta(seconds=30)))

    assert "Mail goes out." in status(here)


def test_a_silent_sender_is_named(here: Installation) -> None:
    add(here, Heartbeat(name="sweep", at=at(7)))

    assert "last heard of today at 07:00 UTC" in status(here)


def test_stopped_sending_is_named_without_the_operators_reason(here: Installation) -> None:
    add(
        here,
        Heartbeat(name="sweep", at=NOW),
        SendingBudget(
            id=1,
            next_free_at=NOW,
            sent_on=NOW.date(),
            sent_today=0,
            stopped_at=at(8),
            stopped_why="the account 4711 is suspended",
        ),
    )

    page = status(here)

    assert "Sending was stopped today at 08:00 UTC." in page
    assert "4711" not in page

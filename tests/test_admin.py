"""The operator's page: for whoever has the token, with numbers and nobody's address."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from digest import delivery, errands
from digest.database import DatabaseNow
from digest.models import (
    Bounce,
    Delivery,
    DeliveryState,
    EventKind,
    EventRow,
    FetchRun,
    Heartbeat,
    Standing,
    StoppedBy,
)
from digest.web import charts
from digest.web.charts import Row
from tests.visitor import NOW, PRODUCTION, TODAY, Installation, Page, installation

TOKEN = "an-operators-token-of-32-letters"
PAGES = ("/admin", "/metrics")
GROWING = ("subscriber", "delivery", "rating", "interest", "event", "pick", "consent")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, admin_token=TOKEN, sources="sample") as made:
        yield made


def admin(here: Installation, query: str = "") -> str:
    answer = here.visitor().get(f"/admin{query}", auth=("me", TOKEN))
    assert answer.status_code == 200
    return answer.text


# Who gets in


@pytest.mark.parametrize("path", PAGES)
def test_without_the_setting_there_is_no_such_page(tmp_path: Path, path: str) -> None:
    with installation(tmp_path) as closed:
        answer = closed.visitor().get(path, auth=("me", TOKEN))

    assert answer.status_code == 404


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("user", ["", "me", "prometheus"])
def test_the_token_opens_it_for_any_user(here: Installation, path: str, user: str) -> None:
    assert here.visitor().get(path, auth=(user, TOKEN)).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_the_token_may_be_borne_as_well(here: Installation, path: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    assert here.visitor().get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic bWU6",
        "Bearer",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Digest {TOKEN}",
        "Basic bWU6w6TDtsO8",
        "Basic bWU67aCA",
    ],
)
def test_nobody_else_gets_in(here: Installation, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    answer = here.visitor().get(path, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Daybreak", charset="UTF-8"'
    assert "daybreak_" not in answer.text
    assert "<svg" not in answer.text


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("token", [TOKEN, "wrong" * 8])
def test_nothing_of_it_is_kept_or_indexed(here: Installation, path: str, token: str) -> None:
    answer = here.visitor().get(path, auth=("me", token))

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_after_a_few_wrong_tokens_even_the_right_one_waits(here: Installation) -> None:
    visitor = here.visitor()
    guesses = [visitor.get("/admin", auth=("me", f"guess {n}")).status_code for n in range(7)]

    right = visitor.get("/admin", auth=("me", TOKEN))
    other = here.visitor()
    other.environ_base["REMOTE_ADDR"] = "192.0.2.8"

    assert guesses == [401] * 5 + [429] * 2
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) > 0
    assert other.get("/admin", auth=("me", TOKEN)).status_code == 200


def test_who_has_the_token_may_come_as_often_as_they_like(here: Installation) -> None:
    answers = {here.visitor().get("/metrics", auth=("me", TOKEN)).status_code for _ in range(30)}

    assert answers == {200}


def test_a_monitor_may_know_the_service_by_another_name(tmp_path: Path) -> None:
    with installation(tmp_path, **PRODUCTION, admin_token=TOKEN) as public:
        inside = public.visitor("http://10.0.0.7:8000")
        answers = [inside.get(path, auth=("me", TOKEN)).status_code for path in PAGES]

    assert answers == [400, 200]


# What is on it


def test_a_new_installation_says_that_nothing_was_counted(here: Installation) -> None:
    page = admin(here)

    assert "Nothing was counted yet" in page
    assert page.count("None in these days.") == 5
    assert "Nothing was read in these days." in page


def test_it_shows_what_happened_and_nobody_s_address(here: Installation) -> None:
    reader = here.reader("mira@example.org")
    here.reader("gone@example.org", standing=Standing.UNSUBSCRIBED)
    sent = here.digest_to(reader)
    with here.services.sessions.begin() as session:
        session.get_one(Delivery, sent).sending_at = NOW
        session.add(FetchRun(source="arxiv", at=NOW, new=1204))
        session.add(Heartbeat(name="sweep", at=NOW))
        for kind, bounce in ((EventKind.COMPLAINED, None), (EventKind.BOUNCED, Bounce.PERMANENT)):
            session.add(
                EventRow(
                    message_id=f"{kind}",
                    kind=kind,
                    bounce=bounce,
                    at=NOW,
                    received_at=DatabaseNow(),
                )
            )
    errands.count_figures(here.services)

    page = admin(here)

    assert "1 active" in page
    assert "Today: active 1, paused 0, pending 0." in page
    assert "Today: unsubscribed 1, bounced 0, complained 0." in page
    assert "Today: sent 1, skipped 0, failed 0, unknown 0, waiting 0." in page
    assert "1,204" in page
    assert "1 readings of the sources" in page
    assert "@" not in page
    assert sent


def test_what_is_wrong_now_stands_at_the_top(here: Installation) -> None:
    delivery.stop(here.services.sessions, "the account is suspended", NOW, by=StoppedBy.SENDER)

    page = admin(here)

    assert "sending since today at 09:00 UTC: the account is suspended" in page
    assert "Stopped: digest doctor says why." in page


def test_each_chart_has_a_name_words_and_a_table(here: Installation) -> None:
    page = Page(admin(here))

    drawn = page.all("svg", role="img")
    ids = set(page.every("id"))
    assert len(drawn) == 5
    assert all(set(str(each["aria-labelledby"]).split()) <= ids for each in drawn)
    assert len(page.all("table")) >= len(drawn) + 2
    assert not page.all("script")
    assert "style" not in {name for _, found in page.tags for name in found}


@pytest.mark.parametrize("days", ["7", "30", "90", "365"])
def test_the_period_can_be_chosen(here: Installation, days: str) -> None:
    errands.count_figures(here.services)

    page = admin(here, f"?days={days}")

    current = Page(page).all("a", href=f"?days={days}")
    assert [each.get("aria-current") for each in current] == ["page"]


@pytest.mark.parametrize("days", ["", "0", "31", "-7", "all", "9" * 99])
def test_another_period_is_no_page(here: Installation, days: str) -> None:
    assert here.visitor().get(f"/admin?days={days}", auth=("me", TOKEN)).status_code == 404


def test_it_speaks_english_whatever_the_browser_likes(here: Installation) -> None:
    answer = here.visitor().get("/admin", auth=("me", TOKEN), headers={"Accept-Language": "de"})

    assert answer.headers["Content-Language"] == "en"
    assert '<html lang="en"' in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_looking_changes_nothing(here: Installation, path: str) -> None:
    here.reader()
    before = here.rows()

    here.visitor().get(path, auth=("me", TOKEN))

    assert here.rows() == before


@pytest.mark.parametrize("path", PAGES)
def test_what_grows_with_the_readers_is_read_off_an_index(here: Installation, path: str) -> None:
    for number in range(3):
        here.digest_to(here.reader(f"{number}@example.org"))
    errands.count_figures(here.services)
    engine = here.services.sessions.kw["bind"]
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
    )

    here.visitor().get(path, auth=("me", TOKEN))

    with engine.connect() as connection:
        plans = [
            f"{line[3]}: {statement}"
            for statement, given in list(asked)
            if statement.startswith("SELECT")
            for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        ]
    scanned = [each for each in plans if re.match(f"SCAN ({'|'.join(GROWING)})", each)]
    assert len(plans) > 20
    assert [each for each in scanned if "INDEX" not in each.partition(":")[0]] == []


# The drawing


def test_bars_are_stacked_from_the_bottom() -> None:
    drawn = charts.stacked("x", "X", [TODAY], [Row("a", [30]), Row("b", [10])])

    lower, upper = drawn.bars
    assert drawn.top == "40"
    assert lower.y + lower.height == charts.TALL
    assert upper.y + upper.height == pytest.approx(lower.y)
    assert (lower.height, upper.height) == (150, 50)


def test_what_is_not_known_is_no_zero() -> None:
    days = [TODAY - timedelta(days=1), TODAY]

    drawn = charts.stacked("x", "X", days, [Row("a", [None, 0])])

    assert drawn.bars == []
    assert [cells for _, cells in drawn.lines] == [["0"], ["\N{EN DASH}"]]


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 1), (1, 1), (7, 7), (10, 10), (11, 12), (12_001, 15_000), (999_999, 10**6)],
)
def test_the_upper_edge_is_a_round_number(value: int, top: int) -> None:
    assert charts.ceiling(value) == top


def test_a_mail_of_unknown_outcome_is_marked(here: Installation) -> None:
    here.digest_to(here.reader(), DeliveryState.UNKNOWN)

    assert "1 with an unknown outcome" in admin(here)

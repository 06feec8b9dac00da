"""What the log holds, and what it must not: nobody's address, and no link that opens something."""

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from digest import logs, pipeline
from digest.cli import context as running
from digest.errors import BadSettings
from digest.models import Subscriber
from digest.services import Services
from digest.settings import read_settings
from digest.web import create_app
from tests.conftest import Inbox, StoppedClock
from tests.test_up import link, text_of
from tests.visitor import NOW, Visitor

ODD = "o'dd+tag=1%s@xn--bcher-kva.example"
TOKEN = re.compile(r"/(?:confirm|preferences|unsubscribe|view)/([\w.-]+)")


@pytest.fixture
def browser(services: Services) -> Visitor:
    visitor = Visitor(create_app(services), use_cookies=False)
    visitor.base_url = services.settings.base_url
    return visitor


def everything_logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return each record as any handler could write it: message, arguments, traceback."""
    form = logging.Formatter(logs.FORMAT)
    return "\n".join(f"{form.format(record)} {record.__dict__}" for record in caplog.records)


def test_a_whole_journey_leaves_neither_address_nor_token_in_the_log(
    services: Services,
    clock: StoppedClock,
    inbox: Inbox,
    browser: Visitor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Row 40."""
    for name in ("digest", "workers"):
        caplog.set_level(logging.DEBUG, name)
    pipeline.fetch(services, ["sample"])

    browser.post("/subscribe", data={"email": ODD, "keywords": "odd interests"})
    pipeline.send_due(services)
    [confirmation] = inbox()
    browser.post(link(confirmation, "confirm"))
    browser.post(link(confirmation, "confirm"), data={"zone": ODD})
    pipeline.send_due(services)
    first = inbox()[1]
    for page in ("preferences", "unsubscribe", "view"):
        browser.get(link(first, page))
        browser.get(link(first, page)[:-3])
        browser.get(f"{link(first, page)}/{ODD}")
    browser.post(link(first, "preferences"), data={"zone": ODD, "keywords": ODD})
    browser.post("/subscribe", data={"email": ODD})
    clock.advance(days=3)
    pipeline.send_due(services)
    browser.post(link(first, "unsubscribe"), data={"List-Unsubscribe": "One-Click"})

    logged = everything_logged(caplog)
    tokens = set(TOKEN.findall("".join(map(text_of, inbox()))))
    assert "path=/confirm/<token>" in logged
    assert len(tokens) >= 4
    assert not [token for token in tokens if token in logged]
    assert not [token for token in tokens if token[:12] in logged]
    assert "bcher" not in logged
    assert "o'dd" not in logged
    assert "odd interests" not in logged


def test_a_mail_that_cannot_be_composed_is_logged_by_its_number(
    services: Services, browser: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    browser.post("/subscribe", data={"email": ODD})
    with services.sessions.begin() as session:
        session.execute(sa.update(Subscriber).values(email=f"{ODD}\nBcc: eve@example.org"))

    sent = pipeline.send_due(services)

    assert sent.sent == 0
    assert "compose failed delivery=1" in caplog.text
    assert "bcher" not in everything_logged(caplog)
    assert "eve@" not in everything_logged(caplog)


def test_an_error_of_the_database_does_not_show_what_was_written(
    services: Services,
) -> None:
    row: dict[str, str | None] = {"email": ODD, "address_hash": "a" * 64, "zone": None}

    with pytest.raises(IntegrityError) as raised, services.sessions.begin() as session:
        session.execute(sa.insert(Subscriber).values(row))

    traceback = str(raised.getrepr(chain=True, style="native"))
    assert "subscriber" in traceback
    assert "bcher" not in traceback


def test_the_log_has_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    try:
        logs.configure(logging.INFO)
        logging.getLogger("digest.delivery").info("sent delivery=%d", 7)
        logging.getLogger("elsewhere").info("chatter")
    finally:
        root.level, root.handlers[:] = before
        for name in ("digest", "workers"):
            logging.getLogger(name).setLevel(logging.NOTSET)

    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("INFO digest.delivery sent delivery=7")


# As JSON


def as_json(capsys: pytest.CaptureFixture[str], write: Callable[[logging.Logger], None]) -> Any:
    """Return the one line that is logged, as a collector reads it."""
    logs.configure(logging.INFO, "json")
    write(logging.getLogger("digest.delivery"))
    [line] = capsys.readouterr().err.splitlines()
    return json.loads(line)


def test_a_line_of_json_names_what_the_message_names(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = False

    found = as_json(
        capsys,
        lambda log: log.info(
            "held delivery=%s skipped=%s why=%s ms=%.1f", 7, skipped, "nothing new", 12.3456
        ),
    )

    assert datetime.fromisoformat(found.pop("time")).tzinfo == UTC
    assert found == {
        "level": "info",
        "logger": "digest.delivery",
        "message": "held delivery=7 skipped=False why=nothing new ms=12.3",
        "fields": {"delivery": 7, "skipped": False, "why": "nothing new", "ms": 12.3},
    }


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (("nothing to name",), {}),
        (("100%% of delivery=%d", 7), {"delivery": 7}),
        (("%s stopped: %s", "sending", "why"), {}),
        (("%s then delivery=%d", "first", 7), {"delivery": 7}),
        (("since=%s key=%s", NOW, None), {"since": "2026-11-20 09:00:00+00:00", "key": None}),
        (("pair=%s", ((1, 2),)), {"pair": "((1, 2),)"}),
    ],
)
def test_only_what_has_a_name_is_a_field(
    capsys: pytest.CaptureFixture[str], words: tuple[Any, ...], fields: dict[str, object]
) -> None:
    found = as_json(capsys, lambda log: log.warning(*words))

    assert found["fields"] == fields


def test_many_lines_are_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(log: logging.Logger) -> None:
        try:
            int("first\nsecond")
        except ValueError:
            log.exception("compose failed\ndelivery=%d", 7)

    found = as_json(capsys, fail)

    assert found["message"] == "compose failed\ndelivery=7"
    assert found["traceback"].endswith("with base 10: 'first\\nsecond'")


def test_the_form_of_the_log_is_a_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIGEST_LOG_FORMAT", "json")
    logs.configure()

    with running.services() as built:
        capsys.readouterr()
        logging.getLogger("digest.odd").warning("odd number=%d", built.settings.port)

    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["fields"] == {"number": 8000}


def test_a_form_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_LOG_FORMAT", "yaml")

    with pytest.raises(BadSettings, match="DIGEST_LOG_FORMAT"):
        read_settings()

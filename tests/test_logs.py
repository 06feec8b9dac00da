"""What the log holds, and what it must not: nobody's address, and no link that opens something."""

import logging
import re

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from digest import logs, pipeline
from digest.models import Subscriber
from digest.services import Services
from digest.web import create_app
from tests.conftest import Inbox, StoppedClock
from tests.test_up import link, text_of
from tests.visitor import Visitor

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

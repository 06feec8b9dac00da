"""What only a real browser can tell: policies, sandboxes, and forms without a script."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from digest.links import Purpose
from digest.mail.message import Mail
from digest.models import Pick, Standing
from digest.render import Renderer
from tests.chromium import chromium, context, needs_chromium, tab_of
from tests.digests import SITE, paper
from tests.digests import page as digest_page
from tests.gallery import served
from tests.visitor import Installation, entry

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with served(tmp_path) as made:
        yield made


def test_the_confirmation_in_the_outbox_can_be_pressed(
    here: Installation, browser: Browser
) -> None:
    reader = here.reader(standing=Standing.PENDING, next_due_at=None)
    name = _confirmation_in_the_outbox(here, reader)
    window = context(browser, here, timezone_id="Asia/Tokyo")
    page = window.new_page()

    page.goto(f"/outbox/{name}")
    tab = tab_of(page.frame_locator("iframe").first.get_by_role("link", name="Confirm").first)
    tab.get_by_role("button", name="Confirm").click()
    heading = tab.get_by_role("heading", level=1).inner_text()
    window.close()

    assert heading == "You are subscribed."
    assert here.kept(reader).standing is Standing.ACTIVE
    assert here.kept(reader).zone == "Asia/Tokyo"


# The sheet hides what is wider than it, so the window's own width tells nothing.
_RIGHTMOST = """Math.max(...[...document.querySelectorAll('.sh *')].map(
  each => each.getBoundingClientRect().right))"""


@pytest.mark.parametrize(
    "facts",
    [
        {"authors": ("The Dark Energy Spectroscopic Instrument Survey Collaboration",)},
        {"authors": ("W" * 90,), "organization": "W" * 90},
        {"title": "Unbreakable" * 20, "comments": 1_234, "upvotes": 1_234_567},
    ],
    ids=["one author with a long name", "names without a space", "a title without a space"],
)
def test_nothing_of_a_card_is_cut_off_on_a_narrow_phone(
    browser: Browser, facts: dict[str, Any]
) -> None:
    mail = Renderer(SITE).digest(digest_page(paper(**facts)))
    window = browser.new_context(viewport={"width": 320, "height": 800})
    shown = window.new_page()

    shown.set_content(mail.html)
    rightmost = shown.evaluate(_RIGHTMOST)
    window.close()

    assert rightmost <= 320


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_its_screen_or_breaks_its_policy(
    here: Installation, browser: Browser, width: int
) -> None:
    here.papers(entry(1, title="Unbreakable" * 20, organization="W" * 110, authors=("O" * 90,)))
    here.edition()
    reader = here.reader("a-very-long-address-of-somebody@department.university.example.org")
    delivery = here.digest_to(reader)
    with here.services.sessions.begin() as session:
        session.add(
            Pick(subscriber_id=reader, paper_id=1, delivery_id=delivery, place=0, reasons=[])
        )
    window = context(browser, here, viewport={"width": width, "height": 800})
    page = window.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    name = _confirmation_in_the_outbox(here, reader)

    widths = {}
    for path in (
        *("/", "/papers", "/paper/2611.00001", "/about", "/privacy", "/outbox", f"/outbox/{name}"),
        *("/papers/trending", "/papers/week/2026-W47", "/search?q=unbreakable", "/status"),
        *(here.path(purpose, reader) for purpose in (Purpose.MANAGE, Purpose.LEAVE)),
        f"{here.path(Purpose.RATE, delivery)}/0/less",
    ):
        page.goto(path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    window.close()

    assert {path: wide for path, wide in widths.items() if wide > width} == {}
    assert complaints == []


def _confirmation_in_the_outbox(here: Installation, reader: int) -> str:
    link = here.services.links.make(Purpose.CONFIRM, reader)
    written = here.services.renderer.confirmation(
        email="mira@example.org", confirm_url=link, hours=48
    )
    here.services.transport.send(
        Mail(
            to="mira@example.org",
            subject=written.subject,
            html=written.html,
            text=written.text,
            delivery_id=1,
            kind="confirmation",
        )
    )
    [file] = here.services.settings.outbox.glob("*.eml")
    return file.stem

"""What only a real browser can tell: policies, sandboxes, and forms without a script."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from waitress.server import create_server

from digest.links import Purpose
from digest.mail.message import Mail
from digest.models import Pick, Standing
from tests.servers import free_port
from tests.visitor import Installation, entry, installation

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="NO BROWSER: install Debian's chromium to run these"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Installation]:
    port = free_port()
    with installation(tmp_path, port=port, limits="off") as here:
        server = create_server(here.app, host="127.0.0.1", port=port)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield here
        server.close()
        thread.join(timeout=5)


def test_the_confirmation_in_the_outbox_can_be_pressed(
    served: Installation, browser: Browser
) -> None:
    reader = served.reader(standing=Standing.PENDING, next_due_at=None)
    name = _confirmation_in_the_outbox(served, reader)
    context = _context(browser, served, timezone_id="Asia/Tokyo")
    page = context.new_page()

    page.goto(f"/outbox/{name}")
    with context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Confirm").first.click()
    opened.value.get_by_role("button", name="Confirm").click()
    heading = opened.value.get_by_role("heading", level=1).inner_text()
    context.close()

    assert heading == "You are subscribed."
    assert served.kept(reader).standing is Standing.ACTIVE
    assert served.kept(reader).zone == "Asia/Tokyo"


def test_a_reader_without_scripts_can_do_everything(served: Installation, browser: Browser) -> None:
    reader = served.reader()
    served.papers(entry(1), entry(2), entry(3))
    served.edition()
    context = _context(browser, served, java_script_enabled=False)
    page = context.new_page()

    page.goto("/")
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_label("Chosen days").check()
    page.get_by_label("Tuesday").check()
    page.get_by_role("button", name="Send me the digest").click()
    asked = page.get_by_role("heading", level=1).inner_text()
    page.goto(served.path(Purpose.MANAGE, reader))
    page.get_by_text("Robotics").first.click()
    page.get_by_label("Robot manipulation", exact=True).check()
    page.get_by_role("button", name="Save").click()
    saved = page.get_by_role("status").inner_text()
    page.get_by_role("button", name="More like this: Paper number 2").click()
    noted = page.get_by_role("status").inner_text()
    at = page.evaluate("document.querySelector('#rate').getBoundingClientRect().top")
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    context.close()

    assert asked == "Check your inbox."
    assert saved.startswith("Saved.")
    assert noted == "Noted: more like this."
    assert at < 600  # the page opens where the button was
    assert served.kept(reader).standing is Standing.UNSUBSCRIBED


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_its_screen_or_breaks_its_policy(
    served: Installation, browser: Browser, width: int
) -> None:
    served.papers(entry(1, title="Unbreakable" * 20, organization="W" * 110))
    served.edition()
    reader = served.reader("a-very-long-address-of-somebody@department.university.example.org")
    delivery = served.digest_to(reader)
    with served.services.sessions.begin() as session:
        session.add(
            Pick(subscriber_id=reader, paper_id=1, delivery_id=delivery, place=0, reasons=[])
        )
    context = _context(browser, served, viewport={"width": width, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    name = _confirmation_in_the_outbox(served, reader)

    widths = {}
    for path in (
        *("/", "/papers", "/paper/2611.00001", "/about", "/privacy", "/outbox", f"/outbox/{name}"),
        *("/papers/trending", "/papers/week/2026-W47", "/search?q=unbreakable", "/status"),
        *(served.path(purpose, reader) for purpose in (Purpose.MANAGE, Purpose.LEAVE)),
        f"{served.path(Purpose.RATE, delivery)}/0/less",
    ):
        page.goto(path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert {path: wide for path, wide in widths.items() if wide > width} == {}
    assert complaints == []


def _context(browser: Browser, served: Installation, **options: object) -> BrowserContext:
    base_url = served.services.settings.base_url
    context = browser.new_context(base_url=base_url, **options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    return context


def _confirmation_in_the_outbox(served: Installation, reader: int) -> str:
    link = served.services.links.make(Purpose.CONFIRM, reader)
    written = served.services.renderer.confirmation(
        email="mira@example.org", confirm_url=link, hours=48
    )
    served.services.transport.send(
        Mail(
            to="mira@example.org",
            subject=written.subject,
            html=written.html,
            text=written.text,
            delivery_id=1,
            kind="confirmation",
        )
    )
    [file] = served.services.settings.outbox.glob("*.eml")
    return file.stem

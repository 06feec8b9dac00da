"""The browser of the tests: Debian's Chromium, with one page that looks at many."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Response,
    sync_playwright,
)
from playwright.sync_api import (
    TimeoutError as TookTooLong,
)

from tests.gallery import Sight
from tests.visitor import Installation

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
CLICKS = 4
WIDTHS = (390, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="NO BROWSER: install Debian's chromium to run these"),
]

# A form of our own: some pages answer to a button on a page that is gone by now.
_POST = """([path, fields]) => {
  const form = document.createElement("form");
  form.method = "post"; form.action = path;
  for (const [name, value] of fields) {
    const input = document.createElement("input");
    input.type = "hidden"; input.name = name; input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def context(browser: Browser, here: Installation, **options: Any) -> BrowserContext:
    """Return a new visitor's window on *here*."""
    token = here.services.settings.admin_token
    if token:
        # For the operator's page alone: it is given where it is asked for.
        known = {"username": "operator", "password": token.get_secret_value()}
        options.setdefault("http_credentials", known)
    opened = browser.new_context(base_url=here.services.settings.base_url, **options)
    opened.set_default_timeout(10_000)
    return opened


def tab_of(link: Locator) -> Page:
    """Click on *link* until a tab opens: just after scrolling, Chromium may miss it in a frame."""
    for _ in range(CLICKS):
        try:
            with link.page.context.expect_page() as tab:
                link.click()
        except TookTooLong:
            continue
        return tab.value
    raise AssertionError(f"{link} opened no tab")


def open_sight(page: Page, sight: Sight) -> Response:
    """Bring *sight* before *page*; return what came."""
    if sight.fields is None:
        answer = page.goto(sight.path)
        assert answer
        return answer
    page.goto("/about")
    fields = [
        (name, value)
        for name, said in sight.fields.items()
        for value in ([said] if isinstance(said, str) else said)
    ]
    with page.expect_navigation() as coming:
        page.evaluate(_POST, [sight.path, fields])
    return coming.value

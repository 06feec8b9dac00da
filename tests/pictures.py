"""Draws every page and every mail, light and dark, phone and desktop: `make pictures`."""

import sys
import time
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Browser, Page

from tests import history
from tests.chromium import SCHEMES, WIDTHS, chromium, context, open_sight
from tests.gallery import lay_out, mails, served, sights
from tests.visitor import Installation

FOLDER = Path("var/pictures")
TALL = 800

BESIDE = """<style>
main {{ display: inline-flex; gap: 28px; padding: 28px; background: #d9d3c6 }}
img {{ border-radius: 14px; display: block; height: 800px }}
</style>
<main><img width="{wide}" src="data:image/png;base64,{}"><img width="390"
src="data:image/png;base64,{}"></main>"""


def main(wanted: list[str]) -> None:
    """Draw all that there is, or what is *wanted* by name; `readme`: what the README shows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with TemporaryDirectory() as folder, served(Path(folder)) as here, chromium() as browser:
        lay_out(here)
        drawn = for_the_readme(browser, here) if wanted == ["readme"] else 0
        drawn = drawn or everything(browser, here, wanted)
    print(f"{drawn} pictures, {time.monotonic() - began:.0f} s")


def everything(browser: Browser, here: Installation, wanted: list[str]) -> int:
    drawn = 0
    page = context(browser, here).new_page()
    for sight in sights(here):
        if not wanted or sight.name in wanted:
            open_sight(page, sight)
            drawn += draw(page, sight.name)
    # Another window: under the pages' policy no mail is shown.
    page = context(browser, here).new_page()
    for name, html in mails(here):
        if not wanted or name in wanted:
            page.set_content(html)
            drawn += draw(page, name)
    return drawn


def for_the_readme(browser: Browser, here: Installation) -> int:
    """Draw a digest and the first page, each on a computer and on a phone beside it."""
    mail = dict(mails(here))["mail-digest-en"]
    history.bring(here)
    places = {"home": "/", "admin": "/admin#readers"}
    for name, computer in (("digest", 680), ("home", 1180), ("admin", 1180)):
        page = context(browser, here).new_page()
        if name in places:
            page.goto(places[name])
        else:
            page.set_content(mail)
        shots = [shot(page, computer, "light"), shot(page, 390, "dark")]
        beside = context(browser, here).new_page()
        beside.set_content(BESIDE.format(*shots, wide=computer))
        beside.locator("main").screenshot(path=f"docs/{name}.png")
    return 3


def shot(page: Page, width: int, scheme: Literal["light", "dark"]) -> str:
    page.set_viewport_size({"width": width, "height": TALL})
    page.emulate_media(color_scheme=scheme)
    return b64encode(page.screenshot()).decode()


def draw(page: Page, name: str) -> int:
    for width in WIDTHS:
        for scheme in SCHEMES:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            # As tall as the page: what sticks to the window's edge is where a reader meets it last.
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(max(tall, 900), 12_000)})
            file = FOLDER / f"{name}-{width}-{scheme}.png"
            page.screenshot(path=file, full_page=True)
    return len(WIDTHS) * len(SCHEMES)


if __name__ == "__main__":
    main(sys.argv[1:])

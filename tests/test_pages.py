"""Every page and every mail in a real browser: for all eyes, at all widths, within all policies."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import template_rendered
from playwright.sync_api import ConsoleMessage, Page

from digest.render import templates_folder
from tests import visitor
from tests.chromium import WIDTHS, chromium, context, needs_chromium, open_sight
from tests.gallery import lay_out, mails, served, sights
from tests.visitor import Installation

pytestmark = needs_chromium

NARROWEST = 320
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BY_SCHEME = ["color-contrast"]
"""The rules for which a scheme matters; the others say the same in the dark."""

REFUSED = {
    "home-wrong": 400,
    "preferences-wrong": 400,
    "bad-link": 404,
    "change-void": 404,
    "no-undo": 409,
    "400": 400,
    "404": 404,
    "429": 429,
    "500": 500,
}
_CHECK = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"
_ELEMENTS = "[...document.querySelectorAll('*')].map(element => element.localName)"
_UNSTICK = "for (const bar of document.querySelectorAll('.bar')) bar.style.position = 'static'"
"""What sticks to the window's edge hides what one has yet to scroll to: no flaw of the page."""

_OWN_NEWS = "Failed to load resource: the server responded with a status of "
"""What Chromium says of every page that is not 200."""


@dataclass
class Tour:
    """What was found on the way, by the name of the page or mail."""

    unfit: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    widths: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    complaints: list[tuple[str, str]] = field(default_factory=list)
    misnested: list[str] = field(default_factory=list)
    templates: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Tour:
    found = Tour()
    with served(tmp_path_factory.mktemp("tour")) as here, chromium() as browser:
        lay_out(here, most=6)
        page = context(browser, here).new_page()
        with noting(found, page, here):
            for sight in sights(here):
                answer = open_sight(page, sight)
                found.statuses[sight.name] = answer.status
                found.titles[sight.name] = page.title()
                written = [tag for tag, _ in visitor.Page(answer.text()).tags]
                if page.evaluate(_ELEMENTS) != written:
                    found.misnested.append(sight.name)
                look(page, found, sight.name)
        # Another window: this one keeps the policy of the last page, under which no mail is shown.
        page = context(browser, here).new_page()
        for name, html in mails(here):
            page.set_content(html)
            look(page, found, name)
    return found


@contextmanager
def noting(found: Tour, page: Page, here: Installation) -> Iterator[None]:
    """Note what the console says, and which templates are shown."""

    def said(message: ConsoleMessage) -> None:
        if not message.text.startswith(_OWN_NEWS):
            found.complaints.append((page.url, message.text))

    def shown(_: object, template: object, **__: object) -> None:
        found.templates.add(str(getattr(template, "name", "")))

    page.on("console", said)
    with template_rendered.connected_to(shown, here.app):
        yield


def look(page: Page, found: Tour, name: str) -> None:
    page.evaluate(AXE_SCRIPT)
    page.evaluate(_UNSTICK)
    for scheme, rules in (("light", WCAG), ("dark", BY_SCHEME)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for broken in page.evaluate(_CHECK, rules)["violations"]:
                where = broken["nodes"][0]
                found.unfit[name].append(
                    f"{broken['id']} ({width}, {scheme}): {where['html']} {where['failureSummary']}"
                )
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    found.widths[name] = page.evaluate("document.documentElement.scrollWidth")


def test_nobody_is_kept_out_of_a_page_or_a_mail(tour: Tour) -> None:
    assert dict(tour.unfit) == {}


def test_nothing_is_wider_than_the_narrowest_phone(tour: Tour) -> None:
    assert {name: wide for name, wide in tour.widths.items() if wide > NARROWEST} == {}


def test_no_page_breaks_its_policy_or_complains(tour: Tour) -> None:
    assert tour.complaints == []


def test_browsers_see_the_very_elements_that_were_written(tour: Tour) -> None:
    assert tour.misnested == []


def test_each_page_says_by_its_status_what_came_of_it(tour: Tour) -> None:
    assert tour.statuses == {name: REFUSED.get(name, 200) for name in tour.statuses}


def test_each_page_has_a_title_of_its_own(tour: Tour) -> None:
    assert all(title.endswith(" – Daybreak") for title in tour.titles.values())
    assert len(set(tour.titles.values())) > len(tour.titles) / 2


def test_every_template_was_looked_at(tour: Tour) -> None:
    files = {file.name for file in (templates_folder() / "web").glob("[!_]*.html")}

    assert files - {"base.html", "notice.html"} - tour.templates == set()

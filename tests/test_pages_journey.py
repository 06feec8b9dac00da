"""A reader's way through the pages in a real browser: without scripts, without a mouse, abroad."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response

from digest import pipeline
from digest.language import gettext, languages, speaking
from digest.links import Purpose
from digest.models import Standing, Subscriber
from tests.chromium import chromium, context, needs_chromium, tab_of
from tests.gallery import lay_out, served
from tests.visitor import Installation

pytestmark = needs_chromium

NEW = "new@example.org"
MOST_TABS = 200

_FOCUS = """() => {
  const on = document.activeElement, box = on.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const label = on.labels && on.labels[0];
  return {
    name: on.getAttribute("aria-label") || (label || on).textContent.trim(),
    value: on.value || "",
    seen: on.matches(":focus-visible") && [on, label].some((each) => each && each.contains(at)),
  };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def here(tmp_path: Path, browser: Browser) -> Iterator[Installation]:
    with served(tmp_path) as made:
        lay_out(made, most=4)
        yield made
        # The server waits for connections that its visitors keep open.
        for window in browser.contexts:
            window.close()


def reader(here: Installation) -> Subscriber:
    with here.services.sessions(expire_on_commit=False) as session:
        return session.query(Subscriber).filter_by(email=NEW).one()


def standing(here: Installation) -> Standing:
    return reader(here).standing


def newest_mail(here: Installation) -> str:
    """Send what is due; return the address of the newest mail's page."""
    pipeline.send_due(here.services)
    return f"/outbox/{max(file.stem for file in here.services.settings.outbox.glob('*.eml'))}"


class Walk:
    """Somebody's way through the pages, who reads their language and presses what it says."""

    def __init__(self, here: Installation, browser: Browser, code: str) -> None:
        self.here, self.code = here, code
        tag = languages()[code].tag
        self.window = context(browser, here, java_script_enabled=False, locale=tag)
        self.page = self.window.new_page()
        self.heard: list[str | None] = []
        """The language of each page that came of a button."""

    def said(self, message: str) -> str:
        with speaking(self.code):
            return gettext(message)

    def press(self, message: str) -> str:
        """Press a button; return the heading of the page that comes."""
        self.page.get_by_role("button", name=self.said(message), exact=True).first.click()
        self.heard.append(self.page.locator("html").get_attribute("lang"))
        return self.page.get_by_role("heading", level=1).inner_text()

    def unfold(self, message: str) -> None:
        self.page.locator("summary").filter(has_text=self.said(message)).first.click()

    def status(self) -> str:
        return self.page.get_by_role("status").first.inner_text()

    def follow(self, path: str) -> str | None:
        """Follow the link to *path* of the newest mail; return the mail's language."""
        self.page.goto(newest_mail(self.here))
        mail = self.page.frame_locator("iframe").first
        spoken = mail.locator("html").get_attribute("lang")
        self.page = tab_of(mail.locator(f"a[href*='/{path}/']").first)
        return spoken


@pytest.mark.parametrize("code", list(languages()))
def test_the_whole_way_without_scripts(here: Installation, browser: Browser, code: str) -> None:
    walk = Walk(here, browser, code)

    asked = subscribe(walk)
    asking = walk.follow("confirm")
    confirmed = walk.press("Confirm my subscription")
    walk.page.get_by_role("link", name=walk.said("Choose topics and keywords")).click()
    previewed, saved, rated = prefer(walk)
    paused = pause(walk)
    digest = walk.follow("unsubscribe")
    left = walk.press("Unsubscribe")
    gone = standing(here)
    back = walk.press("Subscribe me again")
    walk.window.close()

    headings = ("Check your inbox.", "You are subscribed.", "You will get no more mails.")
    assert [asked, confirmed, left] == [walk.said(heading) for heading in headings]
    assert back == walk.said("You are subscribed again.")
    assert previewed == 3
    assert saved.startswith(walk.said("Saved."))
    assert rated == walk.said("Noted: more like this.")
    assert [paused, gone, standing(here)] == [
        Standing.PAUSED,
        Standing.UNSUBSCRIBED,
        Standing.ACTIVE,
    ]
    assert {asking, digest, *walk.heard} == {languages()[code].tag}


def subscribe(walk: Walk) -> str:
    walk.page.goto("/")
    walk.page.get_by_label(walk.said("E-mail address")).fill(NEW)
    walk.unfold("When")
    walk.page.get_by_label(walk.said("Chosen days")).check()
    walk.page.locator("[name=day][value=fri]").check()
    return walk.press("Send me the digest")


def prefer(walk: Walk) -> tuple[int, str, str]:
    """Preview, save and rate; return how many papers were previewed, and what the page said."""
    walk.unfold("Robotics")
    walk.page.locator("[name=topic][value=robot-manipulation]").check()
    walk.page.get_by_label(walk.said("Papers in a digest, at most")).select_option("3")
    walk.press("Preview")
    previewed = walk.page.locator("#preview .paper").count()
    walk.press("Save preferences")
    saved = walk.status()
    walk.page.locator("#rate [value=more]").first.click()
    return previewed, saved, walk.status()


def pause(walk: Walk) -> Standing:
    walk.page.get_by_label(walk.said("Pause until")).fill("2026-12-01")
    walk.press("Pause")
    paused = standing(walk.here)
    walk.press("Resume my digests")
    return paused


def tab_to(page: Page, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Press Tab until what is *wanted* has the focus, which must be seen there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        if wanted(focus):
            assert focus["seen"], f"{focus['name']} has the focus, and nobody sees it"
            return
    raise AssertionError("not reached by Tab")


def named(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda focus: re.sub(r"\s*[0-9]*$", "", focus["name"].split("\n")[0]) == name


def enter(page: Page) -> str:
    """Press what has the focus; return the heading of the page that comes."""
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page.get_by_role("heading", level=1).inner_text()


def test_the_whole_way_without_a_mouse(here: Installation, browser: Browser) -> None:
    page = context(browser, here, viewport={"width": 1280, "height": 700}).new_page()

    page.goto("/")
    page.keyboard.press("Tab")
    first = page.evaluate(_FOCUS)["name"]
    asked = join_by_keys(page)
    pipeline.send_due(here.services)
    page.goto(here.path(Purpose.CONFIRM, reader(here).id))
    tab_to(page, named("Confirm my subscription"))
    confirmed = enter(page)
    tab_to(page, named("Choose topics and keywords"))
    enter(page)
    saved = choose_by_keys(page)
    tab_to(page, named("Unsubscribe"))
    enter(page)
    tab_to(page, named("Unsubscribe"))
    left = enter(page)

    assert first == "Skip to content"
    assert [asked, confirmed] == ["Check your inbox.", "You are subscribed."]
    assert saved.startswith("Saved.")
    assert left == "You will get no more mails."
    assert standing(here) is Standing.UNSUBSCRIBED
    assert reader(here).cadence == "daily"


def join_by_keys(page: Page) -> str:
    tab_to(page, named("E-mail address"))
    page.keyboard.type(NEW)
    tab_to(page, lambda focus: bool(focus["name"].startswith("When")))
    page.keyboard.press("Enter")
    tab_to(page, lambda focus: bool(focus["value"] == "weekdays"))
    page.keyboard.press("ArrowLeft")
    tab_to(page, named("Send me the digest"))
    return enter(page)


def choose_by_keys(page: Page) -> str:
    tab_to(page, lambda focus: bool(focus["name"].startswith("Vision")))
    page.keyboard.press("Enter")
    tab_to(page, named("Image generation"))
    page.keyboard.press("Space")
    tab_to(page, named("Save preferences"))
    enter(page)
    return page.get_by_role("status").inner_text()


def test_the_first_page_weighs_little_and_asks_for_one_style_sheet(
    here: Installation, browser: Browser
) -> None:
    lay_out(here)
    page = context(browser, here).new_page()
    came: list[Response] = []
    # Playwright cannot mark a method of a list.
    page.on("response", lambda answer: came.append(answer))  # noqa: PLW0108

    page.goto("/", wait_until="networkidle")
    blocking = page.locator("link[rel=stylesheet], script:not([defer])").count()
    weight = sum(len(answer.body()) for answer in came)

    # The icon is asked for by some builds of Chromium, and not by others.
    kinds = {answer.request.resource_type for answer in came} - {"other"}
    assert kinds == {"document", "stylesheet", "script"}
    assert len(came) <= 4
    assert blocking == 1
    assert weight <= 50 * 1024


def test_with_scripts_the_topics_can_be_searched_and_counted(
    here: Installation, browser: Browser
) -> None:
    manage = here.path(Purpose.MANAGE, here.reader())
    page = context(browser, here).new_page()

    page.goto("/")
    page.locator("#topics > summary").click()
    page.locator(".group > summary").first.click()
    page.get_by_label("Reasoning").check()
    count = page.locator("[data-count]")
    count.wait_for()
    counted = count.inner_text()
    page.goto(manage)
    page.get_by_label("Find a topic").fill("robot")
    seen = page.locator("#all-topics .pill:visible").all_inner_texts()
    page.get_by_label("Find a topic").fill("")
    closed = page.locator("#all-topics .pill:visible").count()

    assert re.fullmatch(r"[0-9]+ papers? last week", counted)
    assert [re.sub(r"\s*[0-9]+$", "", name) for name in seen] == [
        "Robot manipulation",
        "Legged and humanoid robots",
    ]
    assert closed == 0


def test_with_scripts_the_preview_comes_without_leaving_the_page(
    here: Installation, browser: Browser
) -> None:
    manage = here.path(Purpose.MANAGE, here.reader())
    page = context(browser, here).new_page()
    before = here.rows()

    page.goto(manage)
    page.get_by_label("Show me papers about").fill("tactile")
    page.get_by_role("button", name="Preview").click()
    shown = page.locator("#preview .paper")
    shown.first.wait_for()
    focus = page.evaluate("document.activeElement.id")
    kept = page.get_by_label("Show me papers about").input_value()
    page.get_by_label("Time zone").fill("Nowhere")
    page.get_by_role("button", name="Preview").click()
    wrong = page.get_by_role("alert").inner_text()

    assert shown.count() == 0  # the wrong one took its place
    assert focus == "preview"
    assert kept == "tactile"
    assert "Nowhere" in wrong
    assert here.rows() == before

"""The shelf: no page is rendered twice, and none is shown once something has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, template_rendered
from werkzeug.test import TestResponse

from digest import edition
from digest.database import Sessions
from digest.fetch import curating, keep
from digest.links import Purpose
from digest.models import Paper
from digest.sources.entry import Document
from digest.web.shelf import Leaf, Shelf, newest_ids
from tests.visitor import NOW, TODAY, Installation, entry, installation

PAGES = (
    *("/", "/papers", f"/papers/{TODAY}", "/papers/week/2026-W47", "/papers/month/2026-11"),
    *("/papers/trending", "/paper/2611.00001", "/feed.xml"),
)
DATA = (
    *("/api/v1/papers", f"/api/v1/papers?day={TODAY}&per_page=1", "/api/v1/papers/2611.00001"),
    *("/api/v1/topics", "/api/v1/openapi.json"),
)
SEARCHES = ("/search?q=paper", "/api/v1/search?q=paper")
PUBLIC = (*PAGES, *DATA, *SEARCHES)
OF_NOBODY_ELSE = ("/status", "/outbox", "/about", "/privacy", "/nowhere", "/papers/2026-01-01")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        made.papers(entry(1), entry(2))
        made.edition()
        yield made


@contextmanager
def rendered(app: Flask) -> Iterator[list[str]]:
    """Note the templates that are rendered within."""
    names: list[str] = []

    def note(_: object, template: object, **__: object) -> None:
        names.append(str(getattr(template, "name", "")))

    with template_rendered.connected_to(note, app):
        yield names


def again(here: Installation, path: str, first: TestResponse, **headers: str) -> TestResponse:
    known = {"If-None-Match": first.headers["ETag"], **headers}
    return here.visitor().get(path, headers=known)


@pytest.mark.parametrize("path", PUBLIC)
def test_who_has_a_page_is_told_so_without_rendering_it(here: Installation, path: str) -> None:
    first = here.visitor().get(path)

    with rendered(here.app) as names:
        second = again(here, path, first)

    assert (first.status_code, second.status_code, second.data) == (200, 304, b"")
    assert names == []
    for name in ("ETag", "Cache-Control", "Vary", "Access-Control-Allow-Origin"):
        assert second.headers.get(name) == first.headers.get(name)


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_a_page_that_others_have_asked_for_is_not_rendered_again(
    here: Installation, path: str
) -> None:
    first = here.visitor().get(path)

    with rendered(here.app) as names:
        second, head = here.visitor().get(path), here.visitor().head(path)

    assert names == []
    assert second.data == first.data
    assert dict(second.headers) == dict(first.headers) | {"Date": second.headers["Date"]}
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == first.headers["ETag"]


def test_a_page_that_is_asked_for_at_first_by_head_is_whole_afterwards(here: Installation) -> None:
    here.visitor().head("/papers/trending")

    assert "Paper number 1" in here.visitor().get("/papers/trending").text


@pytest.mark.parametrize("path", [*PAGES, *DATA[:3], *SEARCHES])
def test_no_page_outlives_a_fetch(here: Installation, path: str) -> None:
    first = here.visitor().get(path)
    changed = entry(1, title="Another title of paper 1", upvotes=99)

    here.papers(changed, entry(3))
    before_the_edition = again(here, path, first)
    here.edition()
    after_it = again(here, path, before_the_edition)

    assert before_the_edition.status_code == after_it.status_code == 200
    assert {first.headers["ETag"], before_the_edition.headers["ETag"]} != {after_it.headers["ETag"]}


def test_both_databases_tell_when_something_has_changed(sessions: Sessions) -> None:
    engine = sessions.kw["bind"]
    known = [newest_ids(engine)]
    with sessions.begin() as session:
        keep(session, "arxiv", Document(entries=(entry(1),)), day=TODAY, now=NOW)
    known.append(newest_ids(engine))
    with sessions.begin() as session:
        edition.build(session, NOW)
    known.append(newest_ids(engine))

    assert len(set(known)) == 3
    assert newest_ids(engine) == known[-1]


def test_what_a_fetch_brought_is_on_the_page_at_once(here: Installation) -> None:
    before = here.visitor().get("/").text

    here.papers(entry(3))
    after = here.visitor().get("/").text

    assert "Paper number 3" not in before
    assert "Paper number 3" in after


def test_a_curators_pick_is_on_the_page_at_once(here: Installation) -> None:
    first = here.visitor().get("/paper/2611.00001")

    with here.services.sessions.begin() as session:
        curating.pick(session, session.get_one(Paper, 1), "Read the second section.", NOW)

    second = again(here, "/paper/2611.00001", first)
    assert second.status_code == 200
    assert "Read the second section." in second.text


def test_each_language_has_a_page_of_its_own(here: Installation) -> None:
    english = here.visitor().get("/papers")

    german = again(here, "/papers", english, **{"Accept-Language": "de"})

    assert german.status_code == 200
    assert german.headers["Content-Language"] == "de"
    assert german.headers["ETag"] != english.headers["ETag"]
    assert "Accept-Language" in german.headers["Vary"]
    assert here.visitor().get("/papers").data == english.data


def test_addresses_do_not_share_a_tag(here: Installation) -> None:
    tags = {here.visitor().get(path).headers["ETag"] for path in PUBLIC}

    assert len(tags) == len(PUBLIC)
    assert all(tag.startswith('W/"') for tag in tags)


def test_the_words_on_a_papers_trend_grow_old(here: Installation) -> None:
    first = here.visitor().get("/paper/2611.00001")

    here.clock.now = NOW + timedelta(minutes=11)

    assert again(here, "/paper/2611.00001", first).status_code == 200


@pytest.mark.parametrize("path", OF_NOBODY_ELSE)
def test_what_changes_by_itself_or_is_refused_has_no_tag(here: Installation, path: str) -> None:
    assert "ETag" not in here.visitor().get(path).headers


def test_a_star_gets_no_page_that_does_not_exist(here: Installation) -> None:
    star = {"If-None-Match": "*"}

    assert here.visitor().get("/papers/2026-01-01", headers=star).status_code == 404
    assert here.visitor().get("/papers", headers=star).status_code == 304


def test_the_form_is_never_answered_from_the_shelf(here: Installation) -> None:
    here.visitor().get("/")

    wrong = here.visitor().post("/subscribe", data={"email": "mira@"})

    assert wrong.status_code == 400
    assert "mira@" in wrong.text
    assert "mira@" not in here.visitor().get("/").text
    assert wrong.headers["Cache-Control"] == "no-store"


def test_a_readers_page_has_no_tag_and_is_kept_by_nobody(here: Installation) -> None:
    reader = here.reader()
    token = here.path(Purpose.MANAGE, reader).rpartition("/")[2]
    pages = [f"/{page}/{token}" for page in ("preferences", "address", "export", "erase", "revoke")]
    pages += [here.path(each, reader) for each in (Purpose.CONFIRM, Purpose.LEAVE, Purpose.PAUSE)]
    pages += [here.path(Purpose.VIEW, here.digest_to(reader))]

    answers = [here.visitor().get(page) for page in pages]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert {answer.headers.get("ETag") for answer in answers} == {None}


def test_made_up_arguments_do_not_fill_the_shelf(here: Installation) -> None:
    here.visitor().get("/papers?anything=1")

    with rendered(here.app) as names:
        answer = here.visitor().get("/papers?anything=1")

    assert answer.status_code == 200
    assert "days.html" in names


def test_the_shelf_keeps_what_was_asked_for_last_within_its_bytes() -> None:
    shelf = Shelf(most_bytes=25)
    for tag in ("a", "b"):
        shelf.put(tag, Leaf(b"0123456789", "text/html"))

    shelf.find("a")
    shelf.put("too large", Leaf(b"0" * 26, "text/html"))
    shelf.put("c", Leaf(b"0123456789", "text/html"))

    assert [tag for tag in ("a", "b", "too large", "c") if shelf.find(tag)] == ["a", "c"]

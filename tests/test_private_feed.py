"""A reader's digests as a private feed: for whoever has its address, until its reader says no."""

from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest
from werkzeug.test import TestResponse

from digest import pipeline
from digest.links import Purpose
from digest.models import Standing, Subscriber
from tests.visitor import NOW, TODAY, Installation, Page, entry, installation


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        made.papers(entry(1), entry(2, title="Long <context> & \N{MATHEMATICAL ITALIC SMALL X}"))
        made.edition()
        yield made


def reader_with_a_digest(here: Installation, email: str = "mira@example.org", **facts: str) -> int:
    reader = here.reader(email, next_due_at=NOW, **facts)
    pipeline.send_due(here.services)
    return reader


def feed_of(here: Installation, reader: int) -> str:
    """Return the path of the feed that the preferences page shows."""
    page = Page(here.visitor().get(here.path(Purpose.MANAGE, reader, _version(here, reader))).text)
    [field] = page.all("input", id="feed-address")
    return str(field["value"]).removeprefix(here.services.settings.base_url)


def _version(here: Installation, reader: int) -> int:
    return here.kept(reader).link_version


def as_json(path: str) -> str:
    return path.replace("/feed/", "/api/v1/digests/")


def replace_address(here: Installation, reader: int) -> TestResponse:
    manage = here.path(Purpose.MANAGE, reader, _version(here, reader))
    return here.visitor().post(manage, data={"do": "replace-feed"})


def test_the_feed_has_the_papers_of_the_readers_digests(here: Installation) -> None:
    reader = reader_with_a_digest(here)

    answer = here.visitor().get(feed_of(here, reader))

    parsed = feedparser.parse(answer.data)
    assert not parsed.bozo
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    assert {each.title for each in parsed.entries} == {
        "Paper number 1",
        "Long <context> & \N{MATHEMATICAL ITALIC SMALL X}",
    }
    assert all("(Trending: " in each.summary for each in parsed.entries)
    assert "mira" not in answer.text


def test_the_json_says_of_each_digest_what_the_mail_said(here: Installation) -> None:
    reader = reader_with_a_digest(here)

    answer = here.visitor().get(as_json(feed_of(here, reader)))

    [digest] = answer.json["digests"] if answer.json else []
    assert digest["day"] == str(TODAY)
    assert {paper["id"] for paper in digest["papers"]} == {"2611.00001", "2611.00002"}
    assert digest["papers"][0]["reasons"][0]["lead"].startswith("Trending: ")
    assert "mira" not in answer.text


def test_reasons_and_title_speak_the_readers_language(here: Installation) -> None:
    reader = reader_with_a_digest(here, language="de")

    feed = here.visitor().get(feed_of(here, reader))

    assert feedparser.parse(feed.data).feed.title == "Meine Ausgaben – Daybreak"
    assert "(Trending: " not in feed.text


def test_a_reader_sees_nothing_of_anybody_else(here: Installation) -> None:
    reader_with_a_digest(here)
    other = here.reader("other@example.org")

    feed = here.visitor().get(feed_of(here, other))

    assert feed.status_code == 200
    assert feedparser.parse(feed.data).entries == []


def test_it_is_for_nobody_between_and_for_no_search_engine(here: Installation) -> None:
    path = feed_of(here, reader_with_a_digest(here))

    for answer in map(here.visitor().get, (path, as_json(path))):
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_feed_reader_that_has_it_all_is_told_so(here: Installation) -> None:
    path = feed_of(here, reader := reader_with_a_digest(here))
    known = {"If-None-Match": here.visitor().get(path).headers["ETag"]}

    same = here.visitor().get(path, headers=known)
    here.papers(entry(3))
    here.edition()
    with here.services.sessions.begin() as session:
        session.get_one(Subscriber, reader).next_due_at = here.clock.now = NOW.replace(day=23)
    pipeline.send_due(here.services)
    more = here.visitor().get(path, headers=known)

    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["Cache-Control"] == "private, no-cache"
    assert feedparser.parse(more.data).entries[0].title == "Paper number 3"


def test_a_program_that_has_it_all_is_never_refused(tmp_path: Path) -> None:
    with installation(tmp_path) as limited:
        limited.papers(entry(1))
        limited.edition()
        path = as_json(feed_of(limited, reader_with_a_digest(limited)))
        api = limited.visitor()
        known = {"If-None-Match": api.get(path).headers["ETag"]}
        same = {api.get(path, headers=known).status_code for _ in range(130)}
        asked = [api.get(path).status_code for _ in range(120)]
        after = api.get(path, headers=known)

    assert same == {304}
    assert asked == [200] * 119 + [429]
    assert after.status_code == 304


def test_its_address_stays_the_same_until_it_is_replaced(here: Installation) -> None:
    reader = reader_with_a_digest(here)
    before = feed_of(here, reader)

    page = replace_address(here, reader)
    after = feed_of(here, reader)

    assert before == here.path(Purpose.FEED, reader)
    assert "Your feed has a new address" in page.text
    assert after != before
    assert [here.visitor().get(path).status_code for path in (before, after)] == [404, 200]
    assert here.visitor().get(as_json(before)).status_code == 404


def test_revoking_all_links_ends_it_too(here: Installation) -> None:
    reader = reader_with_a_digest(here)
    replace_address(here, reader)
    before = feed_of(here, reader)

    here.visitor().post(here.path(Purpose.MANAGE, reader).replace("preferences", "revoke"))

    assert here.visitor().get(before).status_code == 404
    assert here.visitor().get(feed_of(here, reader)).status_code == 200


def test_replacing_it_leaves_all_other_links_alone(here: Installation) -> None:
    reader = reader_with_a_digest(here)
    manage = here.path(Purpose.MANAGE, reader)

    replace_address(here, reader)

    assert here.visitor().get(manage).status_code == 200


def test_it_opens_nothing_else_and_nothing_else_opens_it(here: Installation) -> None:
    reader = reader_with_a_digest(here)
    token = here.path(Purpose.FEED, reader).rpartition("/")[2]
    others = [each for each in Purpose if each is not Purpose.FEED]

    opened = [
        here.visitor().get(here.path(each, reader).rpartition("/")[0] + f"/{token}")
        for each in others
    ]
    by_others = [
        here.visitor().get(f"/feed/{here.path(each, reader).rpartition('/')[2]}") for each in others
    ]

    assert {answer.status_code for answer in opened + by_others} == {404}


def test_it_only_answers_to_get(here: Installation) -> None:
    path = feed_of(here, reader_with_a_digest(here))

    for each in (path, as_json(path)):
        answer = here.visitor().post(each)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_an_erased_readers_feed_is_gone(here: Installation) -> None:
    reader = reader_with_a_digest(here)
    path = feed_of(here, reader)

    here.visitor().post(here.path(Purpose.MANAGE, reader).replace("preferences", "erase"))

    assert here.visitor().get(path).status_code == 404


@pytest.mark.parametrize("standing", Standing)
def test_whoever_left_keeps_what_came(here: Installation, standing: Standing) -> None:
    reader = reader_with_a_digest(here)
    with here.services.sessions.begin() as session:
        session.get_one(Subscriber, reader).standing = standing

    answer = here.visitor().get(here.path(Purpose.FEED, reader))

    assert len(feedparser.parse(answer.data).entries) == 2

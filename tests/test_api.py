"""The JSON API: what it gives, what it refuses, and that it tells the truth about itself."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from digest.models import Delivery, Subscriber
from tests.visitor import NOW, TODAY, Installation, entry, installation

API = "/api/v1"
PROBLEM = "application/problem+json"
YESTERDAY = TODAY - timedelta(days=1)
PUBLIC = ("/papers", "/papers/2611.00001", "/search?q=paper", "/topics", "/openapi.json")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        made.papers(entry(9), day=YESTERDAY)
        made.papers(entry(1), entry(2, title="Long context windows"), entry(3))
        made.edition()
        yield made


def get(here: Installation, path: str) -> Any:
    answer = here.visitor().get(API + path)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    return answer.json


def refused(answer: TestResponse) -> dict[str, Any]:
    """Return the problem in *answer*, which is one."""
    assert answer.content_type == PROBLEM
    problem = answer.json
    assert isinstance(problem, dict)
    assert problem["status"] == answer.status_code
    assert problem["type"] == "about:blank"
    return problem


def ids(given: Any) -> list[str]:
    return [paper["id"] for paper in given["papers"]]


def subscribe(here: Installation, **fields: object) -> TestResponse:
    return here.visitor().post(f"{API}/subscriptions", json=fields)


def test_the_newest_day_comes_first_and_leads_to_the_one_before(here: Installation) -> None:
    newest = get(here, "/papers")

    assert (newest["day"], newest["total"]) == (str(TODAY), 3)
    assert ids(newest) == ["2611.00003", "2611.00002", "2611.00001"]
    assert newest["later"] is None
    earlier = here.visitor().get(newest["earlier"]).json or {}
    assert ids(earlier) == ["2611.00009"]
    assert here.visitor().get(earlier["later"]).json == {**newest, "next": None}


def test_a_day_without_papers_is_an_empty_list(here: Installation) -> None:
    empty = get(here, "/papers?day=2026-11-01")

    assert (empty["papers"], empty["total"], empty["earlier"]) == ([], 0, None)
    assert empty["later"].endswith(f"day={YESTERDAY}")


def test_an_installation_without_papers_says_so(tmp_path: Path) -> None:
    with installation(tmp_path) as bare:
        assert get(bare, "/papers")["day"] is None
        assert get(bare, "/search?q=paper")["total"] == 0
        assert all(topic["papers"] == 0 for topic in get(bare, "/topics")["topics"])


def test_pages_lead_to_each_other_and_hold_every_paper_once(here: Installation) -> None:
    here.papers(*(entry(number) for number in range(10, 17)))
    address: str | None = f"{API}/papers?per_page=3"
    found: list[str] = []
    backwards = []

    while address:
        page = here.visitor().get(address).json or {}
        found += ids(page)
        backwards.append(page["previous"])
        address = page["next"]

    assert len(found) == len(set(found)) == 10
    assert backwards[0] is None
    assert here.visitor().get(backwards[-1]).status_code == 200


def test_only_papers_on_a_topic_are_listed_if_one_is_asked_for(here: Installation) -> None:
    listed = get(here, "/papers")["papers"]
    about = {topic for paper in listed for topic in paper["topics"]}

    for topic in about:
        wanted = [paper["id"] for paper in listed if topic in paper["topics"]]
        assert ids(get(here, f"/papers?topic={topic}")) == wanted


def test_a_paper_says_all_that_its_page_says(here: Installation) -> None:
    paper = get(here, "/papers/2611.00001")

    assert paper["title"] == "Paper number 1"
    assert paper["authors"] == ["Ada Quill", "Bo Ferris"]
    assert paper["published_on"] == str(NOW.date())
    assert paper["links"]["abstract"] == "https://arxiv.org/abs/2611.00001"
    assert paper["links"]["page"].endswith("/paper/2611.00001")
    assert paper["seen"] == [{"source": "Hugging Face", "since": str(TODAY)}]
    listed = {each["id"]: each for each in get(here, "/papers")["papers"]}
    assert {**listed["2611.00001"], "seen": paper["seen"]} == paper


def test_a_search_finds_what_the_page_finds(here: Installation) -> None:
    found = get(here, "/search?q=long+context")

    assert (found["query"], found["total"]) == ("long context", 1)
    assert ids(found) == ["2611.00002"]


def test_a_search_in_pages(here: Installation) -> None:
    first = get(here, "/search?q=study&per_page=3")
    second = here.visitor().get(first["next"]).json or {}

    assert (first["total"], len(ids(first)), len(ids(second))) == (4, 3, 1)
    assert here.visitor().get(second["previous"]).json == first


def test_a_topic_that_is_none_finds_nothing_and_is_named(here: Installation) -> None:
    found = get(here, "/search?q=topic:unheard-of")

    assert (found["unknown_topics"], found["papers"]) == (["unheard-of"], [])


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/papers?day=yesterday", "day"),
        ("/papers?day=2026-11-31", "day"),
        ("/papers?day=20261120", "day"),
        ("/papers?day=", "day"),
        ("/papers?page=0", "page"),
        ("/papers?page=1e3", "page"),
        ("/papers?page=٣", "page"),
        ("/papers?per_page=101", "per_page"),
        ("/papers?topic=unheard-of", "topic"),
        ("/papers?topics=rlhf", "topics"),
        ("/papers?day=2026-11-20&day=2026-11-19", "day"),
        ("/search", "q"),
        ("/search?q=", "q"),
        ("/search?q=+", "q"),
        (f"/search?q={'x' * 201}", "q"),
        ("/topics?lang=de", "lang"),
        ("/papers/2611.00001?full=1", "full"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(
    here: Installation, path: str, field: str
) -> None:
    answer = here.visitor().get(API + path)

    assert answer.status_code == 400
    assert refused(answer)["field"] == field


@pytest.mark.parametrize("path", ["/papers?page=2", "/search?q=paper&page=99"])
def test_a_page_behind_the_last_one_is_not_there(here: Installation, path: str) -> None:
    answer = here.visitor().get(API + path)

    assert answer.status_code == 404
    assert refused(answer)["detail"].endswith("the last one is page 1.")


@pytest.mark.parametrize("path", ["/papers/2611.99999", "/nowhere", "", "/papers/", "/digests/x"])
def test_what_is_not_there_is_a_problem_and_no_page(here: Installation, path: str) -> None:
    answer = here.visitor().get(API + path)

    assert answer.status_code == 404
    assert "field" not in refused(answer)


def test_problems_do_not_change_with_the_browser(here: Installation) -> None:
    german = here.visitor().get(f"{API}/nowhere", headers={"Accept-Language": "de"})

    assert german.data == here.visitor().get(f"{API}/nowhere").data
    assert "Vary" not in german.headers


@pytest.mark.parametrize("path", PUBLIC)
def test_pages_of_other_sites_may_read_what_is_public(here: Installation, path: str) -> None:
    answer = here.visitor().get(API + path, headers={"Origin": "https://other.example.org"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", PUBLIC)
def test_every_public_address_answers_to_head_and_refuses_the_rest(
    here: Installation, path: str
) -> None:
    head = here.visitor().head(API + path)
    posted = here.visitor().post(API + path, json={})

    assert (head.status_code, head.data) == (200, b"")
    assert posted.status_code == 405
    assert set(posted.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert refused(posted)


def test_a_paper_that_became_a_part_of_another_leads_there(here: Installation) -> None:
    title = "Gauges, and What They Say of the Sea"
    here.papers(entry(4))
    here.papers(entry(5, external_id="10.1234/gauges", doi="10.1234/gauges", title=title))
    here.papers(entry(4, doi="10.1234/gauges"), source="arxiv")

    answer = here.visitor().get(f"{API}/papers/10.1234-gauges")

    assert (answer.status_code, answer.location) == (301, f"{API}/papers/2611.00004")
    assert here.visitor().get(answer.location).status_code == 200


def test_a_subscription_asks_for_a_confirmation(here: Installation) -> None:
    answer = subscribe(
        here, email="Ann@Example.org", topics=["rlhf"], cadence="days", days=["mon"], hour=6
    )

    assert answer.status_code == 202
    with here.services.sessions() as session:
        [reader] = session.scalars(select(Subscriber))
        assert (reader.email, reader.standing.value) == ("ann@example.org", "pending")
        assert reader.requested["topics"] == ["rlhf"]
        [mail] = session.scalars(select(Delivery))
        assert mail.kind.value == "confirmation"


def test_the_answer_is_the_same_whoever_asks(here: Installation) -> None:
    here.reader("known@example.org")

    answers = [subscribe(here, email=f"{name}@example.org") for name in ("known", "new", "known")]

    assert len({answer.data for answer in answers}) == 1
    assert len({str(answer.headers) for answer in answers}) == 1
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answers[0].headers


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "email"),
        ({"email": "ann@"}, "email"),
        ({"email": 1}, "email"),
        ({"email": "ann@example.org\ud800"}, "email"),
        ({"topics": ["unheard-of"]}, "topics"),
        ({"topics": "rlhf"}, "topics"),
        ({"topics": [1]}, "topics"),
        ({"muted_topics": ["rlhf"], "topics": ["rlhf"]}, "muted_topics"),
        ({"cadence": "hourly"}, "cadence"),
        ({"cadence": "days"}, "days"),
        ({"days": ["noday"]}, "days"),
        ({"hour": 24}, "hour"),
        ({"hour": "7"}, "hour"),
        ({"hour": True}, "hour"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"language": "tlh"}, "language"),
        ({"papers": 0}, "papers"),
        ({"keywords": ["x" * 101]}, "keywords"),
        ({"keywords": ["\ud800"]}, "keywords"),
        ({"about": "x" * 2001}, "about"),
        ({"balance": None}, "balance"),
        ({"nothing_new": "shout"}, "nothing_new"),
        ({"link_version": 7}, "link_version"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(
    here: Installation, fields: dict[str, object], field: str
) -> None:
    sent = fields if field == "email" else {"email": "ann@example.org", **fields}

    answer = subscribe(here, **sent)

    assert answer.status_code == 400
    assert refused(answer)["field"] == field
    with here.services.sessions() as session:
        assert session.scalar(select(func.count(Subscriber.id))) == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"email": "ann@example.org"}', "text/plain", 415),
        (b"email=ann@example.org", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"\xff\xfe\xfd", "application/json", 400),
        (b'["ann@example.org"]', "application/json", 400),
        (b"null", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b" " * 70_000, "application/json", 413),
    ],
)
def test_what_is_no_request_is_refused(
    here: Installation, body: bytes, kind: str, status: int
) -> None:
    answer = here.visitor().post(f"{API}/subscriptions", data=body, content_type=kind)

    assert answer.status_code == status
    assert refused(answer)["detail"]


def test_reading_has_a_limit_that_the_search_page_shares(tmp_path: Path) -> None:
    with installation(tmp_path) as limited:
        api = limited.visitor()
        paths = [f"/api/v1/search?q=w{n}" if n % 2 else f"/search?q=w{n}" for n in range(120)]
        statuses = {api.get(path).status_code for path in paths}
        searched, listed, page = (
            api.get(path) for path in ("/api/v1/search?q=one", "/api/v1/topics", "/search?q=one")
        )
        blank = api.get("/search")
        api.environ_base["REMOTE_ADDR"] = "192.0.2.8"
        other = api.get("/api/v1/topics")

    assert statuses == {200}
    assert (searched.status_code, listed.status_code, page.status_code) == (429, 429, 429)
    assert searched.content_type == "application/problem+json"
    assert 1 <= int(searched.headers["Retry-After"]) <= 60
    assert searched.json is not None
    assert "That was too often. Try again in" in searched.json["detail"]
    assert (blank.status_code, other.status_code) == (200, 200)


def test_what_is_kept_from_the_last_time_counts_as_nothing(tmp_path: Path) -> None:
    with installation(tmp_path) as limited:
        api = limited.visitor()
        statuses = {api.get("/api/v1/topics").status_code for _ in range(130)}

    assert statuses == {200}


def test_the_limits_are_those_of_the_form(tmp_path: Path) -> None:
    with installation(tmp_path) as limited:
        answers = [subscribe(limited, email=f"ann{number}@example.org") for number in range(6)]
        form = limited.visitor().post("/subscribe", data={"email": "bo@example.org"})

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "seconds" in refused(answers[-1])["detail"]
    assert form.status_code == 429


def test_every_route_is_described_and_every_description_is_a_route(here: Installation) -> None:
    described = {
        (method.upper(), path)
        for path, methods in get(here, "/openapi.json")["paths"].items()
        for method in methods
    }
    routes = {
        (method, re.sub(r"<(\w+)>", r"{\1}", str(rule).removeprefix(API)))
        for rule in here.app.url_map.iter_rules()
        if str(rule).startswith(API)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert described == routes


def test_the_guide_names_every_path_and_parameter(here: Installation) -> None:
    guide = (Path(__file__).parents[1] / "docs" / "api.md").read_text()

    paths = get(here, "/openapi.json")["paths"]
    missing = [path for path in paths if f"`{path}`" not in guide]
    for operation in (each for methods in paths.values() for each in methods.values()):
        missing += [
            taken["name"]
            for taken in operation.get("parameters", [])
            if f"`{taken['name']}`" not in guide
        ]
        content = operation.get("requestBody", {}).get("content", {})
        for body in content.values():
            missing += [name for name in body["schema"]["properties"] if f"`{name}`" not in guide]
    assert missing == []

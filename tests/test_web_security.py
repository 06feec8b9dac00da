"""The pages against the curious, the clumsy and the malicious."""

import logging
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
import time_machine
from werkzeug.test import TestResponse

from digest.links import Purpose
from digest.models import Pick, Standing
from digest.services import Services
from digest.web import create_app, limiting
from tests.servers import Valkey
from tests.visitor import (
    HERE,
    PRODUCTION,
    PUBLIC,
    TODAY,
    Installation,
    Visitor,
    entry,
    installation,
)

TOKEN_PATHS = (
    *("confirm", "preferences", "unsubscribe", "view", "rate", "change", "undo"),
    *("address", "export", "erase", "revoke", "feed"),
)

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        yield made


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, **PRODUCTION) as made:
        yield made


def test_every_answer_carries_the_headers(here: Installation) -> None:
    """Row 37."""
    visitor = here.visitor()

    answers = [
        visitor.get(path)
        for path in ("/", "/nowhere", "/healthz", "/static/app.css", "/outbox", "/confirm/x")
    ] + [visitor.post("/"), visitor.post("/subscribe", data={"email": "a@example.org"})]

    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Strict-Transport-Security" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_https_is_to_be_kept_in_production(there: Installation) -> None:
    """Row 37."""
    answer = there.visitor().get("/")

    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_token_pages_are_neither_kept_nor_found(here: Installation) -> None:
    """Row 37."""
    reader = here.reader()
    paths = [here.path(Purpose.MANAGE, reader), "/confirm/forged", here.path(Purpose.LEAVE, reader)]

    answers = [call(path) for path in paths for call in (here.visitor().get, here.visitor().post)]

    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.0.0.1:9000", "[::1]:8000", "[::1]"]
)
def test_the_loopback_names_are_ours_on_any_port(here: Installation, host: str) -> None:
    assert here.visitor().get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "[::1", "", "a b"]
)
@pytest.mark.parametrize("path", ["/", "/outbox", "/healthz", "/nowhere"])
def test_a_foreign_name_that_points_here_is_refused(
    here: Installation, host: str, path: str
) -> None:
    """Row 36."""
    answer = here.visitor().get(path, headers={"Host": host})

    assert answer.status_code == 400
    assert "Content-Security-Policy" in answer.headers


def test_production_answers_to_its_own_name_alone(there: Installation) -> None:
    """Row 36."""
    own = there.visitor().get("/")
    foreign = there.visitor("https://evil.example").get("/")
    loopback = there.visitor(HERE).get("/")

    assert [answer.status_code for answer in (own, foreign, loopback)] == [200, 400, 400]
    assert "evil" not in foreign.text
    assert PUBLIC in foreign.text


def test_a_load_balancer_may_ask_for_the_health_by_number(there: Installation) -> None:
    assert there.visitor("http://10.0.0.7:8000").get("/healthz").status_code == 200


def test_links_come_from_the_settings(there: Installation) -> None:
    """Row 36."""
    path = there.path(Purpose.MANAGE, there.reader())

    page = there.visitor().get(path, headers={"X-Forwarded-Host": "evil.example"})

    assert f'href="{PUBLIC}/unsubscribe/' in page.text
    assert "evil.example" not in page.text


def test_nothing_changes_by_looking(here: Installation) -> None:
    here.papers(entry(1))
    reader, pending = here.reader(), here.reader("new@example.org", standing=Standing.PENDING)
    delivery = here.digest_to(reader)
    paths = [str(rule) for rule in here.app.url_map.iter_rules() if "<" not in str(rule)]
    paths += [f"/papers/{TODAY}", "/paper/2611.00001", here.path(Purpose.CONFIRM, pending)]
    paths += [here.path(purpose, reader) for purpose in (Purpose.MANAGE, Purpose.LEAVE)]
    paths += [here.path(Purpose.VIEW, delivery)]
    with here.services.sessions.begin() as session:
        session.add(
            Pick(subscriber_id=reader, paper_id=1, delivery_id=delivery, place=0, reasons=[])
        )
    paths += [f"{here.path(Purpose.RATE, delivery)}/0/{way}" for way in ("more", "less")]
    before = here.rows()

    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            for query in ("", "?do=pause&List-Unsubscribe=One-Click&liked=more"):
                here.visitor().open(path + query, method=method)

    assert here.rows() == before


def test_broken_links_all_look_the_same(here: Installation) -> None:
    """Row 27."""
    reader = here.reader(link_version=2)
    good = {purpose: here.path(purpose, reader, 2) for purpose in Purpose}
    broken = [f"/{kind}/x" for kind in TOKEN_PATHS]
    broken += [path[:-1] for path in good.values()]
    broken += [f"/preferences/{path.rsplit('/', 1)[1]}" for path in good.values()][2:]
    broken += [here.path(Purpose.MANAGE, reader, 1), here.path(Purpose.CONFIRM, reader, 0)]
    broken += [here.path(Purpose.MANAGE, 4711), here.path(Purpose.VIEW, 4711)]
    delivery = here.digest_to(reader)
    broken += [here.path(Purpose.VIEW, delivery, 1)]
    broken += _broken_rates(here, reader, delivery)

    answers = [here.visitor().get(path) for path in broken]
    answers += [
        here.visitor().post(path)
        for path in broken
        if not path.startswith(("/view/", "/export/", "/feed/"))
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1
    assert len({str(answer.headers) for answer in answers}) == 1


def _broken_rates(here: Installation, reader: int, delivery: int) -> list[str]:
    here.papers(entry(1))
    with here.services.sessions.begin() as session:
        session.add(
            Pick(subscriber_id=reader, paper_id=1, delivery_id=delivery, place=0, reasons=[])
        )
    good, old = (here.path(Purpose.RATE, delivery, version) for version in (2, 1))
    tails = ("/0", "/0/mor", "/0/more.", "/1/more", "/9999999999/more", "/-1/less", "/٠/more")
    return [
        *(good + tail for tail in tails),
        f"{old}/0/more",
        f"{good[:-1]}/0/more",
        f"{here.path(Purpose.VIEW, delivery, 2).replace('/view/', '/rate/')}/0/more",
        f"{here.path(Purpose.RATE, 4711, 2)}/0/less",
    ]


def test_nothing_but_a_rating_carries_anything_beside_its_token(here: Installation) -> None:
    rules = [str(rule) for rule in here.app.url_map.iter_rules() if "token" in rule.arguments]

    longer = [rule for rule in rules if not rule.endswith("/<token>")]
    assert {rule.split("/")[1] for rule in longer} == {"rate"}


def test_a_confirmation_is_too_old_after_two_days(here: Installation) -> None:
    path = here.path(Purpose.CONFIRM, here.reader(standing=Standing.PENDING))

    with time_machine.travel(timedelta(hours=47)):
        early = here.visitor().get(path)
    with time_machine.travel(timedelta(hours=49)):
        late = here.visitor().get(path)

    assert [early.status_code, late.status_code] == [200, 404]


def test_leaving_survives_a_revocation(here: Installation) -> None:
    reader = here.reader(link_version=3)

    answer = here.visitor().post(
        here.path(Purpose.LEAVE, reader, 0), data={"List-Unsubscribe": "One-Click"}
    )

    assert answer.status_code == 200
    assert here.kept(reader).standing is Standing.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/paper/%00", 404),
        ("/paper/%ff%00", 404),
        (f"/paper/{'9' * 5000}", 404),
        ("/papers/%00", 404),
        ("/papers/0001-01-01", 404),
        ("/papers/9999-12-31", 404),
        ("/papers/week/%00", 404),
        ("/papers/week/9999-W52", 404),
        ("/papers/month/%00", 404),
        ("/papers/month/9999-12", 404),
        (f"/papers/trending?page={'9' * 5000}", 404),
        ("/search?q=%00", 200),
        ("/search?q=author:%00ann%00", 200),
        ("/search?q=%ff%22%00%27", 200),
        ("/search?q=rlhf&page=%00", 404),
        ("/feed.xml?day=%00", 404),
        ("/feed.xml?day=9999-12-31", 404),
        ("/feed.xml?topic=%00", 404),
        ("/outbox/%00", 404),
        ("/static/%00", 404),
        ("/view/%00", 404),
        ("/rate/%00", 404),
        ("/rate/x/%00/more", 404),
        ("/confirm/%00", 404),
        ("/preferences/%00", 404),
        ("/unsubscribe/%00", 404),
    ],
)
def test_odd_addresses_are_no_trouble(services: Services, path: str, status: int) -> None:
    visitor = create_app(services).test_client()

    assert visitor.get(path).status_code == status


@pytest.mark.parametrize("field", ["email", "topic", "keywords", "cadence", "day", "hour", "zone"])
def test_odd_characters_in_a_form_are_refused(services: Services, field: str) -> None:
    visitor = create_app(services).test_client()

    answer = visitor.post("/subscribe", data={"email": "mira@example.org", field: "a\0b"})

    assert answer.status_code == 400


def test_a_method_that_does_not_fit_is_refused(here: Installation) -> None:
    answer = here.visitor().post("/papers")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert "first page" in answer.text


def test_a_huge_form_is_refused(here: Installation) -> None:
    path = here.path(Purpose.MANAGE, here.reader())

    answer = here.visitor().post(path, data={"keywords": "word\n" * 20_000})

    assert answer.status_code == 413
    assert "too much" in answer.text


@pytest.mark.parametrize(("size", "left"), [(300_000, 0), (600_000, 600_000)])
def test_what_a_proxy_still_hands_over_is_taken_from_it(
    here: Installation, size: int, left: int
) -> None:
    body = BytesIO(b"x" * size)

    answer = here.visitor().post(
        "/subscribe", input_stream=body, content_length=size, content_type=FORM
    )

    assert (answer.status_code, len(body.read())) == (413, left)


def test_who_hangs_up_in_the_middle_of_too_much_is_no_error_of_ours(
    here: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise ConnectionResetError

    sent = {"wsgi.input": Gone(), "CONTENT_LENGTH": "300000", "CONTENT_TYPE": FORM}

    answer = here.visitor().post("/subscribe", environ_overrides=sent)

    assert answer.status_code == 413
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_the_access_log_names_the_page_but_neither_token_nor_address(
    here: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    here.papers(entry(1))
    reader = here.reader()
    paths = [here.path(purpose, reader) for purpose in (Purpose.MANAGE, Purpose.LEAVE)]
    token = paths[0].rsplit("/", 1)[1]
    odd = [f"{paths[0]}/", f"//{token}", f"/{token}", f"/Confirm/{token}", f"/paper/{token}"]
    odd += [f"/papers/{token}", f"/outbox/{token}", f"/static/{token}", "/mira@example.org"]

    for path in [*paths, *odd, "/paper/2611.00001", "/a%0Amethod=GET path=/forged"]:
        here.visitor().get(f"{path}?email=mira@example.org&token={token}")
    here.visitor().post("/subscribe", data={"email": "mira@example.org"})

    lines = [record.getMessage() for record in caplog.records]
    assert any(
        re.fullmatch(r"method=GET path=/preferences/<token> status=200 ms=[\d.]+", x) for x in lines
    )
    assert any("path=/paper/2611.00001 status=200" in line for line in lines)
    assert any("method=POST path=/subscribe status=200" in line for line in lines)
    assert "mira" not in caplog.text
    assert token not in caplog.text
    assert "forged" not in caplog.text


def test_what_breaks_is_logged_without_the_row_it_broke_on(
    here: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    path = here.path(Purpose.MANAGE, here.reader())
    with here.services.sessions.begin() as session:
        session.execute(sa.text("DROP TABLE delivery"))
        session.execute(sa.text("DROP TABLE interest"))

    asked = here.visitor().post("/subscribe", data={"email": "mira@example.org"})
    opened = here.visitor().get(path)

    assert [asked.status_code, opened.status_code] == [500, 500]
    assert "Something broke on our side" in asked.text
    assert "OperationalError in POST /subscribe" in caplog.text
    assert "joining.py" in caplog.text
    assert "mira" not in caplog.text
    assert path.rsplit("/", 1)[1] not in caplog.text


def test_one_visitor_may_not_ask_all_the_time(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        answers = [_ask(here.visitor(), number) for number in range(6)]
        other = _ask(here.visitor(), 7, REMOTE_ADDR="192.0.2.8")

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "try again in a minute" in answers[-1].text
    assert other.status_code == 200


def test_wrong_forms_do_not_use_up_what_the_right_one_needs(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        wrong = [here.visitor().post("/subscribe", data={"email": "mira@"}) for _ in range(20)]
        right = [_ask(here.visitor(), number) for number in range(5)]

    assert {answer.status_code for answer in wrong} == {400}
    assert {answer.status_code for answer in right} == {200}


def test_wrong_forms_have_a_limit_of_their_own(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        answers = [here.visitor().post("/subscribe") for _ in range(61)]

    assert [answer.status_code for answer in answers] == [400] * 60 + [429]


def test_one_address_may_not_be_asked_for_by_many(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        answers = [
            here.visitor().post(
                "/subscribe",
                data={"email": email},
                environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"},
            )
            for number, email in enumerate(["mira@example.org", " MIRA@example.org"] * 3)
        ]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 60


def test_a_household_of_ipv6_counts_as_one_visitor(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        answers = [
            _ask(here.visitor(), number, REMOTE_ADDR=f"2001:db8:1:2::{number}")
            for number in range(1, 7)
        ]

    assert answers[-1].status_code == 429


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:50123", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[::ffff:198.51.100.7]:50123", "198.51.100.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::7]:50123", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::7]", "2001:db8:1:2::/64"),
        ("198.51.100.7:x", "unknown"),
        ("[]", "unknown"),
        ("unknown", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_visitor_is_known_however_a_proxy_writes_it(written: str | None, counted: str) -> None:
    assert limiting.visitor(written) == counted


def test_without_proxies_a_forwarded_address_counts_for_nothing(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        answers = [
            _ask_through(here.visitor(), number, f"198.51.100.{number}") for number in range(6)
        ]

    assert answers[-1].status_code == 429


def test_behind_a_proxy_its_word_counts_and_the_visitors_does_not(tmp_path: Path) -> None:
    with installation(tmp_path, proxies=1) as here:
        apart = [_ask_through(here.visitor(), n, f"198.51.100.{n}") for n in range(6)]
        lying = [_ask_through(here.visitor(), n, f"10.9.9.{n}, 203.0.113.5") for n in range(10, 16)]

    assert {answer.status_code for answer in apart} == {200}
    assert lying[-1].status_code == 429


def test_limits_can_be_switched_off_in_embedded_mode(here: Installation) -> None:
    answers = [_ask(here.visitor(), number) for number in range(30)]

    assert {answer.status_code for answer in answers} == {200}


def test_all_web_processes_count_together_where_there_is_a_redis(tmp_path: Path) -> None:
    with (
        Valkey() as valkey,
        installation(tmp_path / "a", **PRODUCTION, broker_url=valkey.url) as one,
        installation(tmp_path / "b", **PRODUCTION, broker_url=valkey.url) as other,
    ):
        answers = [_ask(each.visitor(), n) for n in range(3) for each in (one, other)]
        keys = " ".join(_keys(valkey.url))

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "192.0.2" not in keys
    assert "reader" not in keys


def test_people_can_subscribe_while_redis_is_down(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Row 10."""
    broker = f"redis://127.0.0.1:{_closed_port()}/0"

    with installation(tmp_path, **PRODUCTION, broker_url=broker) as there:
        answer = _ask(there.visitor(), 1)

    assert answer.status_code == 200
    assert "limits are off" in caplog.text
    assert "reader" not in caplog.text


def _ask(visitor: Visitor, number: int, **environ: str) -> TestResponse:
    return visitor.post(
        "/subscribe", data={"email": f"reader{number}@example.org"}, environ_overrides=environ
    )


def _ask_through(visitor: Visitor, number: int, forwarded: str) -> TestResponse:
    return visitor.post(
        "/subscribe",
        data={"email": f"reader{number}@example.org"},
        headers={"X-Forwarded-For": forwarded},
    )


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _keys(url: str) -> list[str]:
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return [str(key) for key in client.scan_iter()]

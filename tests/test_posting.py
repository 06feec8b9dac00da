"""One document goes to the operator's address, and nowhere else."""

from collections.abc import Iterator

import pytest

from digest.errors import FetchError
from digest.sources.posting import post
from tests.bell import Bell
from tests.servers import free_port

ALARM = {"what": "sending", "why": "Grüße"}


@pytest.fixture
def bell() -> Iterator[Bell]:
    with Bell() as listening:
        yield listening


def port_of(bell: Bell) -> str:
    return bell.url.partition("127.0.0.1:")[2].partition("/")[0]


def test_a_document_arrives_as_json(bell: Bell) -> None:
    post(bell.url, ALARM, seconds=5)

    [(path, headers)] = bell.asked
    assert bell.rung == [ALARM]
    assert path == "/ring?token=hunter2"
    assert headers["Content-Type"] == "application/json"


def test_a_name_is_looked_up_once_and_stays_the_name_of_the_host(bell: Bell) -> None:
    looked_up = []

    def look_up(host: str) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    post(f"http://alarms.example.org:{port_of(bell)}/", ALARM, seconds=5, look_up=look_up)

    assert looked_up == ["alarms.example.org"]
    assert bell.asked[0][1]["Host"] == f"alarms.example.org:{port_of(bell)}"


def test_the_next_address_is_tried_where_there_is_no_connection(bell: Bell) -> None:
    url = f"http://alarms.example.org:{port_of(bell)}/"

    post(url, ALARM, seconds=5, look_up=lambda _host: ["::1", "127.0.0.1"])

    assert len(bell.rung) == 1


@pytest.mark.parametrize("status", [302, 307, 400, 403, 404, 429, 500, 503])
def test_only_a_success_is_an_acceptance_and_no_redirect_is_followed(
    bell: Bell, status: int
) -> None:
    bell.status = status

    with pytest.raises(FetchError, match=f"answered {status}"):
        post(bell.url, ALARM, seconds=5)

    assert [path for path, _ in bell.asked] == ["/ring?token=hunter2"]


def test_a_slow_server_is_not_waited_for(bell: Bell) -> None:
    bell.pause = 1.0

    with pytest.raises(FetchError, match=r"not to be reached|no answer within 0\.2 s"):
        post(bell.url, ALARM, seconds=0.2)


def test_a_slow_look_up_is_not_waited_for(bell: Bell) -> None:
    def look_up(_host: str) -> list[str]:
        bell.pause = 1.0
        post(bell.url, ALARM, seconds=5)
        return ["127.0.0.1"]

    with pytest.raises(FetchError, match=r"no answer within 0\.2 s"):
        post(bell.url, ALARM, seconds=0.2, look_up=look_up)


def test_proxies_of_the_environment_are_not_asked(
    bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    post(bell.url, ALARM, seconds=5)

    assert len(bell.rung) == 1


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://alarms.example.org/", ["169.254.169.254"]),
        ("http://alarms.example.org/", ["fe80::1"]),
        ("https://alarms.example.org/", ["10.0.0.1", "169.254.169.254"]),
        ("https://alarms.example.org/", ["::ffff:169.254.169.254"]),
        ("http://alarms.example.org/", ["0.0.0.0"]),  # noqa: S104
        ("http://alarms.example.org/", ["93.184.215.14"]),
        ("http://alarms.example.org/", ["10.0.0.1", "93.184.215.14"]),
        ("https://alarms.example.org/", []),
    ],
)
def test_what_may_not_be_asked_is_refused_before_anything_is_sent(
    url: str, addresses: list[str]
) -> None:
    # A connection would fail too, for tests may open none but to this machine; in other words.
    with pytest.raises(FetchError, match=r"nobody may be told|only https"):
        post(url, ALARM, seconds=5, look_up=lambda _host: addresses)


@pytest.mark.parametrize("status", [None, 500])
def test_no_error_quotes_the_address(bell: Bell, status: int | None) -> None:
    bell.status = status or 204
    url = bell.url if status else f"http://127.0.0.1:{free_port()}/ring?token=hunter2"

    with pytest.raises(FetchError) as failed:
        post(url, ALARM, seconds=5)

    assert "hunter2" not in str(failed.value)
    assert "/ring" not in str(failed.value)

"""What a stranger's server may do to us: nothing."""

import gzip
import socket
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import ClassVar

import pytest

from digest.errors import BadInput, FetchError
from digest.sources import download
from digest.sources.answers import Answer
from digest.sources.download import MAX_BYTES, MAX_HOPS, Http
from digest.sources.manners import Turn, retry_after, spent_for
from tests.relay import CERTIFICATE, server_context

DOCUMENT = b"<rss/>"
LONG_AGO = "Fri, 02 Jan 2026 00:00:00 GMT"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Hostile(BaseHTTPRequestHandler):
    """Answers each path with its own misdeed."""

    protocol_version = "HTTP/1.1"
    over: Event
    asked: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].strip("/").replace("-", "_")
        answer: Callable[[], None] = getattr(self, f"_{name}", self._ok)
        answer()

    def _reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def _ok(self) -> None:
        self._reply(200, DOCUMENT)

    def _mirror(self) -> None:
        told = f"{self.path}\n{self.headers}".encode()
        self._reply(200, told)

    def _zipped(self) -> None:
        self._reply(200, gzip.compress(DOCUMENT), Content_Encoding="gzip")

    def _bomb(self) -> None:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
        body = b"".join(squeeze.compress(bytes(1_000_000)) for _ in range(40)) + squeeze.flush()
        self._reply(200, body, Content_Encoding="gzip")

    def _large(self) -> None:
        self._reply(200, bytes(MAX_BYTES + 1))

    def _zipped_and_cut(self) -> None:
        self._reply(200, gzip.compress(DOCUMENT * 500)[:-20], Content_Encoding="gzip")

    def _zipped_not_really(self) -> None:
        self._reply(200, DOCUMENT, Content_Encoding="gzip")

    def _brotli(self) -> None:
        self._reply(200, DOCUMENT, Content_Encoding="br")

    def _short(self) -> None:
        self._reply(200, DOCUMENT, Content_Length="100")

    def _chunks_cut(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"6\r\n<rss/>\r\n")
        self.close_connection = True

    def _missing(self) -> None:
        self._reply(404, b"no such list")

    def _busy(self) -> None:
        self._reply(429, Retry_After="30")

    def _busy_till_2099(self) -> None:
        self._reply(503, Retry_After="Thu, 01 Jan 2099 00:00:00 GMT")

    def _too_many(self) -> None:
        self._reply(429)

    def _busy_at_first(self) -> None:
        self._at_first(503)

    def _too_many_at_first(self) -> None:
        self._at_first(429, Retry_After="1")

    def _hang_up_at_first(self) -> None:
        if self._asked_before():
            self._ok()
        else:
            self.close_connection = True

    def _hang_up_halfway(self) -> None:
        if self._asked_before():
            self._ok()
        else:
            self._short()

    def _last_one(self) -> None:
        self._reply(200, DOCUMENT, RateLimit='"api";r=0;t=120')

    def _last_one_of_old(self) -> None:
        self._reply(200, DOCUMENT, RateLimit_Remaining="0", RateLimit_Reset="120")

    def _not_the_last_one(self) -> None:
        self._reply(200, DOCUMENT, RateLimit='"api";r=10;t=120')

    def _known(self) -> None:
        known = self.headers["If-None-Match"] == '"1"'
        known |= self.headers["If-Modified-Since"] == LONG_AGO
        if known or "not-asked" in self.path:
            self._reply(304)
        else:
            self._reply(200, DOCUMENT, ETag='"1"', Last_Modified=LONG_AGO)

    def _odd_validators(self) -> None:
        self._reply(200, DOCUMENT, ETag="x" * 5000, Last_Modified="\t")

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not self.over.is_set():
            self.wfile.write(bytes(100_000))

    def _at_first(self, status: int, **headers: str) -> None:
        if self._asked_before():
            self._ok()
        else:
            self._reply(status, b"", **headers)

    def _asked_before(self) -> bool:
        """Say whether this very address, its query included, was asked for before."""
        before = self.path in self.asked
        self.asked.add(self.path)
        return before

    def _partial(self) -> None:
        self._reply(206, DOCUMENT)

    def _garbage(self) -> None:
        self.wfile.write(b"\0\xff garbage\r\n\r\n")
        self.close_connection = True

    def _hang_up(self) -> None:
        self.close_connection = True

    def _moved(self) -> None:
        self._reply(302, Location="/ok")

    def _hops(self) -> None:
        left = int(self.path.partition("=")[2])
        if left:
            self._reply(302, Location=f"/hops?left={left - 1}")
        else:
            self._ok()

    def _loop(self) -> None:
        self._reply(302, Location="/loop")

    def _to_metadata(self) -> None:
        self._reply(302, Location="http://169.254.169.254/latest/meta-data/")

    def _to_file(self) -> None:
        self._reply(302, Location="file:///etc/passwd")

    def _to_nowhere(self) -> None:
        self._reply(302, Location="http://papers.example.org:port/")

    def _to_userinfo(self) -> None:
        self._reply(302, Location=f"http://ann:secret@{self.headers['Host']}/ok")

    def _drip_body(self) -> None:
        self.send_response(200)
        self.end_headers()
        self._drip()

    def _drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        self._drip()

    def _silent(self) -> None:
        self.over.wait()
        self.close_connection = True

    def _drip(self) -> None:
        self.close_connection = True
        while not self.over.wait(0.02):
            self.wfile.write(b"x")

    def log_message(self, *_: object) -> None:
        """Tests have nothing to log."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Some clients hang up on us, which is what they should do."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    over = Event()
    handler = type("Handler", (Hostile,), {"over": over})
    with Server(("127.0.0.1", 0), handler) as listening:
        Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        over.set()
        listening.shutdown()


class Turns:
    """Who asked, and whether somebody is asking."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.held = False

    @contextmanager
    def __call__(self, host: str, patience: float) -> Iterator[None]:
        assert patience > 0
        assert not self.held
        self.hosts.append(host)
        self.held = True
        try:
            yield
        finally:
            self.held = False


def door(deadline: float = 20.0, turn: Turn | None = None) -> Http:
    return Http(
        contact="https://daybreak.example.org",
        deadline=deadline,
        allow_private=True,
        turn=turn or Turns(),
        clock=lambda: NOON,
        sleep=lambda _seconds: None,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@pytest.mark.parametrize("path", ["ok", "zipped", "moved"])
def test_a_whole_document_is_returned(server: str, path: str) -> None:
    assert door().get(f"{server}/{path}") == DOCUMENT


def test_the_request_says_what_is_wanted_and_who_asks(server: str) -> None:
    told = door().get(f"{server}/mirror?p=0", params={"date": "2026-03-02"}, headers={"X-A": "b"})

    lines = told.decode().splitlines()
    assert lines[0] == "/mirror?p=0&date=2026-03-02"
    assert "User-Agent: Daybreak (+https://daybreak.example.org)" in lines
    assert "Accept-Encoding: gzip" in lines
    assert "X-A: b" in lines


def test_no_proxy_is_taken_from_the_environment(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 32."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert door().get(f"{server}/ok") == DOCUMENT


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("bomb", "larger than 20 MB"),
        ("large", "larger than 20 MB"),
        ("zipped-and-cut", "zipped-and-cut: .*cut short"),
        ("zipped-not-really", "incorrect header check"),
        ("brotli", "brotli: encoded as 'br'"),
        ("short", "closed connection"),
        ("chunks-cut", "closed connection"),
        ("missing", "answered 404"),
        ("busy", "answered 429; it may be asked again at 2026-03-02 12:00:30 UTC"),
        ("busy-till-2099", "answered 503; it may be asked again at 2027-03-03 12:00:00 UTC"),
        ("too-many", "answered 429$"),
        ("known?not-asked", "known.not-asked: answered 304"),
        ("endless", "larger than 20 MB"),
        ("partial", "answered 206"),
        ("garbage", "illegal status line"),
        ("hang-up", "disconnected"),
        ("loop", "redirected more than 5 times"),
        ("to-metadata", "a private address"),
        ("to-file", "no address that may be read"),
        ("to-nowhere", "Invalid port"),
        ("to-userinfo", "no address that may be read"),
    ],
)
def test_a_misdeed_is_a_fetch_error(server: str, path: str, why: str) -> None:
    """Row 32."""
    with pytest.raises(FetchError, match=why):
        door().get(f"{server}/{path}")


@pytest.mark.parametrize("path", ["busy-at-first", "too-many-at-first", "hang-up-at-first"])
def test_what_may_pass_is_tried_again(server: str, path: str) -> None:
    waits: list[float] = []
    turns = Turns()
    http = Http(
        contact="https://daybreak.example.org",
        allow_private=True,
        turn=turns,
        sleep=waits.append,
    )

    assert http.get(f"{server}/{path}?{id(http)}") == DOCUMENT
    assert len(waits) == 1
    assert 0 <= waits[0] <= 1
    assert turns.hosts == ["127.0.0.1", "127.0.0.1"]


def test_a_refused_connection_is_tried_again_and_given_up() -> None:
    turns = Turns()

    with pytest.raises(FetchError):
        door(turn=turns).get(f"http://127.0.0.1:{free_port()}/")

    assert len(turns.hosts) == 3


@pytest.mark.parametrize("path", ["hang-up-halfway", "too-many", "missing"])
def test_what_was_answered_is_not_asked_again(server: str, path: str) -> None:
    turns = Turns()
    http = door(turn=turns)

    with pytest.raises(FetchError):
        http.get(f"{server}/{path}?{id(http)}")

    assert turns.hosts == ["127.0.0.1"]


def test_no_wait_outlasts_the_deadline(server: str) -> None:
    waits: list[float] = []
    http = Http(
        contact="https://daybreak.example.org", deadline=5, allow_private=True, sleep=waits.append
    )

    with pytest.raises(FetchError, match="answered 429; it may be asked again at"):
        http.get(f"{server}/busy")

    assert waits == []


@pytest.mark.parametrize("path", ["last-one", "last-one-of-old"])
def test_an_allowance_that_is_used_up_is_not_overdrawn(server: str, path: str) -> None:
    http = door()

    assert http.get(f"{server}/{path}") == DOCUMENT
    with pytest.raises(FetchError, match=r"used up; it is renewed at 2026-03-02 12:0[12]"):
        http.get(f"{server}/ok")


def test_an_allowance_that_is_left_may_be_used(server: str) -> None:
    http = door()

    assert http.get(f"{server}/not-the-last-one") == http.get(f"{server}/ok")


def test_an_unchanged_document_is_not_sent_again(server: str) -> None:
    first = door().get_if_changed(f"{server}/known")

    assert first == Answer(DOCUMENT, '"1"', LONG_AGO)
    assert door().get_if_changed(f"{server}/known", etag='"1"') is None
    assert door().get_if_changed(f"{server}/known", last_modified=LONG_AGO) is None
    assert door().get_if_changed(f"{server}/known", etag='"0"') == first


def test_words_that_no_server_should_give_out_are_not_kept(server: str) -> None:
    assert door().get_if_changed(f"{server}/odd-validators") == Answer(DOCUMENT, None, None)


@pytest.mark.parametrize("path", ["bomb", "endless"])
def test_no_document_fills_the_memory(server: str, path: str) -> None:
    """Row 32."""
    tracemalloc.start()
    with pytest.raises(FetchError):
        door().get(f"{server}/{path}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 64_000_000


@pytest.mark.parametrize("path", ["drip-body", "drip-headers", "silent"])
def test_a_slow_server_is_left_at_the_deadline(server: str, path: str) -> None:
    """Row 32."""
    with pytest.raises(FetchError):
        door(deadline=0.2).get(f"{server}/{path}")


def test_the_deadline_is_for_all_downloads_together(server: str) -> None:
    http = door(deadline=0.2)
    with pytest.raises(FetchError):
        http.get(f"{server}/silent")

    with pytest.raises(FetchError, match=r"not done within 0\.2 s"):
        http.get(f"{server}/ok")


def test_a_look_up_that_hangs_is_left_at_the_deadline() -> None:
    over = Event()

    def hang(_host: str) -> list[str]:
        over.wait()
        return []

    http = Http(contact="https://daybreak.example.org", deadline=0.1, look_up=hang)

    with pytest.raises(FetchError, match=r"not done within 0\.1 s"):
        http.get("https://papers.example.org/")
    over.set()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1"),  # noqa: S104
        *("169.254.169.254", "100.64.0.1", "224.0.0.1", "2130706433", "0x7f.1"),
        *("[::1]", "[::]", "[fe80::1]", "[fd00:ec2::254]", "[ff02::1]", "[::ffff:127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]"),
    ],
)
def test_a_private_address_is_not_asked(host: str) -> None:
    """Row 32."""
    http = Http(contact="https://daybreak.example.org")

    with pytest.raises(FetchError, match="a private address"):
        http.get(f"https://{host}/")


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"],  # noqa: S104
)
def test_some_addresses_are_not_asked_even_where_private_ones_are(address: str) -> None:
    http = Http(
        contact="https://daybreak.example.org", allow_private=True, look_up=lambda _host: [address]
    )

    with pytest.raises(FetchError, match="a private address"):
        http.get("http://papers.example.org/")


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    http = Http(
        contact="https://daybreak.example.org", look_up=lambda _host: ["192.0.1.1", "10.0.0.1"]
    )

    with pytest.raises(FetchError, match="a private address"):
        http.get("https://papers.example.org/")


def test_the_address_that_was_checked_is_the_one_that_is_asked(server: str) -> None:
    answers = iter([["127.0.0.1"]])
    http = Http(
        contact="https://daybreak.example.org",
        allow_private=True,
        look_up=lambda _host: next(answers),
    )
    port = server.rpartition(":")[2]

    told = http.get(f"http://papers.example.org:{port}/mirror")

    assert f"Host: papers.example.org:{port}" in told.decode().splitlines()


@pytest.mark.parametrize(
    "addresses",
    [["::1", "127.0.0.1"], ["::1", "127.0.0.1", "::1"], ["::1", "::1", "127.0.0.1"]],
)
def test_the_next_address_is_tried_where_nobody_answers(server: str, addresses: list[str]) -> None:
    http = Http(
        contact="https://daybreak.example.org",
        allow_private=True,
        look_up=lambda _host: addresses,
    )
    port = server.rpartition(":")[2]

    assert http.get(f"http://papers.example.org:{port}/ok") == DOCUMENT


def test_the_next_address_is_tried_where_a_connection_is_never_taken(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_KNOCK", 0.3)
    port = int(server.rpartition(":")[2])
    http = Http(
        contact="https://daybreak.example.org",
        deadline=20.0,
        allow_private=True,
        look_up=lambda _host: ["::1", "127.0.0.1"],
    )

    with ExitStack() as open_until_then:
        full = open_until_then.enter_context(
            socket.create_server(("::1", port), family=socket.AF_INET6, backlog=0)
        )
        for _ in range(4):
            waiting = open_until_then.enter_context(socket.socket(socket.AF_INET6))
            waiting.settimeout(0)
            waiting.connect_ex(full.getsockname())
        answer = http.get(f"http://papers.example.org:{port}/ok")

    assert answer == DOCUMENT


def test_a_host_that_does_not_exist_is_a_fetch_error() -> None:
    def unknown(host: str) -> list[str]:
        raise OSError(f"{host} not known")

    http = Http(contact="https://daybreak.example.org", look_up=unknown)

    with pytest.raises(FetchError, match=r"papers\.example\.org: no such host"):
        http.get("https://papers.example.org/")


@pytest.mark.parametrize(
    "url",
    [
        "http://papers.example.org/",
        "https://papers.example.org:8443/",
        "https://ann:secret@papers.example.org/",
        "file:///etc/passwd",
        "/etc/passwd",
        "ftp://papers.example.org/",
        "https:///x",
        "https://[",
        "https://" + "a" * 70 + ".example.org/",
    ],
)
def test_only_plain_https_addresses_are_read(url: str) -> None:
    http = Http(contact="https://daybreak.example.org", look_up=lambda _host: [])

    with pytest.raises(FetchError, match=r"may be read|Invalid|label|codec") as refusal:
        http.get(url)
    with pytest.raises(BadInput, match="no address of a source"):
        http.check(url)

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["https://papers.example.org:8443/", "http://papers.example.org:443/"]
)
def test_https_and_its_port_go_together(url: str) -> None:
    http = Http(contact="https://daybreak.example.org", look_up=lambda _host: [])

    with pytest.raises(FetchError, match="only https on its usual port may be read"):
        http.get(url)
    http.check("https://papers.example.org:443/")


@pytest.fixture
def secured() -> Iterator[tuple[int, list[str | None]]]:
    """A server with a certificate that nobody vouches for: its port, and what it was called."""
    names: list[str | None] = []
    context = server_context()
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    handler = type("Handler", (Hostile,), {"over": Event()})
    with Server(("127.0.0.1", 0), handler) as listening:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield listening.server_port, names
        listening.shutdown()


def test_row_32_a_server_that_cannot_say_who_it_is_is_not_read(
    secured: tuple[int, list[str | None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whom we trust is not for the environment to say, either.
    (tmp_path / "cert.pem").write_text(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    port, _ = secured

    with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
        door().get(f"https://127.0.0.1:{port}/ok")


def test_row_32_a_host_is_asked_for_its_certificate_by_name_at_the_checked_address(
    secured: tuple[int, list[str | None]],
) -> None:
    port, names = secured
    http = Http(
        contact="https://daybreak.example.org",
        allow_private=True,
        look_up=lambda _host: ["127.0.0.1"],
        sleep=lambda _seconds: None,
    )

    with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
        http.get(f"https://papers.example.org:{port}/ok")

    assert set(names) == {"papers.example.org"}


def test_a_document_may_be_a_few_redirects_away_and_no_more(server: str) -> None:
    assert door().get(f"{server}/hops?left={MAX_HOPS}") == DOCUMENT
    with pytest.raises(FetchError, match=f"redirected more than {MAX_HOPS} times"):
        door().get(f"{server}/hops?left={MAX_HOPS + 1}")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("Mon, 02 Mar 2026 12:02:00 GMT", 120),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("999999999", 366 * 86_400),
    ],
)
def test_a_server_says_when_to_come_back(said: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": said}, NOON) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit": '"fixed";r=0;t=30'}, 30),
        ({"RateLimit": "limit=500, remaining=0, reset=30"}, 30),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, 30),
        ({"RateLimit": '"fixed";r=1;t=30'}, None),
        ({"RateLimit": '"fixed";r=0'}, None),
        ({}, None),
    ],
)
def test_a_server_says_what_is_left_of_the_allowance(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert spent_for(headers) == seconds

"""The one careful HTTP door: what a stranger's server may do to us ends here."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import timedelta
from time import monotonic

import httpx

from digest.clock import Clock, utc_now
from digest.errors import BadInput, FetchError
from digest.sources import manners
from digest.sources.addresses import LookUp, allowed, is_host, look_up
from digest.sources.answers import Answer, Elsewhere, NoAnswer, validator
from digest.sources.compression import Damaged, received
from digest.sources.deadline import within

MAX_BYTES = 20_000_000
"""The most that a document may hold, as sent and as inflated."""
MAX_HOPS = 5

_PATIENCE = 10.0
"""Seconds without a single byte after which a server is given up."""
_KNOCK = 3.0
"""Seconds after which the host's next address is tried."""
_ADDRESSES = 3
"""How many addresses of a host are tried."""
_NOT_MODIFIED, _TOO_MANY = 304, 429
_VALIDATORS = ("ETag", "Last-Modified")


class Http:
    """
    Downloads for one fetch, from public https servers only, within *deadline* seconds in all.

    The time counts from the first `get`. *contact* is an address at which the operator of a
    source finds us. *allow_private* opens private addresses, plain http and odd ports: for a
    mirror in one's own network, and for tests. *look_up* is asked once for each hop. *turn* is
    held during each request, redirects and retries too.
    """

    def __init__(
        self,
        *,
        contact: str,
        deadline: float = 60.0,
        allow_private: bool = False,
        look_up: LookUp = look_up,
        turn: manners.Turn = manners.at_once,
        clock: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._deadline = deadline
        self._end: float | None = None
        self._allow_private = allow_private
        self._look_up = look_up
        self._turn = turn
        self._clock = clock
        self._sleep = sleep
        self._spent: dict[str, float] = {}
        self._headers = {"User-Agent": f"Daybreak (+{contact})", "Accept-Encoding": "gzip"}
        self._tls = httpx.create_ssl_context(trust_env=False)

    def check(self, url: str) -> None:
        """Raise BadInput where nothing can ever be read: *url* is none, or not one for us."""
        try:
            self._check(httpx.URL(url))
        except (httpx.InvalidURL, UnicodeError, FetchError) as exc:
            raise BadInput(f"no address of a source: {exc}") from exc

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """
        Return the body of the document at *url*, inflated.

        Raises:
            FetchError: no answer in time, none that may be asked for, or none that is whole.

        """
        answer = self._answer(url, params or {}, headers or {})
        if answer is None:
            raise FetchError(f"{url}: answered {_NOT_MODIFIED}, which was not asked for")
        return answer.body

    def get_if_changed(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Answer | None:
        """
        Return the document at *url*; None when it is as it was when these words were given out.

        Raises:
            FetchError: as `get` does.

        """
        known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        answer = self._answer(url, {}, {name: said for name, said in known.items() if said})
        if answer is None and not (etag or last_modified):
            raise FetchError(f"{url}: answered 304, though nothing was said to be known")
        return answer

    def _answer(
        self, url: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> Answer | None:
        if self._end is None:
            self._end = monotonic() + self._deadline
        try:
            address = httpx.URL(url).copy_merge_params(params)
            self._patience()
            return within(self._left(), lambda: self._follow(address, headers))
        except TimeoutError as exc:
            raise FetchError(f"{url}: not done within {self._deadline:g} s") from exc
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as exc:
            raise FetchError(f"{url}: {str(exc) or type(exc).__name__}") from exc

    def _follow(self, url: httpx.URL, headers: Mapping[str, str]) -> Answer | None:
        for _ in range(MAX_HOPS + 1):
            found = self._until_answered(url, headers)
            if not isinstance(found, Elsewhere):
                return found
            url = url.join(found.location)
        raise FetchError(f"{url}: redirected more than {MAX_HOPS} times")

    def _until_answered(
        self, url: httpx.URL, headers: Mapping[str, str]
    ) -> Answer | Elsewhere | None:
        tried = 0
        while True:
            tried += 1
            try:
                return self._hop(url, headers)
            except NoAnswer as exc:
                self._sleep(self._wait(url, exc, tried))

    def _wait(self, url: httpx.URL, no_answer: NoAnswer, tried: int) -> float:
        """Return how long to wait for the next try; raise FetchError when there is none."""
        asked = no_answer.wait
        wait = manners.pause(tried) if asked is None else asked
        if tried < manners.TRIES and wait < self._left():
            return wait
        again = "" if asked is None else f"; it may be asked again at {self._at(asked)}"
        raise FetchError(f"{url}: {no_answer}{again}") from no_answer

    def _at(self, seconds: float) -> str:
        return f"{self._clock() + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S} UTC"

    def _hop(self, url: httpx.URL, headers: Mapping[str, str]) -> Answer | Elsewhere | None:
        """Return the document, None for an unchanged one, or the place to which *url* redirects."""
        self._check(url)
        left = self._spent.get(url.host, 0.0) - monotonic()
        if left > 0:
            renewed = self._at(left)
            raise FetchError(f"{url.host}: our allowance is used up; it is renewed at {renewed}")
        addresses = self._addresses(url)
        with self._turn(url.host, self._left()):
            for address in addresses[:-1]:
                with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                    return self._ask(url, address, headers)
            try:
                return self._ask(url, addresses[-1], headers)
            except httpx.ConnectError as exc:
                raise NoAnswer(str(exc) or "no connection") from exc

    def _ask(
        self, url: httpx.URL, address: str, headers: Mapping[str, str]
    ) -> Answer | Elsewhere | None:
        patience = self._patience()
        timeout = httpx.Timeout(patience, connect=min(patience, _KNOCK))
        # A client of its own for each hop: pooled by address, a connection would be shared
        # by hosts whose certificates differ.
        with httpx.Client(verify=self._tls, trust_env=False, timeout=timeout) as client:
            # The checked address is the one that is asked: a second look-up could give another.
            request = client.build_request(
                "GET",
                url.copy_with(host=address),
                headers={**headers, **self._headers, "Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            with closing(_sent(client, request)) as response:
                return self._answered(url, response)

    def _answered(self, url: httpx.URL, response: httpx.Response) -> Answer | Elsewhere | None:
        spent = manners.spent_for(response.headers)
        if spent is not None:
            self._spent[url.host] = monotonic() + spent
        status = response.status_code
        if status == _NOT_MODIFIED:
            return None
        if response.has_redirect_location:
            return Elsewhere(response.headers["Location"])
        wait = manners.retry_after(response.headers, self._clock())
        # Too many requests: one more without knowing when would make it worse.
        if status in manners.BUSY and (wait is not None or status != _TOO_MANY):
            raise NoAnswer(f"answered {status}", wait)
        if status != httpx.codes.OK:
            raise FetchError(f"{url}: answered {status}")
        etag, last_modified = map(response.headers.get, _VALIDATORS)
        return Answer(self._body(url, response), validator(etag), validator(last_modified))

    def _body(self, url: httpx.URL, response: httpx.Response) -> bytes:
        coding = response.headers.get("Content-Encoding", "identity").lower()
        if coding not in ("identity", "gzip"):
            raise FetchError(f"{url}: encoded as {coding!r}, which was not asked for")
        chunks = (chunk for chunk in response.iter_raw() if self._patience())
        try:
            return received(chunks, packed=coding == "gzip", most=MAX_BYTES)
        except Damaged as exc:
            raise FetchError(f"{url}: {exc}") from exc

    def _check(self, url: httpx.URL) -> None:
        named = url.host and is_host(url.raw_host.decode("ascii"), url.port)
        if url.scheme not in ("http", "https") or url.userinfo or not named:
            raise FetchError(f"{url.copy_with(userinfo=b'')}: no address that may be read")
        if not self._allow_private and (url.scheme != "https" or url.port not in (None, 443)):
            raise FetchError(f"{url}: only https on its usual port may be read")

    def _addresses(self, url: httpx.URL) -> list[str]:
        try:
            addresses = self._look_up(url.raw_host.decode("ascii"))
        except (OSError, UnicodeError) as exc:
            raise FetchError(f"{url.host}: no such host ({exc})") from exc
        if not allowed(addresses, private=self._allow_private):
            raise FetchError(f"{url.host}: a private address, which may not be read")
        return addresses[:_ADDRESSES]

    def _left(self) -> float:
        return self._deadline if self._end is None else max(0.0, self._end - monotonic())

    def _patience(self) -> float:
        """Return how long to wait for the next byte; nobody waits after the deadline."""
        left = self._left()
        if not left:
            raise TimeoutError
        return min(left, _PATIENCE)


def _sent(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    try:
        return client.send(request, stream=True)
    except httpx.ReadError as exc:
        raise NoAnswer(str(exc) or "the connection was reset") from exc
    except httpx.RemoteProtocolError as exc:
        if not str(exc).startswith("Server disconnected"):
            raise
        raise NoAnswer(str(exc)) from exc

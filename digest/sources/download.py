"""The one careful HTTP door: what a stranger's server may do to us ends here."""

import socket
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from time import monotonic

import httpx

from digest.errors import FetchError

MAX_BYTES = 20_000_000
"""The most that a document may hold, as sent and as inflated."""
MAX_HOPS = 5

_PATIENCE = 10.0
"""Seconds without a single byte after which a server is given up."""
_KNOCK = 3.0
"""Seconds after which the host's next address is tried."""
_ADDRESSES = 3
"""How many addresses of a host are tried."""
# A network without IPv4 reaches all of it through these addresses, the private ones too.
_NAT64 = ip_network("64:ff9b::/96")

LookUp = Callable[[str], list[str]]


def look_up(host: str) -> list[str]:
    """
    Return the addresses of *host*, the preferred one first.

    Raises:
        OSError: it has none.

    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Http:
    """
    Downloads for one fetch, from public https servers only, within *deadline* seconds in all.

    The time counts from the first `get`. *contact* is an address at which the operator of a
    source finds us. *allow_private* opens private addresses, plain http and odd ports: for a
    mirror in one's own network, and for tests. *look_up* is asked once for each hop.
    """

    def __init__(
        self,
        *,
        contact: str,
        deadline: float = 60.0,
        allow_private: bool = False,
        look_up: LookUp = look_up,
    ) -> None:
        self._deadline = deadline
        self._end: float | None = None
        self._allow_private = allow_private
        self._look_up = look_up
        self._headers = {"User-Agent": f"Daybreak (+{contact})", "Accept-Encoding": "gzip"}
        self._tls = httpx.create_ssl_context(trust_env=False)

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
        if self._end is None:
            self._end = monotonic() + self._deadline
        try:
            address = httpx.URL(url).copy_merge_params(params or {})
            return _within(self._left(), lambda: self._follow(address, headers or {}))
        except TimeoutError as exc:
            raise FetchError(f"{url}: not done within {self._deadline:g} s") from exc
        except (httpx.HTTPError, httpx.InvalidURL, zlib.error, UnicodeError) as exc:
            raise FetchError(f"{url}: {str(exc) or type(exc).__name__}") from exc

    def _follow(self, url: httpx.URL, headers: Mapping[str, str]) -> bytes:
        for _ in range(MAX_HOPS + 1):
            found = self._hop(url, headers)
            if isinstance(found, bytes):
                return found
            url = url.join(found)
        raise FetchError(f"{url}: redirected more than {MAX_HOPS} times")

    def _hop(self, url: httpx.URL, headers: Mapping[str, str]) -> bytes | str:
        """Return the body, or the place to which *url* redirects."""
        self._check(url)
        addresses = self._addresses(url)
        for address in addresses[:-1]:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return self._ask(url, address, headers)
        return self._ask(url, addresses[-1], headers)

    def _ask(self, url: httpx.URL, address: str, headers: Mapping[str, str]) -> bytes | str:
        patience = self._patience()
        timeout = httpx.Timeout(patience, connect=min(patience, _KNOCK))
        host = url.raw_host.decode("ascii")
        # The checked address is the one that is asked: a second look-up could give another.
        # A client of its own for each hop: pooled by address, a connection would be shared
        # by hosts whose certificates differ.
        with (
            httpx.Client(verify=self._tls, trust_env=False, timeout=timeout) as client,
            client.stream(
                "GET",
                url.copy_with(host=address),
                headers={**headers, **self._headers, "Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": host},
            ) as response,
        ):
            if response.has_redirect_location:
                return response.headers["Location"]
            if response.status_code != httpx.codes.OK:
                raise FetchError(f"{url}: answered {response.status_code}")
            return self._body(url, response)

    def _body(self, url: httpx.URL, response: httpx.Response) -> bytes:
        coding = response.headers.get("Content-Encoding", "identity").lower()
        if coding not in ("identity", "gzip"):
            raise FetchError(f"{url}: encoded as {coding!r}, which was not asked for")
        inflate = zlib.decompressobj(wbits=31) if coding == "gzip" else None
        body, received = bytearray(), 0
        for chunk in response.iter_raw():
            received += len(chunk)
            # One byte more than is allowed tells a document that fits from one that does not.
            body += inflate.decompress(chunk, MAX_BYTES + 1 - len(body)) if inflate else chunk
            if max(received, len(body)) > MAX_BYTES:
                raise FetchError(f"{url}: larger than {MAX_BYTES // 1_000_000} MB")
            self._patience()
        if inflate and not inflate.eof:
            raise FetchError(f"{url}: cut short")
        return bytes(body)

    def _check(self, url: httpx.URL) -> None:
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise FetchError(f"{url.copy_with(userinfo=b'')}: no address that may be read")
        if not self._allow_private and (url.scheme != "https" or url.port not in (None, 443)):
            raise FetchError(f"{url}: only https on its usual port may be read")

    def _addresses(self, url: httpx.URL) -> list[str]:
        try:
            addresses = self._look_up(url.raw_host.decode("ascii"))
        except (OSError, UnicodeError) as exc:
            raise FetchError(f"{url.host}: no such host ({exc})") from exc
        allowed = _not_forbidden if self._allow_private else _public
        # One bad address is enough: who answers with a mixture is up to something.
        if not addresses or not all(map(allowed, map(_ip, addresses))):
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


def _within(seconds: float, ask: Callable[[], bytes]) -> bytes:
    # A look-up knows no time-out, and one that counts from byte to byte is no deadline for a
    # server that drips its headers: both are left to a thread, and the waiting is done here.
    answer: Future[bytes] = Future()

    def settle() -> None:
        try:
            answer.set_result(ask())
        except Exception as exc:  # noqa: BLE001  raised again by whoever waits
            answer.set_exception(exc)

    Thread(target=settle, daemon=True).start()
    return answer.result(timeout=seconds)


def _ip(address: str) -> IPv4Address | IPv6Address:
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip in _NAT64):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and (ip.sixtofour or ip.teredo):
        return False
    return ip.is_global and not ip.is_multicast


def _not_forbidden(ip: IPv4Address | IPv6Address) -> bool:
    # No mirror lives here, but a cloud's keys do: 169.254.169.254.
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified)

"""The HTTP door's way out: one small JSON document, to an address that the operator chose."""

from collections.abc import Mapping

import httpx

from digest.errors import FetchError
from digest.sources.addresses import LookUp, allowed, look_up
from digest.sources.deadline import within

_ADDRESSES = 3
"""How many addresses of a host are tried."""


def post(
    url: str, document: Mapping[str, str], *, seconds: float, look_up: LookUp = look_up
) -> None:
    """
    Post *document* to *url*, and return once it was accepted: answered with 2xx.

    The host may be in the operator's own network, and only there may it do without TLS. Cloud
    keys (169.254.169.254) are out of reach, redirects are not followed, proxies of the
    environment not asked, and the answer is not read. No error quotes *url*, which may be secret.

    Raises:
        FetchError: it was not accepted within *seconds*.

    """
    try:
        status = within(seconds, lambda: _post(httpx.URL(url), document, seconds, look_up))
    except TimeoutError as exc:
        raise FetchError(f"no answer within {seconds:g} s") from exc
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as exc:
        raise FetchError(f"not to be reached: {type(exc).__name__}") from exc
    if not httpx.codes.is_success(status):
        raise FetchError(f"answered {status}")


def _post(url: httpx.URL, document: Mapping[str, str], seconds: float, look_up: LookUp) -> int:
    addresses = _addresses(url, look_up)
    # Another address is tried only where there was no connection: once is enough.
    for address in addresses[:-1]:
        try:
            return _ask(url, address, document, seconds)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return _ask(url, addresses[-1], document, seconds)


def _addresses(url: httpx.URL, look_up: LookUp) -> list[str]:
    addresses = look_up(url.raw_host.decode("ascii"))
    if not allowed(addresses, private=True):
        raise FetchError("an address that nobody may be told at")
    if url.scheme != "https" and any(allowed([each], private=False) for each in addresses):
        raise FetchError("in public only https is spoken")
    return addresses[:_ADDRESSES]


def _ask(url: httpx.URL, address: str, document: Mapping[str, str], seconds: float) -> int:
    tls = httpx.create_ssl_context(trust_env=False)
    timeout = httpx.Timeout(seconds, connect=seconds / _ADDRESSES)
    with httpx.Client(verify=tls, trust_env=False, timeout=timeout) as client:
        # The checked address is the one that is asked: a second look-up could give another.
        request = client.build_request(
            "POST",
            url.copy_with(host=address),
            json=dict(document),
            headers={"Host": url.netloc.decode("ascii"), "User-Agent": "Daybreak"},
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        response = client.send(request, stream=True)
        response.close()
        return response.status_code

"""Certificates of SNS: fetched from SNS alone, kept, and asked who signed a message."""

import re
import time
from collections import deque
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from digest.clock import Clock
from digest.errors import BadMessage, FetchError
from digest.sources.addresses import look_up
from digest.sources.download import Http

PATIENCE = 5.0
"""Seconds that fetching one may take: SNS waits 15 for our answer."""

MOST = 8
"""Certificates that are kept: one for each region that is in use, and the one before."""

FETCHES, WITHIN = 5, 60.0
"""Fetches in so many seconds: whoever guesses a topic's name can make up addresses to fetch."""

_HOST = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")

# SNS signs by version 1 unless a topic is told otherwise. SHA-1 is broken for collisions, and to
# forge one of these takes a second text with the hash of one that SNS signed.
_HASHES = {"1": SHA1(), "2": SHA256()}  # noqa: S303


def fetched(contact: str) -> Callable[[str], bytes]:
    """Return what reads the document at an address, from the hosts of SNS and from no other."""
    return lambda url: Http(contact=contact, deadline=PATIENCE, look_up=_look_up).get(url)


def _look_up(host: str) -> list[str]:
    # Asked for each hop, so that no redirect leads elsewhere either.
    if not _HOST.fullmatch(host):
        raise OSError("not a host of SNS")
    return look_up(host)


class Certificates:
    """Those that were needed until now, by their addresses; *fetch* reads a new one."""

    def __init__(self, fetch: Callable[[str], bytes], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._known: dict[str, x509.Certificate] = {}
        self._fetches: deque[float] = deque(maxlen=FETCHES)

    def check(self, url: str, version: str, signature: bytes, signed: bytes) -> None:
        """
        Check that the key at *url*, an address that the caller trusts, made this signature.

        Raises:
            BadMessage: it did not, or is no key that signs.
            FetchError: the certificate cannot be had now.

        """
        if version not in _HASHES:
            raise BadMessage("a signature of no known version")
        key = self._certificate(url).public_key()
        if not isinstance(key, RSAPublicKey):
            raise BadMessage("a key of another kind")
        try:
            key.verify(signature, signed, PKCS1v15(), _HASHES[version])
        except InvalidSignature as exc:
            raise BadMessage("signed by somebody else, or changed") from exc

    def _certificate(self, url: str) -> x509.Certificate:
        found = self._known.get(url) or self._new(url)
        if not found.not_valid_before_utc <= self._clock() <= found.not_valid_after_utc:
            self._known.pop(url, None)
            raise BadMessage("a certificate that is not valid now")
        return found

    def _new(self, url: str) -> x509.Certificate:
        now = time.monotonic()
        if len(self._fetches) == FETCHES and now - self._fetches[0] < WITHIN:
            raise FetchError("too many new certificates within a minute")
        self._fetches.append(now)
        try:
            found = x509.load_pem_x509_certificate(self._fetch(url))
            found.public_key()
        except (ValueError, UnsupportedAlgorithm) as exc:
            raise BadMessage("no certificate") from exc
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[url] = found
        return found

"""Signed links: make them, and read them back."""

import base64
import hashlib
import hmac
import re
import time
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from digest.errors import BadLink


class Purpose(StrEnum):
    """What a link lets its holder do; each is signed with its own salt."""

    CONFIRM = "confirm"
    MANAGE = "manage"
    VIEW = "view"
    RATE = "rate"
    LEAVE = "leave"
    CHANGE = "change"
    UNDO = "undo"
    PAUSE = "pause"
    FEED = "feed"


PATHS = {
    Purpose.CONFIRM: "confirm",
    Purpose.MANAGE: "preferences",
    Purpose.VIEW: "view",
    Purpose.RATE: "rate",
    Purpose.LEAVE: "unsubscribe",
    Purpose.CHANGE: "change",
    Purpose.UNDO: "undo",
    Purpose.PAUSE: "pause",
    Purpose.FEED: "feed",
}

CONFIRM_LIFETIME = timedelta(hours=48)
LIFETIMES = {
    Purpose.CONFIRM: CONFIRM_LIFETIME,
    Purpose.CHANGE: CONFIRM_LIFETIME,
    # Seven days of the change, and of the mail that may come later; the change's own row decides.
    Purpose.UNDO: timedelta(days=10),
}
"""The others live as long as the mail that carries them, or until their reader revokes them."""

_URL_SAFE = bytes.maketrans(b"+/", b"-_")

_NEVER_COMPRESSED = 15
"""Bytes; the library packs what is longer wherever that makes it shorter."""

_BLOCK = 64
"""Bytes that SHA-256 takes at once."""

_CODE = re.compile(r"(?<![0-9])([0-9]{1,18})-([a-z2-7]{26})(?![a-z2-7])")


class Keyed(NamedTuple):
    """A purpose, and the two hashes of HMAC (RFC 2104) that were fed with its key."""

    purpose: Purpose
    inner: "hashlib._Hash"
    outer: "hashlib._Hash"


@dataclass(frozen=True)
class Links:
    """
    The links of one installation, all below *base_url*.

    The first of *secrets* signs, the others still verify. *leave_secret* signs what must outlive
    every rotation: CAN-SPAM asks 30 days of an unsubscribe link, CASL 60, a reader any time.
    """

    base_url: str
    secrets: Sequence[str]
    leave_secret: str

    def make(self, purpose: Purpose, subject: int, version: int = 0) -> str:
        """
        Return the address for *subject*.

        That is a delivery for VIEW and RATE, a change of address for CHANGE and UNDO, else a
        subscriber.
        """
        return f"{self.base_url}/{PATHS[purpose]}/{self.token(purpose, subject, version)}"

    def token(self, purpose: Purpose, subject: int, version: int = 0) -> str:
        if purpose is Purpose.FEED:
            return str(self._serializer(purpose).dumps([subject, version]))
        [token] = self.tokens((subject, version, self.keyed(purpose)))
        return token

    def keyed(self, *purposes: Purpose) -> tuple[Keyed, ...]:
        """Return *purposes* as `tokens` wants them; FEED is not signed like that."""
        return tuple(self._keyed[purpose] for purpose in purposes)

    def tokens(self, *asked: tuple[int, int, Sequence[Keyed]]) -> list[str]:
        """Return a token for each purpose of each (subject, version, purposes)."""
        moment = _moment(int(time.time()))
        signed: list[bytes] = []
        for subject, version, purposes in asked:
            said = b"[%d,%d]" % (subject, version)
            if len(said) > _NEVER_COMPRESSED:
                return self._dumped(asked)
            # What the library does, key and time worked out before: a digest has five links.
            said = b"%b.%b" % (b2a_base64(said, newline=False).rstrip(b"="), moment)
            for _purpose, inner, outer in purposes:
                first, second = inner.copy(), outer.copy()
                first.update(said)
                second.update(first.digest())
                signed += (said, b".", b2a_base64(second.digest()))
        return b"".join(signed).translate(_URL_SAFE).decode().split("=\n")[:-1]

    def _dumped(self, asked: Sequence[tuple[int, int, Sequence[Keyed]]]) -> list[str]:
        return [
            str(self._serializer(each.purpose).dumps([subject, version]))
            for subject, version, purposes in asked
            for each in purposes
        ]

    def read(self, purpose: Purpose, token: str) -> tuple[int, int]:
        """
        Return the subject and the version inside *token*; whether it is revoked is the caller's.

        Raises:
            BadLink: forged, cut, made for another purpose, or too old.

        """
        lifetime = LIFETIMES.get(purpose)
        age: dict[str, Any] = {"max_age": int(lifetime.total_seconds())} if lifetime else {}
        try:
            subject, version = self._serializer(purpose).loads(token, **age)
            return int(subject), int(version)
        except (BadData, ValueError, TypeError) as exc:
            raise BadLink(f"no valid {purpose} link") from exc

    def mailto(self, mailbox: str, subscriber: int) -> str:
        """
        Return the `mailto:` address (RFC 6068) by which *subscriber* leaves.

        Their code is in the subject, and in the address too where *mailbox* has a star. It is
        shorter than a token, and the same in capitals: some mail systems rewrite local parts, and
        none may be longer than 64 characters.
        """
        code = self.leave_code(subscriber)
        address = quote(mailbox.replace("*", code), safe="@+!$'=~")
        return f"mailto:{address}?subject=unsubscribe%20{code}"

    def leave_code(self, subscriber: int) -> str:
        digest = hmac.digest(self.leave_secret.encode(), b"by mail:%d" % subscriber, "sha256")
        return f"{subscriber}-{base64.b32encode(digest[:16]).decode().rstrip('=').lower()}"

    def read_leave_code(self, text: str) -> int | None:
        """Return the subscriber whose code stands anywhere in *text*; None where there is none."""
        for found in _CODE.finditer(text.lower()):
            subscriber = int(found[1])
            if hmac.compare_digest(found[0], self.leave_code(subscriber)):
                return subscriber
        return None

    @cached_property
    def _keyed(self) -> dict[Purpose, Keyed]:
        keyed = {}
        for purpose in Purpose:
            key = self._serializer(purpose).make_signer().derive_key().ljust(_BLOCK, b"\0")
            inner, outer = (bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C))
            keyed[purpose] = Keyed(purpose, hashlib.sha256(inner), hashlib.sha256(outer))
        return keyed

    def _serializer(self, purpose: Purpose) -> URLSafeSerializer | URLSafeTimedSerializer:
        # Feed readers know a feed by its address: without a date it is the same at each sight.
        kind = URLSafeSerializer if purpose is Purpose.FEED else URLSafeTimedSerializer
        # itsdangerous signs with the last key of a list and verifies with all of them.
        keys = [self.leave_secret] if purpose is Purpose.LEAVE else list(reversed(self.secrets))
        return kind(
            keys, salt=f"daybreak.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )


@lru_cache(maxsize=2)
def _moment(seconds: int) -> bytes:
    moment = seconds.to_bytes((seconds.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(moment).rstrip(b"=")

"""Signed links: make them, and read them back."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import quote

from itsdangerous import BadData, URLSafeTimedSerializer

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


PATHS = {
    Purpose.CONFIRM: "confirm",
    Purpose.MANAGE: "preferences",
    Purpose.VIEW: "view",
    Purpose.RATE: "rate",
    Purpose.LEAVE: "unsubscribe",
    Purpose.CHANGE: "change",
    Purpose.UNDO: "undo",
    Purpose.PAUSE: "pause",
}

CONFIRM_LIFETIME = timedelta(hours=48)
LIFETIMES = {
    Purpose.CONFIRM: CONFIRM_LIFETIME,
    Purpose.CHANGE: CONFIRM_LIFETIME,
    # Seven days of the change, and of the mail that may come later; the change's own row decides.
    Purpose.UNDO: timedelta(days=10),
}
"""The others live as long as the mail that carries them, or until their reader revokes them."""

_CODE = re.compile(r"(?<![0-9])([0-9]{1,18})-([a-z2-7]{26})(?![a-z2-7])")


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
        return str(self._serializer(purpose).dumps([subject, version]))

    def read(self, purpose: Purpose, token: str) -> tuple[int, int]:
        """
        Return the subject and the version inside *token*; whether it is revoked is the caller's.

        Raises:
            BadLink: forged, cut, made for another purpose, or too old.

        """
        lifetime = LIFETIMES.get(purpose)
        max_age = int(lifetime.total_seconds()) if lifetime else None
        try:
            subject, version = self._serializer(purpose).loads(token, max_age=max_age)
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

    def _serializer(self, purpose: Purpose) -> URLSafeTimedSerializer:
        # itsdangerous signs with the last key of a list and verifies with all of them.
        keys = [self.leave_secret] if purpose is Purpose.LEAVE else list(reversed(self.secrets))
        return URLSafeTimedSerializer(
            keys, salt=f"daybreak.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )

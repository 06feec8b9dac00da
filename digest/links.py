"""Signed links: make them, and read them back."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from itsdangerous import BadData, URLSafeTimedSerializer

from digest.errors import BadLink


class Purpose(StrEnum):
    """What a link lets its holder do; each is signed with its own salt."""

    CONFIRM = "confirm"
    MANAGE = "manage"
    VIEW = "view"
    RATE = "rate"
    LEAVE = "leave"


PATHS = {
    Purpose.CONFIRM: "confirm",
    Purpose.MANAGE: "preferences",
    Purpose.VIEW: "view",
    Purpose.RATE: "rate",
    Purpose.LEAVE: "unsubscribe",
}

CONFIRM_LIFETIME = timedelta(hours=48)
"""The others live as long as the mail that carries them, or until their reader revokes them."""


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
        """Return the address for *subject*: a delivery for VIEW and RATE, else a subscriber."""
        return f"{self.base_url}/{PATHS[purpose]}/{self.token(purpose, subject, version)}"

    def token(self, purpose: Purpose, subject: int, version: int = 0) -> str:
        return str(self._serializer(purpose).dumps([subject, version]))

    def read(self, purpose: Purpose, token: str) -> tuple[int, int]:
        """
        Return the subject and the version inside *token*; whether it is revoked is the caller's.

        Raises:
            BadLink: forged, cut, made for another purpose, or too old.

        """
        max_age = int(CONFIRM_LIFETIME.total_seconds()) if purpose is Purpose.CONFIRM else None
        try:
            subject, version = self._serializer(purpose).loads(token, max_age=max_age)
            return int(subject), int(version)
        except (BadData, ValueError, TypeError) as exc:
            raise BadLink(f"no valid {purpose} link") from exc

    def _serializer(self, purpose: Purpose) -> URLSafeTimedSerializer:
        # itsdangerous signs with the last key of a list and verifies with all of them.
        keys = [self.leave_secret] if purpose is Purpose.LEAVE else list(reversed(self.secrets))
        return URLSafeTimedSerializer(
            keys, salt=f"daybreak.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )

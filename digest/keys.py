"""The secrets of an installation, and what is derived from them."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from digest.settings import Settings

SIGNING, SUPPRESSION = "secret.key", "suppression.key"
"""Files of the state folder that hold made-up keys."""


@dataclass(frozen=True, slots=True)
class Keys:
    """
    The first of *signing* signs links, the others verify them.

    *suppression* never rotates: hashes of addresses that must not be written to are made with
    it, and so is the key of unsubscribe links, which must outlive every rotation.
    """

    signing: tuple[str, ...]
    suppression: str

    @property
    def leave(self) -> str:
        return self._derive("leave link").hex()

    @property
    def check(self) -> str:
        """What tells this suppression key from another, and nothing else about it."""
        return self._derive("check").hex()

    def address_hash(self, email: str) -> str:
        """Return the keyed hash by which *email* (normalised) is known after its erasure."""
        return hmac.digest(self._derive("address"), email.encode(), "sha256").hex()

    def visitor_hash(self, ip: str) -> str:
        """Return the keyed hash by which the place that a visitor came from is kept."""
        return hmac.digest(self._derive("visitor"), ip.encode(), "sha256").hex()

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(self.suppression.encode(), purpose.encode(), hashlib.sha256)


def keys(settings: Settings) -> Keys:
    """Return the configured keys; embedded, made-up ones stand in for what is not set."""
    signing = tuple(key.get_secret_value() for key in settings.secret_keys)
    suppression = settings.suppression_key and settings.suppression_key.get_secret_value()
    if settings.embedded:
        signing = signing or (_made_up(settings.state_dir / SIGNING),)
        suppression = suppression or _made_up(settings.state_dir / SUPPRESSION)
    return Keys(signing, suppression or "")


def take_over(state_dir: Path, signing: str, suppression: str) -> None:
    """Keep these, of another installation, for made-up keys; what is there already stays."""
    _keep(state_dir / SIGNING, signing)
    _keep(state_dir / SUPPRESSION, suppression)


def _made_up(path: Path) -> str:
    if not path.exists():
        _keep(path, secrets.token_hex(32))
    return path.read_text()


def _keep(path: Path, key: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(key)
        # Two processes may start at once: a link, unlike a rename, keeps the first one's key.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()

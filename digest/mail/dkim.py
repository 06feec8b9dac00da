"""DKIM: mails signed in the name of the sender's domain (RFC 6376; Ed25519: RFC 8463)."""

import base64
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from dkim import DKIM

from digest.errors import BadSettings

LEAST_BITS = 2048

# Each is there at most once (RFC 5322, 3.6). Signed once more than it is there, it cannot be added
# a second time: a reader might be shown that one.
_ONCE = frozenset(
    name.encode()
    for name in (
        "from",
        "to",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "list-unsubscribe",
        "list-unsubscribe-post",
    )
)
_RELAXED = (b"relaxed", b"relaxed")

Key = RSAPrivateKey | Ed25519PrivateKey


class Signer:
    """Signs as *domain*, whose DNS shows the public key at `<selector>._domainkey.<domain>`."""

    def __init__(self, key: Key, *, domain: str, selector: str) -> None:
        self._domain = domain.lower().encode()
        self._selector = selector.encode()
        self._algorithm, self._key = _for_dkimpy(key)

    def signed(self, raw: bytes) -> bytes:
        """
        Return *raw*, a message with CRLF line ends, with its signature in front.

        All of its headers are signed, and the whole body. What is signed is what the other side
        has once it took the doubled dots back.
        """
        message = DKIM(raw, signature_algorithm=self._algorithm)
        names = [name.lower() for name in message.all_sign_headers()]
        signature: bytes = message.sign(
            self._selector,
            self._domain,
            self._key,
            canonicalize=_RELAXED,
            include_headers=names + [name for name in names if name in _ONCE],
        )
        return signature + raw


def read_key(path: Path) -> Key:
    """
    Return the private key in the PEM file at *path*.

    Raises:
        BadSettings: there is none, or not one of the two kinds that mailboxes know.

    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as exc:
        raise _bad(f"{path}: {exc.strerror}") from exc
    except TypeError as exc:
        raise _bad(f"{path} is encrypted; its key has to be readable without a password") from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise _bad(
            f"{path} holds no private key in PEM; docs/operating.md says how one is made"
        ) from exc
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise _bad(f"{path} is neither an RSA nor an Ed25519 key")
    if isinstance(key, RSAPrivateKey) and key.key_size < LEAST_BITS:
        raise _bad(f"{path} has {key.key_size} bits, and RSA needs {LEAST_BITS}")
    return key


def _for_dkimpy(key: Key) -> tuple[bytes, bytes]:
    """Return the name of the algorithm, and the key in the one form that dkimpy reads."""
    if isinstance(key, Ed25519PrivateKey):
        return b"ed25519-sha256", base64.b64encode(key.private_bytes_raw())
    plain = NoEncryption()
    return b"rsa-sha256", key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, plain)


def _bad(what: str) -> BadSettings:
    return BadSettings(f"DIGEST_DKIM_KEY_FILE: {what}")

"""What leaves for a relay is signed, and the signature holds for the bytes that arrive."""

import base64
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from digest.errors import BadSettings
from digest.mail import smtp
from digest.mail.dkim import Key, Signer, read_key
from digest.mail.message import Mail
from digest.mail.smtp import Smtp
from digest.services import build
from digest.settings import read_settings
from tests.relay import Relay
from tests.test_message import DIGEST, LETTERHEAD, NOW
from tests.test_settings import PRODUCTION

CONFIRMATION = replace(DIGEST, kind="confirmation", unsubscribe_url=None, help_url=None)


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture(params=["rsa", "ed25519"])
def key(request: pytest.FixtureRequest, rsa: RSAPrivateKey) -> Key:
    return rsa if request.param == "rsa" else Ed25519PrivateKey.generate()


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as running:
        yield running


def published(key: Key) -> Callable[..., bytes | None]:
    """Return a DNS that holds the public half of *key* where verifiers look for it."""
    public = key.public_key()
    if isinstance(key, RSAPrivateKey):
        shown = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        kind = b"rsa"
    else:
        shown, kind = public.public_bytes(Encoding.Raw, PublicFormat.Raw), b"ed25519"
    record = b"v=DKIM1; k=%s; p=%s" % (kind, base64.b64encode(shown))
    zone = {b"daybreak._domainkey.digest.example.org.": record}
    return lambda name, timeout=5: zone.get(name)  # noqa: ARG005  as dkimpy calls it


def valid(raw: bytes, key: Key) -> bool:
    return bool(dkim.verify(raw, dnsfunc=published(key)))


def sent(relay: Relay, key: Key, mail: Mail = DIGEST) -> bytes:
    """Return what arrived at *relay*."""
    signer = Signer(key, domain="digest.example.org", selector="daybreak")
    where = smtp.Relay(host="127.0.0.1", port=relay.port)
    transport = Smtp(where, LETTERHEAD, lambda: NOW, sign=signer.signed)
    transport.send(mail)
    transport.close()
    [received] = relay.received
    return received.raw


def pem(
    key: RSAPrivateKey | Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
    secret: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, form, secret or NoEncryption())


@pytest.mark.parametrize(
    "mail",
    [
        DIGEST,
        CONFIRMATION,
        replace(DIGEST, text=".\n..\n.hidden\n\nlast"),
        replace(DIGEST, text="spaces at the end   \n\ttabs\t\n\n\n\n", html="<p>a  b</p>\n\n\n"),
        replace(DIGEST, subject="Spärliche Aufmerksamkeit " * 12, text="Grüße aus Zürich"),
        replace(DIGEST, html="<p>" + "ein langer Satz " * 8000, text="=" * 5000),
    ],
    ids=["digest", "confirmation", "dots", "spaces", "umlauts", "long"],
)
def test_what_a_relay_received_carries_a_valid_signature(
    relay: Relay, key: Key, mail: Mail
) -> None:
    assert valid(sent(relay, key, mail), key)


@pytest.mark.parametrize(
    ("written", "forged"),
    [
        (b"papers@digest", b"editor@digest"),
        (b"To: ann@", b"To: eve@"),
        (b"Subject: Sparse", b"Subject: Cheap"),
        (b"List-Unsubscribe: <https://digest", b"List-Unsubscribe: <https://elsewhere"),
        (b"List-Unsubscribe-Post: List-", b"List-Unsubscribe-Post: No-List-"),
        (b"X-Daybreak-Delivery: 42", b"X-Daybreak-Delivery: 43"),
        (b"Content-Type: multipart/alternative", b"Content-Type: multipart/mixed"),
        (b"\r\n--=_daybreak--", b"\r\nOne line more.\r\n--=_daybreak--"),
    ],
)
def test_a_mail_that_was_changed_on_its_way_fails(
    relay: Relay, key: Key, written: bytes, forged: bytes
) -> None:
    raw = sent(relay, key)

    assert raw.count(written) == 1
    assert not valid(raw.replace(written, forged), key)


@pytest.mark.parametrize(
    "added",
    [b"From: Eve <eve@example.net>", b"Subject: Buy", b"List-Unsubscribe: <https://example.net/>"],
)
def test_a_second_header_of_a_kind_cannot_be_added(relay: Relay, key: Key, added: bytes) -> None:
    assert not valid(added + b"\r\n" + sent(relay, key), key)


def test_what_relays_add_does_no_harm(relay: Relay, key: Key) -> None:
    added = b"Received: from here\r\n by there\r\nReturn-Path: <>\r\nFeedback-ID: 1:theirs\r\n"

    assert valid(added + sent(relay, key), key)


def test_what_relays_fold_anew_does_no_harm(relay: Relay, key: Key) -> None:
    raw = sent(relay, key)

    folded = raw.replace(b"Subject: Sparse ", b"subject:  Sparse\r\n\t")

    assert folded != raw
    assert valid(folded, key)


def test_another_s_key_does_not_sign_for_us(relay: Relay, key: Key) -> None:
    theirs = generate_private_key(65537, 2048)
    other = theirs if isinstance(key, RSAPrivateKey) else Ed25519PrivateKey.generate()

    assert not valid(sent(relay, key), other)


def test_the_signature_names_whom_it_speaks_for_and_all_it_covers(relay: Relay, key: Key) -> None:
    head = sent(relay, key).partition(b"\r\nFrom:")[0]

    fields = dict(
        part.strip().split(b"=", 1)
        for part in head.removeprefix(b"DKIM-Signature:").replace(b"\r\n", b"").split(b";")
    )
    covered = [name.strip() for name in fields[b"h"].split(b":")]
    assert fields[b"d"] == b"digest.example.org"
    assert fields[b"s"] == b"daybreak"
    assert fields[b"c"] == b"relaxed/relaxed"
    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"date", b"message-id"} <= set(covered)
    assert covered.count(b"from") == 2
    assert max(map(len, head.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_both_ways_to_write_an_rsa_key_are_read(
    relay: Relay, rsa: RSAPrivateKey, tmp_path: Path, form: PrivateFormat
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pem(rsa, form))

    read = read_key(path)

    assert valid(sent(relay, read), rsa)


@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        (b"", "no private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "no private key"),
        (bytes(range(256)), "no private key"),
        (pem(Ed25519PrivateKey.generate(), secret=BestAvailableEncryption(b"x")), "encrypted"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither an RSA nor an Ed25519"),
        (pem(generate_private_key(65537, 1024)), "has 1024 bits"),  # noqa: S505
    ],
    ids=["empty", "cut", "noise", "encrypted", "another kind", "short"],
)
def test_a_key_that_cannot_be_used_is_refused_by_the_setting_s_name(
    tmp_path: Path, body: bytes, remedy: str
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(body)

    with pytest.raises(BadSettings, match=f"DIGEST_DKIM_KEY_FILE: .*{remedy}") as refused:
        read_key(path)

    assert "PRIVATE KEY-" not in str(refused.value)


@pytest.mark.parametrize("name", ["missing.pem", "."])
def test_a_key_that_is_not_there_ends_a_command(tmp_path: Path, name: str) -> None:
    variables = {"DIGEST_DKIM_KEY_FILE": name, "PATH": "/usr/bin"}

    ended = subprocess.run(
        [sys.executable, "-c", "from digest.cli import main; main()", "doctor"],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"Error: DIGEST_DKIM_KEY_FILE: {tmp_path}")
    assert len(ended.stderr.splitlines()) == 1


def test_a_service_with_a_key_signs_as_its_sender_s_domain(
    relay: Relay, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.pem").write_bytes(pem(key))
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(
        mail_url=f"smtp://127.0.0.1:{relay.port}",
        sender="Daybreak <papers@Digest.Example.org>",
        dkim_key_file="key.pem",
    )

    services = build(settings)
    services.transport.send(DIGEST)
    services.close()

    assert valid(relay.received[0].raw, key)

"""SNS: which messages are really from it, of a topic of ours, and of now."""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from digest.clock import Clock
from digest.errors import BadMessage
from digest.events.strictly import parsed
from digest.settings.values import TOPIC

YOUNGEST, OLDEST = timedelta(minutes=-5), timedelta(hours=6)
"""The ages of a message that are believed: SNS tries again for an hour, and clocks differ."""

_CERTIFICATE = re.compile(
    r"https://sns\.([a-z]{2}(?:-[a-z]+)+-[0-9])\.amazonaws\.com(\.cn)?"
    r"/SimpleNotificationService-[0-9a-f]{32}\.pem"
)

_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
"""What is signed of each type of message, in this order; Subject where there is one."""

_NEEDED = ("MessageId", "Signature", "SigningCertURL", "Timestamp", "TopicArn")


class Certificates(Protocol):
    """Verifies with the certificates of SNS, which are fetched where they are not known yet."""

    def check(self, url: str, version: str, signature: bytes, signed: bytes) -> None:
        """Raise BadMessage unless the key at *url* has *signed* it so."""
        ...


class Verifier:
    """Lets through what SNS itself has signed, for one of *topics*."""

    def __init__(self, topics: Collection[str], certificates: Certificates, clock: Clock) -> None:
        self._topics = frozenset(topics)
        self._certificates = certificates
        self._clock = clock

    def genuine(self, body: bytes) -> Mapping[str, str]:
        """
        Return the fields of the message *body*, which is as SNS sent it.

        Raises:
            BadMessage: it is not.
            FetchError: its certificate cannot be had now.

        """
        message = parsed(body)
        # First: for a stranger's topic nothing is looked at, and nothing fetched.
        topic = message.get("TopicArn")
        if not isinstance(topic, str) or topic not in self._topics:
            raise BadMessage("a topic that is not ours")
        fields = _fields(message)
        _check_url(fields)
        self._check_age(fields)
        signature = _decoded(fields["Signature"])
        version = fields.get("SignatureVersion", "")
        self._certificates.check(fields["SigningCertURL"], version, signature, _signed(fields))
        return fields

    def _check_age(self, fields: Mapping[str, str]) -> None:
        try:
            at = datetime.strptime(fields["Timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
        except ValueError as exc:
            raise BadMessage("no moment") from exc
        if not YOUNGEST < self._clock() - at < OLDEST:
            raise BadMessage("too old, or of the future")


def _fields(message: Mapping[str, object]) -> dict[str, str]:
    kind = message.get("Type")
    if not isinstance(kind, str) or kind not in SIGNED:
        raise BadMessage("a message of no known type")
    # Attributes, the only field that is no text, are not signed, so they are nothing to us.
    fields = {name: value for name, value in message.items() if isinstance(value, str)}
    signed = [name for name in SIGNED[kind] if name != "Subject" or name in message]
    if any(name not in fields for name in (*_NEEDED, *signed)):
        raise BadMessage("a field is missing")
    return fields


def _check_url(fields: Mapping[str, str]) -> None:
    found = _CERTIFICATE.fullmatch(fields["SigningCertURL"])
    topic = TOPIC.fullmatch(fields["TopicArn"])
    chinese = topic and topic[1].startswith("cn-")
    if not found or not topic or found[1] != topic[1] or bool(found[2]) != chinese:
        raise BadMessage("a certificate that is not of the topic's region")


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadMessage("no signature") from exc


def _signed(fields: Mapping[str, str]) -> bytes:
    names = SIGNED[fields["Type"]]
    return "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()

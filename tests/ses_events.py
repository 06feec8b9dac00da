"""What SES publishes of a mail, in both of its shapes, and how SNS wraps and signs it."""

import base64
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from digest.events.sns import SIGNED

AT = datetime(2026, 11, 20, 5, 59, 58, 120000, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:daybreak"
CERTIFICATE_URL = f"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-{'a1' * 16}.pem"
ADDRESS = "mira@example.org"

_numbers = itertools.count(1)

# Which key of a document holds what, and in which shapes a kind comes.
DETAILS: dict[str, tuple[str, dict[str, Any]]] = {
    "Send": ("send", {}),
    "Delivery": ("delivery", {"smtpResponse": "250 ok", "processingTimeMillis": 546}),
    "Bounce": ("bounce", {"bounceType": "Permanent", "bounceSubType": "General"}),
    "Complaint": ("complaint", {"complaintFeedbackType": "abuse"}),
    "Reject": ("reject", {"reason": "Bad content"}),
    "Rendering Failure": ("failure", {"errorMessage": "no attribute", "templateName": "t"}),
    "DeliveryDelay": ("deliveryDelay", {"delayType": "TransientCommunicationFailure"}),
    "Subscription": ("subscription", {"contactList": "list", "source": "UnsubscribeHeader"}),
}
RECIPIENTS = {
    "Bounce": "bouncedRecipients",
    "Complaint": "complainedRecipients",
    "DeliveryDelay": "delayedRecipients",
}
NOTIFIED = ("Delivery", "Bounce", "Complaint")
"""What "feedback notifications" tell of; "event publishing" tells of all."""


def document(
    kind: str,
    *,
    to: str = ADDRESS,
    delivery: object = None,
    message_id: str = "",
    at: datetime = AT,
    shape: str = "eventType",
    **details: Any,
) -> dict[str, Any]:
    """Return what SES publishes: an event with tags, or a notification with headers."""
    key, usual = DETAILS[kind]
    found = {**usual, "timestamp": moment(at), **details}
    if kind in RECIPIENTS:
        found.setdefault(RECIPIENTS[kind], [{"emailAddress": to}])
    if kind == "Delivery":
        found.setdefault("recipients", [to])
    mail: dict[str, Any] = {
        "timestamp": moment(at - timedelta(seconds=1)),
        "messageId": message_id or f"0102019a-{next(_numbers):06}-000000",
        "source": "daybreak@example.org",
        "destination": [to],
        "headersTruncated": False,
        "headers": [{"name": "To", "value": to}],
    }
    if shape == "eventType":
        mail["tags"] = {"ses:configuration-set": ["daybreak"], "kind": ["digest"]}
        if delivery is not None:
            mail["tags"]["delivery"] = [str(delivery)]
    elif delivery is not None:
        mail["headers"].append({"name": "X-Daybreak-Delivery", "value": str(delivery)})
    return {shape: kind, "mail": mail, key: found}


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def text(kind: str, **facts: Any) -> str:
    return json.dumps(document(kind, **facts))


class Signer:
    """A key like that of SNS, and its certificate."""

    def __init__(self, *, valid_from: datetime = AT - timedelta(days=1), days: int = 365) -> None:
        self.key: RSAPrivateKey = generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(valid_from)
            .not_valid_after(valid_from + timedelta(days=days))
            .sign(self.key, SHA256())
            .public_bytes(Encoding.PEM)
        )

    def message(self, document: str = "{}", **fields: Any) -> dict[str, Any]:
        """Return a message of SNS that holds *document*, signed; None leaves a field out."""
        made = {
            "Type": "Notification",
            "MessageId": f"22b80b92-fdea-4c2c-8f9d-{next(_numbers):012}",
            "TopicArn": TOPIC,
            "Message": document,
            "Timestamp": moment(AT),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE_URL,
            "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
            **fields,
        }
        made = {name: value for name, value in made.items() if value is not None}
        return {"Signature": self.signature(made), **made}

    def signature(self, fields: dict[str, Any]) -> str:
        names = SIGNED.get(str(fields.get("Type")), SIGNED["Notification"])
        signed = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields)
        kind = SHA1() if fields.get("SignatureVersion") == "1" else SHA256()  # noqa: S303
        raw = self.key.sign(signed.encode("utf-8", "replace"), PKCS1v15(), kind)
        return base64.b64encode(raw).decode()

    def confirmation(self, **fields: Any) -> dict[str, Any]:
        return self.message(
            "You have chosen to subscribe to the topic.",
            **{
                "Type": "SubscriptionConfirmation",
                "Token": "2336412f37",
                "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
                "UnsubscribeURL": None,
                **fields,
            },
        )

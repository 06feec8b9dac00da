"""
A stand-in for the administration of Amazon SES on loopback: identities, configuration sets.

Which operation a request is, and whether it is sound, botocore's own service model says.
"""

import base64
import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore import xform_name  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]

from tests.loopback import Listener, Server, answer
from tests.ses_stub import CREDENTIAL, MODEL, Wrong

TOKENS = ["aaaa1111", "bbbb2222", "cccc3333"]
ZONE = "dkim.eu-west-1.amazonses.com"
OPERATIONS = {
    name: (
        MODEL.operation_model(name).http["method"],
        re.compile(
            re.sub(
                r"\\{(\w+)\\}",
                r"(?P<\1>[^/]+)",
                re.escape(MODEL.operation_model(name).http["requestUri"]),
            )
        ),
    )
    for name in MODEL.operation_names
}


class SesAccount(Listener):
    """
    Point boto3 at *url* by AWS_ENDPOINT_URL_SESV2.

    *refuses* names operations that end in an error of that code.
    """

    def __init__(self) -> None:
        self.forget()
        server = Server(("127.0.0.1", 0), _Handler)
        server.stub = self
        super().__init__(server)

    def forget(self) -> None:
        """Be a new account."""
        self.identities: dict[str, dict[str, Any]] = {}
        self.sets: dict[str, dict[str, Any]] = {}
        self.destinations: dict[str, dict[str, dict[str, Any]]] = {}
        self.account: dict[str, Any] = {
            "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 7.0},
            "SendingEnabled": True,
            "ProductionAccessEnabled": True,
            "EnforcementStatus": "HEALTHY",
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        }
        self.calls: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.refuses: dict[str, str] = {}

    @property
    def changes(self) -> list[str]:
        """What was asked that changes something."""
        return [name for name in self.calls if not name.startswith("Get")]

    def verify(self, domain: str) -> None:
        """Have SES find the records of *domain*."""
        known = self.identities[domain]
        known["VerifiedForSendingStatus"] = True
        known["DkimAttributes"]["Status"] = "SUCCESS"
        known["MailFromAttributes"]["MailFromDomainStatus"] = "SUCCESS"

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        if code := self.refuses.get(operation):
            raise Wrong(403 if "Denied" in code else 400, code, "refused")
        handler = getattr(self, f"_{xform_name(operation)}", None)
        if handler is None:
            raise Wrong(404, "UnknownOperationException", operation)
        found: dict[str, Any] | None = handler(given)
        return found or {}

    def _get_account(self, _given: dict[str, Any]) -> dict[str, Any]:
        return self.account

    def _send_email(self, given: dict[str, Any]) -> dict[str, Any]:
        self.sent.append(given)
        return {"MessageId": "0102019-stub"}

    def _create_email_identity(self, given: dict[str, Any]) -> None:
        name = _new(self.identities, given["EmailIdentity"])
        length = given.get("DkimSigningAttributes", {}).get("NextSigningKeyLength", "RSA_1024_BIT")
        self.identities[name] = {
            "IdentityType": "DOMAIN",
            "VerifiedForSendingStatus": False,
            "DkimAttributes": {
                "SigningEnabled": True,
                "Status": "PENDING",
                "Tokens": TOKENS,
                "SigningHostedZone": ZONE,
                "SigningAttributesOrigin": "AWS_SES",
                "NextSigningKeyLength": length,
            },
            "MailFromAttributes": {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
        }

    def _get_email_identity(self, given: dict[str, Any]) -> dict[str, Any]:
        return _known(self.identities, given["EmailIdentity"])

    def _put_email_identity_mail_from_attributes(self, given: dict[str, Any]) -> None:
        known = _known(self.identities, given["EmailIdentity"])
        known["MailFromAttributes"] = {
            "MailFromDomain": given["MailFromDomain"],
            "MailFromDomainStatus": "PENDING",
            "BehaviorOnMxFailure": given["BehaviorOnMxFailure"],
        }

    def _put_email_identity_dkim_signing_attributes(self, given: dict[str, Any]) -> None:
        known = _known(self.identities, given["EmailIdentity"])
        known["DkimAttributes"].update(given["SigningAttributes"])

    def _put_email_identity_dkim_attributes(self, given: dict[str, Any]) -> None:
        known = _known(self.identities, given["EmailIdentity"])
        known["DkimAttributes"]["SigningEnabled"] = given["SigningEnabled"]

    def _create_configuration_set(self, given: dict[str, Any]) -> None:
        name = _new(self.sets, given["ConfigurationSetName"])
        self.sets[name] = {"SendingOptions": {"SendingEnabled": True}, **given}
        self.destinations[name] = {}

    def _get_configuration_set(self, given: dict[str, Any]) -> dict[str, Any]:
        return _known(self.sets, given["ConfigurationSetName"])

    def _put_configuration_set_reputation_options(self, given: dict[str, Any]) -> None:
        known = _known(self.sets, given.pop("ConfigurationSetName"))
        known["ReputationOptions"] = given

    def _put_configuration_set_suppression_options(self, given: dict[str, Any]) -> None:
        known = _known(self.sets, given.pop("ConfigurationSetName"))
        known["SuppressionOptions"] = given

    def _get_configuration_set_event_destinations(self, given: dict[str, Any]) -> dict[str, Any]:
        there = _known(self.destinations, given["ConfigurationSetName"])
        return {"EventDestinations": list(there.values())}

    def _create_configuration_set_event_destination(self, given: dict[str, Any]) -> None:
        there = _known(self.destinations, given["ConfigurationSetName"])
        name = _new(there, given["EventDestinationName"])
        there[name] = {"Name": name, **given["EventDestination"]}

    def _update_configuration_set_event_destination(self, given: dict[str, Any]) -> None:
        there = _known(self.destinations, given["ConfigurationSetName"])
        name = given["EventDestinationName"]
        _known(there, name).update(given["EventDestination"])


def _known(kept: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name not in kept:
        raise Wrong(404, "NotFoundException", f"{name} does not exist.")
    return kept[name]


def _new(kept: dict[str, Any], name: str) -> str:
    if name in kept:
        raise Wrong(400, "AlreadyExistsException", f"{name} already exists.")
    return name


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        try:
            answer(self, 200, self.server.stub.answer(*self._asked()))
        except Wrong as wrong:
            status, code, message = wrong.args
            answer(self, status, {"message": message}, code)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def _asked(self) -> tuple[str, dict[str, Any]]:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not CREDENTIAL.fullmatch(self.headers.get("Authorization", "")):
            raise Wrong(403, "MissingAuthenticationTokenException", "not signed for ses")
        operation, named = self._operation()
        given = named | json.loads(body or b"{}")
        if operation == "SendEmail":
            given["Content"]["Raw"]["Data"] = base64.b64decode(given["Content"]["Raw"]["Data"])
        shape = MODEL.operation_model(operation).input_shape
        report = ParamValidator().validate(given, shape)
        if report.has_errors():
            raise Wrong(400, "BadRequestException", report.generate_report())
        return operation, given

    def _operation(self) -> tuple[str, dict[str, str]]:
        path = urlsplit(self.path).path
        for name, (method, pattern) in OPERATIONS.items():
            if method == self.command and (found := pattern.fullmatch(path)):
                return name, {key: unquote(value) for key, value in found.groupdict().items()}
        raise Wrong(404, "UnknownOperationException", self.path)

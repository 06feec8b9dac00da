"""
A stand-in for Amazon SES on loopback, as real boto3 speaks to it.

SendEmail, GetAccount, and the account's suppression list.
"""

import base64
import binascii
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.loaders import Loader  # type: ignore[import-untyped]
from botocore.model import ServiceModel  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]

from tests.loopback import Listener, Server, answer

MODEL = ServiceModel(Loader().load_service_model("sesv2", "service-2"), "sesv2")
_SUPPRESSED = MODEL.operation_model("ListSuppressedDestinations").http["requestUri"]
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/ses/aws4_request, .+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    How to answer instead of accepting: an error, a dropped connection, or only a delay.

    With *accepts* the mail is taken all the same, and its sender does not get to know.
    """

    status: int = 0
    code: str = ""
    message: str = ""
    drops: bool = False
    accepts: bool = False
    delay: float = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the stub accepted: the request as the service model names it, and when."""

    request: Mapping[str, Any]
    message: EmailMessage
    message_id: str
    at: float
    """Seconds on the monotonic clock."""

    @property
    def to(self) -> str:
        [address] = self.request["Destination"]["ToAddresses"]
        return str(address)

    @property
    def tags(self) -> dict[str, str]:
        return {tag["Name"]: tag["Value"] for tag in self.request["EmailTags"]}


class SesStub(Listener):
    """
    Point boto3 at *url* by AWS_ENDPOINT_URL_SESV2.

    *plan* tells how the next calls of SendEmail end, one fault each; then *always*, if it is
    set, and otherwise the mail is accepted. With *region* a call signed for another is refused.
    """

    def __init__(self, *, region: str | None = None) -> None:
        self.region = region
        self.always: Fault | None = None
        self.account: dict[str, Any] = {
            "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0},
            "SendingEnabled": True,
            "ProductionAccessEnabled": True,
        }
        self.accepted: list[Taken] = []
        self.calls = 0
        self.suppressed: dict[str, tuple[str, datetime]] = {}
        """Address -> reason and moment; as SES does, it tells capitals apart."""
        self.page = 1000
        self.asked: list[str] = []
        """What was asked of the suppression list: operations, in order."""
        self.refuses: deque[tuple[int, str] | None] = deque()
        """How the next questions to the list end: a status and a code, or None for well."""
        self._planned: deque[Fault] = deque()
        self._lock = threading.Lock()
        server = Server(("127.0.0.1", 0), _Handler)
        server.stub = self
        super().__init__(server)

    def plan(self, *faults: Fault) -> None:
        self._planned.extend(faults)

    def next_fault(self) -> Fault:
        with self._lock:
            self.calls += 1
            return self._planned.popleft() if self._planned else self.always or Fault()

    def take(self, request: Mapping[str, Any]) -> str:
        message = message_from_bytes(request["Content"]["Raw"]["Data"], policy=SMTP)
        assert isinstance(message, EmailMessage)
        with self._lock:
            message_id = f"0102019{len(self.accepted):09x}-stub"
            self.accepted.append(Taken(request, message, message_id, time.monotonic()))
        return message_id


class Wrong(Exception):
    """A request that SES would refuse: a status, a code and a message."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        self._ask(self._got)

    def do_DELETE(self) -> None:
        self._ask(self._deleted)

    def _ask(self, found_by: Callable[[], Mapping[str, Any]]) -> None:
        try:
            self._check_signature()
            found = found_by()
        except Wrong as wrong:
            self._error(*wrong.args)
            return
        answer(self, 200, found)

    def _got(self) -> Mapping[str, Any]:
        if urlsplit(self.path).path == _SUPPRESSED:
            return self._listed()
        if self.path.startswith(f"{_SUPPRESSED}/"):
            return {"SuppressedDestination": self._summary(self._named("get"))}
        self._check_path("GetAccount")
        account: Mapping[str, Any] = self.server.stub.account
        return account

    def _listed(self) -> Mapping[str, Any]:
        stub, query = self.server.stub, parse_qs(urlsplit(self.path).query)
        self._note("list")
        since = datetime.fromisoformat(query.get("StartDate", ["2000-01-01T00:00:00+00:00"])[0])
        place = query.get("NextToken", ["page 0"])[0]
        if not place.startswith("page "):
            raise Wrong(400, "InvalidNextTokenException", "no such place")
        begin = int(place.removeprefix("page "))
        found = [each for each, (_, at) in stub.suppressed.items() if at >= since]
        page = {
            "SuppressedDestinationSummaries": [
                self._summary(each) for each in found[begin : begin + stub.page]
            ]
        }
        more = begin + stub.page < len(found)
        return page | ({"NextToken": f"page {begin + stub.page}"} if more else {})

    def _deleted(self) -> Mapping[str, Any]:
        del self.server.stub.suppressed[self._named("delete")]
        return {}

    def _named(self, operation: str) -> str:
        self._note(operation)
        address = unquote(self.path.removeprefix(f"{_SUPPRESSED}/"))
        if address not in self.server.stub.suppressed:
            raise Wrong(404, "NotFoundException", "not on the list")
        return address

    def _note(self, operation: str) -> None:
        stub = self.server.stub
        stub.asked.append(operation)
        if stub.refuses and (refusal := stub.refuses.popleft()):
            raise Wrong(*refusal, "refused")

    def _summary(self, address: str) -> Mapping[str, Any]:
        reason, at = self.server.stub.suppressed[address]
        return {"EmailAddress": address, "Reason": reason, "LastUpdateTime": at.timestamp()}

    def do_POST(self) -> None:
        stub, body = self.server.stub, self.rfile.read(int(self.headers["Content-Length"]))
        fault = stub.next_fault()
        try:
            self._check_signature()
            self._check_path("SendEmail")
            request = _parsed(body)
        except Wrong as wrong:
            self._error(*wrong.args)
            return
        fails = fault.drops or fault.status
        message_id = "" if fails and not fault.accepts else stub.take(request)
        time.sleep(fault.delay)
        if fault.drops:
            # close() alone would leave the connection half open: a time-out, not a reset.
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault.status:
            self._error(fault.status, fault.code, fault.message)
        else:
            answer(self, 200, {"MessageId": message_id})

    def _check_signature(self) -> None:
        signed = CREDENTIAL.fullmatch(self.headers.get("Authorization", ""))
        if signed is None or not self.headers.get("X-Amz-Date"):
            raise Wrong(403, "MissingAuthenticationTokenException", "not signed for ses")
        _key, day, region = signed.groups()
        if not self.headers["X-Amz-Date"].startswith(day) or self._elsewhere(region):
            raise Wrong(403, "InvalidSignatureException", "Credential should be scoped otherwise")

    def _elsewhere(self, region: str) -> bool:
        return self.server.stub.region not in (None, region)

    def _check_path(self, operation: str) -> None:
        if urlsplit(self.path).path != MODEL.operation_model(operation).http["requestUri"]:
            raise Wrong(404, "UnknownOperationException", self.path)

    def _error(self, status: int, code: str, message: str) -> None:
        answer(self, status, {"message": message}, code)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        request: dict[str, Any] = json.loads(body)
        raw = base64.b64decode(request["Content"]["Raw"]["Data"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as exc:
        raise Wrong(400, "BadRequestException", f"no raw message: {exc!r}") from exc
    request["Content"]["Raw"]["Data"] = raw
    report = ParamValidator().validate(request, MODEL.operation_model("SendEmail").input_shape)
    if report.has_errors():
        raise Wrong(400, "BadRequestException", report.generate_report())
    _check_tags(request)
    _check_message(raw)
    return request


def _check_tags(request: Mapping[str, Any]) -> None:
    for tag in request.get("EmailTags", []):
        if not (TAG.fullmatch(tag["Name"]) and TAG.fullmatch(tag["Value"])):
            raise Wrong(400, "BadRequestException", f"odd tag {tag}")


def _check_message(raw: bytes) -> None:
    lines = raw.split(b"\r\n")
    if any(len(line) > 998 or b"\n" in line or b"\r" in line for line in lines):
        raise Wrong(400, "BadRequestException", "lines longer than 998 bytes, or bare ends")
    if not raw.isascii() or message_from_bytes(raw, policy=SMTP)["From"] is None:
        raise Wrong(400, "BadRequestException", "no From, or 8-bit text")

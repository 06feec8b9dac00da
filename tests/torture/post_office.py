"""
The post office: SES as the run's senders know it, in a process of its own that nobody kills.

It checks signatures and requests, fails in every way that it has read of, and writes down each
request for SendEmail: when it began, whose it was, and whether it was accepted.
"""

import calendar
import json
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests import ses_stub
from tests.loopback import Server, answer
from tests.ses_stub import Fault, Wrong
from tests.torture.signature import SECRET, is_signed

RATE = 60.0
"""Mails a second that the account may send."""

DAY = re.compile(r"day, (?:(\d{1,2}) ([A-Z][a-z]+)|([A-Z][a-z]+) (\d{1,2}))\b")
MONTHS = list(calendar.month_name)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One way to fail, and in how many of 1,000 requests."""

    name: str
    of_a_thousand: float
    fault: Fault

    @property
    def takes(self) -> bool:
        """Whether the mail is accepted all the same."""
        return self.fault.accepts or not (self.fault.drops or self.fault.status)


NONE = Trouble("", 0, Fault())


def troubles(slow: float) -> tuple[Trouble, ...]:
    """Return every way to fail; *slow*: seconds that no sender waits for an answer."""
    too_fast, used_up = "Maximum sending rate exceeded.", "Daily message quota exceeded."
    odd = "The request signature we calculated does not match the signature you provided."
    throttled = "TooManyRequestsException"
    broken = "InternalServiceErrorException"
    return (
        Trouble("too fast", 20, Fault(status=429, code=throttled, message=too_fast)),
        Trouble("quota", 2, Fault(status=429, code=throttled, message=used_up)),
        Trouble("broken", 12, Fault(status=500, code=broken)),
        Trouble("broken after taking it", 8, Fault(status=500, code=broken, accepts=True)),
        Trouble("hung up", 8, Fault(drops=True)),
        Trouble("hung up after taking it", 12, Fault(drops=True, accepts=True)),
        Trouble("slow", 4, Fault(delay=slow, drops=True)),
        Trouble("slow after taking it", 8, Fault(delay=slow)),
        Trouble("credentials", 2, Fault(status=403, code="InvalidSignatureException", message=odd)),
    )


class PostOffice(Server):
    def __init__(self, record: Path, calm: Path, troubles: Sequence[Trouble], seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self._calm = calm
        self._troubles = troubles
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._record = record.open("a", buffering=1)
        self._accepted = 0

    def server_close(self) -> None:
        super().server_close()
        self._record.close()

    def trouble(self) -> Trouble | None:
        with self._lock:
            drawn = self._random.uniform(0, 1000)
        if self._calm.exists():
            return None
        for each in self._troubles:
            if drawn < each.of_a_thousand:
                return each
            drawn -= each.of_a_thousand
        return None

    def note(self, request: Mapping[str, Any], begun: float, trouble: str, *, takes: bool) -> str:
        """Write a request down, before anybody learns of it; return the message's id."""
        message = _message(request)
        tags = {tag["Name"]: tag["Value"] for tag in request["EmailTags"]}
        day = _day_of(message)
        with self._lock:
            self._accepted += takes
            message_id = f"0102019{self._accepted:09x}-torture"
            line = {
                "begun": begun,
                "accepted": takes,
                "delivery": int(tags["delivery"]),
                "kind": tags["kind"],
                "to": str(message["To"]),
                "day": day,
                "message_id": message_id if takes else None,
                "trouble": trouble,
            }
            self._record.write(json.dumps(line) + "\n")
        return message_id

    def account(self) -> dict[str, Any]:
        quota = {"Max24HourSend": 500_000.0, "MaxSendRate": RATE}
        return {"SendQuota": {**quota, "SentLast24Hours": float(self._accepted)}}


class _Counter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: the second would wait for an ACK
    server: PostOffice

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        if self._checked("GetAccount", b""):
            answer(self, 200, self.server.account())

    def do_POST(self) -> None:
        begun = time.monotonic()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._checked("SendEmail", body):
            return
        try:
            request = ses_stub._parsed(body)
            _check_names_agree(request)
        except Wrong as wrong:
            self._refuse(*wrong.args)
            return
        trouble = self.server.trouble()
        trouble = trouble or NONE
        fault = trouble.fault
        message_id = self.server.note(request, begun, trouble.name, takes=trouble.takes)
        time.sleep(fault.delay)
        if fault.drops:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault.status:
            self._refuse(fault.status, fault.code, fault.message)
        else:
            answer(self, 200, {"MessageId": message_id})

    def _checked(self, operation: str, body: bytes) -> bool:
        expected = ses_stub.MODEL.operation_model(operation).http["requestUri"]
        if urlsplit(self.path).path != expected:
            self._refuse(404, "UnknownOperationException", self.path)
            return False
        if not is_signed(self.command, self.path, dict(self.headers), body, SECRET):
            self._refuse(403, "InvalidSignatureException", "not signed, or not by us")
            return False
        return True

    def _refuse(self, status: int, code: str, message: str) -> None:
        answer(self, status, {"message": message}, code)


def _check_names_agree(request: Mapping[str, Any]) -> None:
    """Refuse a mail whose tag and header name two deliveries."""
    tags = {tag["Name"]: tag["Value"] for tag in request["EmailTags"]}
    if tags["delivery"] != _message(request)["X-Daybreak-Delivery"]:
        raise Wrong(400, "BadRequestException", "its tag and its header name two deliveries")


def _message(request: Mapping[str, Any]) -> EmailMessage:
    message = message_from_bytes(request["Content"]["Raw"]["Data"], policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _day_of(message: EmailMessage) -> str | None:
    """Return the local date that a mail shows its reader, as in 03-06; None: it shows none."""
    text = message.get_body(("plain",))
    shown = DAY.search(text.get_content()) if text else None
    if shown is None:
        return None
    day, month = shown[1] or shown[4], shown[2] or shown[3]
    return f"{MONTHS.index(month):02}-{int(day):02}"


def main() -> None:
    folder, slow, seed = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    office = PostOffice(folder / "record", folder / "calm", troubles(slow), seed)
    threading.Thread(target=office.serve_forever, daemon=True).start()
    print(office.server_port, flush=True)  # noqa: T201
    # Whoever started this may be killed; its end of the pipe closes all the same.
    sys.stdin.read()


if __name__ == "__main__":
    main()

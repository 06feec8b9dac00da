"""A stand-in for SQS and SNS on loopback: a queue, and a list of confirmed subscriptions."""

import json
import re
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from botocore.loaders import Loader  # type: ignore[import-untyped]
from botocore.model import ServiceModel  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]

from tests.loopback import Listener, Server

QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/daybreak-events"
SQS = ServiceModel(Loader().load_service_model("sqs", "service-2"), "sqs")
CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/(sqs|sns)/aws4_request, .+"
)


@dataclass
class Lent:
    """A message in the queue; *receives* counts how often it was lent."""

    body: str
    id: str = field(default_factory=lambda: str(uuid4()))
    receives: int = 0


class AwsStub(Listener):
    """
    Point boto3 at *url* by AWS_ENDPOINT_URL_SQS and AWS_ENDPOINT_URL_SNS.

    What was lent and not deleted comes back by `time_out`, as after its visibility time-out.
    """

    def __init__(self) -> None:
        self.waiting: list[Lent] = []
        self.lent: dict[str, Lent] = {}
        self.confirmed: list[dict[str, str]] = []
        self.calls: list[str] = []
        self.regions: set[str] = set()
        self.error: tuple[int, str] | None = None
        server = Server(("127.0.0.1", 0), _Handler)
        server.stub = self
        super().__init__(server)

    def put(self, *bodies: str) -> list[Lent]:
        added = [Lent(body) for body in bodies]
        self.waiting += added
        return added

    def time_out(self) -> None:
        self.waiting += self.lent.values()
        self.lent.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stub: AwsStub = self.server.stub
        signed = CREDENTIAL.fullmatch(self.headers.get("Authorization", ""))
        assert signed, "not signed"
        stub.regions.add(signed[1])
        target = self.headers.get("X-Amz-Target")
        operation = target.partition(".")[2] if target else parse_qs(body.decode())["Action"][0]
        stub.calls.append(operation)
        if stub.error:
            self._refuse(target is not None, *stub.error)
        elif target:
            self._answer(200, json.dumps(self._queue(stub, operation, json.loads(body))))
        else:
            self._answer(200, self._topic(stub, parse_qs(body.decode())), "text/xml")

    def _queue(self, stub: AwsStub, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        shape = SQS.operation_model(operation).input_shape
        assert not ParamValidator().validate(request, shape).has_errors()
        assert request["QueueUrl"] == QUEUE_URL
        if operation == "ReceiveMessage":
            return self._receive(stub, request["MaxNumberOfMessages"])
        assert operation == "DeleteMessageBatch"
        for entry in request["Entries"]:
            stub.lent.pop(entry["ReceiptHandle"])
        return {"Successful": [{"Id": each["Id"]} for each in request["Entries"]], "Failed": []}

    def _receive(self, stub: AwsStub, most: int) -> dict[str, Any]:
        taken, stub.waiting = stub.waiting[:most], stub.waiting[most:]
        messages = []
        for each in taken:
            each.receives += 1
            receipt = str(uuid4())
            stub.lent[receipt] = each
            messages.append({"MessageId": each.id, "ReceiptHandle": receipt, "Body": each.body})
        return {"Messages": messages} if messages else {}

    def _topic(self, stub: AwsStub, request: dict[str, list[str]]) -> str:
        stub.confirmed.append({name: values[0] for name, values in request.items()})
        return (
            "<ConfirmSubscriptionResponse><ConfirmSubscriptionResult><SubscriptionArn>arn:x"
            "</SubscriptionArn></ConfirmSubscriptionResult></ConfirmSubscriptionResponse>"
        )

    def _refuse(self, as_json: bool, status: int, code: str) -> None:  # noqa: FBT001
        if as_json:
            self._answer(status, json.dumps({"__type": code, "message": "refused"}))
        else:
            error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>"
            self._answer(status, f"<ErrorResponse>{error}</ErrorResponse>", "text/xml")

    def _answer(self, status: int, body: str, kind: str = "application/x-amz-json-1.0") -> None:
        text = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

"""The queue: events by SNS and SQS, which need no public address and wait while we are away."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from digest.errors import BadMessage, BadSettings, FetchError
from digest.events.strictly import parsed
from digest.mail.transport import why

log = logging.getLogger(__name__)

MOST = 10
"""Messages of one answer; SQS gives no more."""

PATIENCE = 5
"""Seconds that SQS waits for a message before it says that there is none."""

SECONDS = 50.0
"""How long messages are read while more come: the next task goes on."""


class SqsClient(Protocol):
    """What we ask of boto3's client."""

    def receive_message(self, **request: Any) -> dict[str, Any]: ...  # noqa: ANN401
    def delete_message_batch(self, **request: Any) -> dict[str, Any]: ...  # noqa: ANN401
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Message:
    """One message that SQS lends us until we delete it, or for its visibility time-out."""

    id: str
    receipt: str
    body: str


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of reading the queue."""

    new: int = 0
    known: int = 0
    """Told before, or of no matter."""
    left: int = 0
    """Not understood: the queue's dead-letter policy decides on them."""
    error: str | None = None


class Queue:
    """The SQS queue at *url*."""

    def __init__(self, connect: Callable[[], SqsClient], url: str) -> None:
        self._connect = connect
        self._url = url

    def receive(self) -> list[Message]:
        """
        Return the next messages, none when there are none.

        Raises:
            FetchError: the queue cannot be read now.

        """
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=MOST, WaitTimeSeconds=PATIENCE
            )
        except (BotoCoreError, ClientError, BadSettings) as exc:
            raise FetchError(f"the queue cannot be read: {why(exc)}") from exc
        return [
            Message(each["MessageId"], each["ReceiptHandle"], each["Body"])
            for each in answer.get("Messages", ())
        ]

    def delete(self, messages: Sequence[Message]) -> None:
        """
        Give *messages* back for good; one that stays comes again, and is known then.

        Raises:
            FetchError: the queue cannot be asked now.

        """
        if not messages:
            return
        entries = [{"Id": str(n), "ReceiptHandle": each.receipt} for n, each in enumerate(messages)]
        try:
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError) as exc:
            raise FetchError(f"the queue cannot be asked: {why(exc)}") from exc

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> SqsClient:
        return self._connect()


def poll(queue: Queue, hear: Callable[[str], bool], *, seconds: float = SECONDS) -> Polled:
    """
    Give each message of *queue* to *hear*, until none is left or for *seconds*.

    A message is deleted when *hear* has returned, so when it is committed. What is not understood
    stays, and comes again until the queue's dead-letter policy takes it away.
    """
    new = known = left = 0
    give_up_at = time.monotonic() + seconds
    try:
        while time.monotonic() < give_up_at and (messages := queue.receive()):
            heard = {each: _heard(each, hear) for each in messages}
            queue.delete([each for each, was in heard.items() if was is not None])
            results = list(heard.values())
            new, known = new + results.count(True), known + results.count(False)
            left += results.count(None)
    except FetchError as exc:
        return Polled(new, known, left, str(exc))
    return Polled(new, known, left)


def _heard(message: Message, hear: Callable[[str], bool]) -> bool | None:
    try:
        return hear(_unwrapped(message.body))
    except BadMessage as exc:
        log.warning("not understood message=%s why=%s", message.id, exc)
        return None


def _unwrapped(body: str) -> str:
    """Return the document in *body*: with "raw message delivery" it is all, else SNS's Message."""
    try:
        envelope = parsed(body)
    except BadMessage:
        return body  # whoever reads it says what is wrong
    document = envelope.get("Message")
    if envelope.get("Type") == "Notification" and isinstance(document, str):
        return document
    return body

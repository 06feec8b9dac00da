"""Subscribing: a topic of ours is told, by SNS's API, that its events are wanted here."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from digest.errors import BadSettings, FetchError
from digest.mail.transport import why
from digest.settings.values import TOPIC


class SnsClient(Protocol):
    """What we ask of boto3's client."""

    def confirm_subscription(self, **request: Any) -> Any: ...  # noqa: ANN401
    def close(self) -> None: ...


def confirm(message: Mapping[str, str], connect: Callable[[str], SnsClient]) -> None:
    """
    Confirm the subscription that *message*, which is genuine, asks about.

    The address in it is not opened: it would let anybody end the subscription by another one.

    Raises:
        FetchError: SNS did not agree, or does not answer.

    """
    topic = TOPIC.fullmatch(message["TopicArn"])
    assert topic  # noqa: S101  only a topic of the settings comes so far
    try:
        client = connect(topic[1])
        try:
            client.confirm_subscription(
                TopicArn=message["TopicArn"],
                Token=message["Token"],
                AuthenticateOnUnsubscribe="true",
            )
        finally:
            client.close()
    except (BotoCoreError, ClientError, BadSettings) as exc:
        raise FetchError(f"the subscription could not be confirmed: {why(exc)}") from exc

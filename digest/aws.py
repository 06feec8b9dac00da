"""Every boto3 client is made here."""

from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]

from digest.errors import BadSettings

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

AT_ONCE = 50
"""Calls of one client at one time; each has a connection of its own."""

# botocore by itself tries a call again when its answer is lost, and SES has no way to tell such
# a call from a new one: readers would get up to three of the same mail.
_ONCE = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=AT_ONCE,
    # Else botocore puts its own together of thirty parts, twice a call: a tenth of its time.
    user_agent=f"Daybreak Boto3/{boto3.__version__}",
)

# A queue may be asked again, and lets its reader wait for an answer.
_PATIENTLY = Config(
    retries={"mode": "standard", "total_max_attempts": 2},
    connect_timeout=3,
    read_timeout=30,
)


def ses(region: str) -> "SESV2Client":
    """
    Return a client for Amazon SES in *region* that makes each call once.

    Raises:
        BadSettings: the environment or the files of AWS contradict themselves.

    """
    client: SESV2Client = _client("sesv2", region, _ONCE)
    return client


def sqs(region: str) -> Any:  # noqa: ANN401  the caller says what it asks of it
    """
    Return a client for Amazon SQS in *region*; what it reads may be read twice.

    Raises:
        BadSettings: the environment or the files of AWS contradict themselves.

    """
    return _client("sqs", region, _PATIENTLY)


def sns(region: str) -> Any:  # noqa: ANN401  the caller says what it asks of it
    """
    Return a client for Amazon SNS in *region*.

    Raises:
        BadSettings: the environment or the files of AWS contradict themselves.

    """
    return _client("sns", region, _ONCE)


def sts(region: str) -> Any:  # noqa: ANN401  the caller says what it asks of it
    """
    Return a client for the AWS service that says whose credentials these are.

    Raises:
        BadSettings: the environment or the files of AWS contradict themselves.

    """
    return _client("sts", region, _PATIENTLY)


def _client(service: str, region: str, config: Config) -> Any:  # noqa: ANN401  boto3 has no types
    try:
        # A session of its own: the default one is shared, and not safe among threads.
        return boto3.Session().client(service, region_name=region, config=config)
    except (BotoCoreError, ValueError) as exc:
        raise BadSettings(f"AWS: {exc}") from exc

"""Every boto3 client is made here."""

from typing import TYPE_CHECKING

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]

from digest.errors import BadSettings

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

# botocore by itself tries a call again when its answer is lost, and SES has no way to tell such
# a call from a new one: readers would get up to three of the same mail.
_ONCE = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=3,
    read_timeout=10,
)


def ses(region: str) -> "SESV2Client":
    """
    Return a client for Amazon SES in *region* that makes each call once.

    Raises:
        BadSettings: the environment or the files of AWS contradict themselves.

    """
    try:
        # A session of its own: the default one is shared, and not safe among threads.
        client: SESV2Client = boto3.Session().client("sesv2", region_name=region, config=_ONCE)
    except (BotoCoreError, ValueError) as exc:
        raise BadSettings(f"AWS: {exc}") from exc
    return client

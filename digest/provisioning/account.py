"""The account: the services of AWS that are asked, and their refusals in words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from digest import aws
from digest.errors import BadInput, FetchError
from digest.mail.transport import why

_FORBIDDEN = re.compile("AccessDenied|AuthorizationError|UnauthorizedOperation")
_UNKNOWN_KEY = re.compile(
    "InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|Expired"
    "|MissingAuthenticationToken|InvalidAccessKeyId"
)
_CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

ABSENT = frozenset({
    "NotFoundException",
    "NotFound",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
})  # fmt: skip
"""What SES, SNS and SQS say of what is not there."""


class Forbidden(FetchError):
    """These credentials may not ask that."""


@dataclass(frozen=True, slots=True)
class Clients:
    """One client for each service, all of one region."""

    ses: Any
    sns: Any
    sqs: Any
    sts: Any

    def close(self) -> None:
        for each in (self.ses, self.sns, self.sqs, self.sts):
            each.close()


def clients(region: str) -> Clients:
    """
    Return clients for *region* with the credentials of the environment.

    Raises:
        BadSettings: the environment or the files of AWS contradict themselves.

    """
    return Clients(aws.ses(region), aws.sns(region), aws.sqs(region), aws.sts(region))


@contextmanager
def asking() -> Iterator[None]:
    """
    Turn what boto3 raises into what a person can do about it.

    Raises:
        BadInput: there are no credentials, or they are not AWS's.
        Forbidden: they may not do this.
        FetchError: AWS cannot be reached, or refuses.

    """
    try:
        yield
    except ClientError as exc:
        raise _refusal(exc) from exc
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as exc:
        raise BadInput(f"AWS: {why(exc)}; {_CREDENTIALS}") from exc
    except EndpointConnectionError as exc:
        raise FetchError(f"AWS cannot be reached: {why(exc)}; is the region right?") from exc
    except BotoCoreError as exc:
        raise FetchError(f"AWS: {why(exc)}") from exc


def found(call: Any, **request: Any) -> Any:  # noqa: ANN401  what boto3 is asked and answers
    """
    Return what *call* answers, or None where there is no such thing.

    Raises:
        BadInput: there are no credentials, or they are not AWS's.
        Forbidden: they may not do this.
        FetchError: AWS cannot be reached, or refuses.

    """
    with asking():
        try:
            return call(**request)
        except ClientError as exc:
            if _code(exc) in ABSENT:
                return None
            raise


def _refusal(exc: ClientError) -> Exception:
    operation, code = exc.operation_name, _code(exc)
    said = why(f"{code}: {exc.response.get('Error', {}).get('Message', '')}")
    if _FORBIDDEN.search(code):
        return Forbidden(
            f"{operation} is not allowed to these credentials ({said}); deploy/iam has policies"
        )
    if _UNKNOWN_KEY.search(code):
        return BadInput(f"AWS does not accept these credentials ({said}); {_CREDENTIALS}")
    return FetchError(f"{operation} was refused ({said})")


def _code(exc: ClientError) -> str:
    return str(exc.response.get("Error", {}).get("Code", ""))

"""Amazon SES: one call a mail, and what each of its answers means."""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from threading import local
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from digest.aws import AT_ONCE
from digest.clock import Clock
from digest.errors import BadSettings
from digest.mail import listing
from digest.mail.account import Page
from digest.mail.message import Letterhead, Mail, as_bytes
from digest.mail.transport import (
    Accepted,
    Allowance,
    NotSent,
    Outcome,
    Reaction,
    Refused,
    Unknown,
    why,
)

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef

# Rate and quota come under the same codes; only the text tells them apart.
TOO_MUCH = frozenset({
    "LimitExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
})  # fmt: skip

# Wrong for every mail until somebody has mended it.
NOBODY_CAN_SEND = frozenset({
    "AccessDenied",
    "AccessDeniedException",
    "AccountSuspendedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MailFromDomainNotVerifiedException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotFoundException",  # the configuration set
    "OptInRequired",
    "RequestExpired",
    "SendingPausedException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
})  # fmt: skip

# Wrong for this mail; the sender stops by itself when it happens to several domains.
NOT_THIS_ONE = frozenset({"BadRequestException", "MessageRejected", "ValidationException"})

_PLACE = b"here comes the message"
"""Goes through boto3's serialiser instead of the message, which takes its place in the request."""

_MESSAGE_ID = re.compile("[!-~]{1,200}")

_FAILURES = (BotoCoreError, ClientError, ResponseParserError)


class NoPlaceError(BotoCoreError):  # type: ignore[misc]
    """Nothing was sent, and nothing can be until the two fit each other."""

    fmt = "boto3 writes requests in another way than is known here: install the version pinned"


class Ses:
    """Sends by SES's SendEmail, as a raw message; a delivery's id comes back with its events."""

    at_once = AT_ONCE

    def __init__(
        self,
        connect: Callable[[], "SESV2Client"],
        letterhead: Letterhead,
        clock: Clock,
        *,
        configuration_set: str | None = None,
    ) -> None:
        self._connect = connect
        self._letterhead = letterhead
        self._clock = clock
        self._configuration_set = configuration_set
        self._sending = local()

    def send(self, mail: Mail) -> Outcome:
        request = self._request(mail)
        self._sending.message = as_bytes(mail, self._letterhead, self._clock())
        try:
            client = self._client
        except BadSettings as exc:
            return NotSent(why(exc), kind=Reaction.STOP)
        try:
            answer = client.send_email(**request)
        except _FAILURES as exc:
            return outcome_of(exc)
        found = answer.get("MessageId") or ""
        # What is in between may say 200 as well: without SES's id nobody knows.
        return Accepted(found) if _MESSAGE_ID.fullmatch(found) else Unknown("an answer without id")

    def allowance(self) -> Allowance | None:
        try:
            quota = self._client.get_account()["SendQuota"]
            daily = quota["Max24HourSend"]
            return Allowance(
                rate=quota["MaxSendRate"],
                daily_quota=None if daily < 0 else int(daily),
                sent_today=int(quota["SentLast24Hours"]),
            )
        except (*_FAILURES, BadSettings, KeyError, TypeError, ValueError, OverflowError):
            return None

    def barred(self, since: datetime | None, place: str | None) -> Page:
        with listing.asking():
            return listing.page(self._client, since, place)

    def readmit(self, address: str) -> bool:
        with listing.asking():
            return listing.readmit(self._client, address)

    def close(self) -> None:
        # Only a client that was made: making one may ask the network for credentials.
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> "SESV2Client":
        client = self._connect()
        client.meta.events.register("before-call.sesv2.SendEmail", self._put_in)
        return client

    def _put_in(self, params: dict[str, Any], **_: object) -> None:
        """Put the message in its place: the serialiser would look at each of its characters."""
        body, place = params.get("body"), b64encode(_PLACE)
        if not isinstance(body, bytes) or place not in body:
            raise NoPlaceError
        params["body"] = body.replace(place, b64encode(self._sending.message), 1)

    def _request(self, mail: Mail) -> "SendEmailRequestTypeDef":
        request: SendEmailRequestTypeDef = {
            "Destination": {"ToAddresses": [mail.to]},
            "Content": {"Raw": {"Data": _PLACE}},
            "EmailTags": [
                {"Name": "delivery", "Value": str(mail.delivery_id)},
                {"Name": "kind", "Value": mail.kind},
            ],
        }
        if self._configuration_set is not None:
            request["ConfigurationSetName"] = self._configuration_set
        return request


def outcome_of(exc: Exception) -> Outcome:
    """Return what *exc*, raised by a call of SendEmail, says about its mail."""
    if isinstance(exc, ClientError):
        return _answered(exc)
    reason = why(f"{type(exc).__name__}: {exc}")
    if isinstance(exc, ParamValidationError):
        return Refused(reason)
    if reaction := _surely_not_sent(exc):
        return NotSent(reason, kind=reaction)
    return Unknown(reason)


def _surely_not_sent(exc: Exception) -> Reaction | None:
    if isinstance(exc, EndpointConnectionError | ConnectTimeoutError | ProxyConnectionError):
        return Reaction.LATER
    if isinstance(exc, SSLError):
        # Only a refused certificate is known to come before the request.
        return Reaction.STOP if "CERTIFICATE_VERIFY_FAILED" in str(exc) else None
    if isinstance(exc, HTTPClientError | IncompleteReadError):
        return None
    # Credentials, profiles, endpoints: raised before anything is on the wire.
    return Reaction.STOP if isinstance(exc, BotoCoreError) else None


def _answered(exc: ClientError) -> Outcome:
    code = exc.response.get("Error", {}).get("Code", "")
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reason = why(f"{code}: {exc.response.get('Error', {}).get('Message', '')}")
    if code in TOO_MUCH:
        return NotSent(reason, kind=_too_much(reason))
    if code in NOBODY_CAN_SEND:
        return NotSent(reason, kind=Reaction.STOP)
    if code in NOT_THIS_ONE and "not verified" in reason:
        # The sender is not, or the account is in the sandbox: nobody can be written to.
        return NotSent(reason, kind=Reaction.STOP)
    if code in NOT_THIS_ONE:
        return Refused(reason)
    return _by_status(status, reason)


def _too_much(reason: str) -> Reaction:
    return Reaction.QUOTA if "quota" in reason.lower() else Reaction.SLOW_DOWN


def _by_status(status: int, reason: str) -> Outcome:
    match status:
        case 401 | 403:
            return NotSent(reason, kind=Reaction.STOP)
        case 429:
            return NotSent(reason, kind=_too_much(reason))
        case _ if 400 <= status < 500:  # noqa: PLR2004
            return Refused(reason)
        case _:
            # A 5xx may come from something in between, after the mail was taken.
            return Unknown(reason)

"""The suppression list of an SES account, by its API."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from digest.errors import BadInput, BadSettings, FetchError
from digest.mail.account import Barred, Page
from digest.mail.transport import why

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import ListSuppressedDestinationsRequestTypeDef

COMPLAINT = "COMPLAINT"
PAGE = 1000
"""Addresses of one answer; SES gives no more."""


@contextmanager
def asking() -> Iterator[None]:
    """Translate what the calls below raise."""
    try:
        yield
    except (BotoCoreError, ClientError, BadSettings) as exc:
        if _code(exc) == "InvalidNextTokenException":
            raise BadInput("the list has no such place any more") from exc
        raise FetchError(f"the suppression list cannot be asked: {why(exc)}") from exc


def page(client: "SESV2Client", since: datetime | None, place: str | None) -> Page:
    """Return what was put on the list *since* then, from *place* on."""
    request: ListSuppressedDestinationsRequestTypeDef = {"PageSize": PAGE}
    if since is not None:
        request["StartDate"] = since
    if place is not None:
        request["NextToken"] = place
    answer = client.list_suppressed_destinations(**request)
    listed = [
        Barred(each["EmailAddress"].lower(), each["Reason"] == COMPLAINT, each["LastUpdateTime"])
        for each in answer.get("SuppressedDestinationSummaries", ())
    ]
    return Page(listed, answer.get("NextToken"))


def readmit(client: "SESV2Client", address: str) -> bool:
    """Take *address* off the list if it bounced; False: it complained, and stays."""
    try:
        # These calls tell capitals apart; what we sent to is in lower case, and so is its entry.
        found = client.get_suppressed_destination(EmailAddress=address)
        if found["SuppressedDestination"]["Reason"] == COMPLAINT:
            return False
        client.delete_suppressed_destination(EmailAddress=address)
    except ClientError as exc:
        # What SES takes for no address is not on its list, and nobody else has to wait for it.
        if _code(exc) not in ("NotFoundException", "BadRequestException"):
            raise
    return True


def _code(exc: Exception) -> str:
    return str(getattr(exc, "response", {}).get("Error", {}).get("Code", ""))

"""Receiving: mails that unsubscribe, as SES tells of those that it receives for us."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from digest import subscribers
from digest.clock import Clock
from digest.database import Sessions
from digest.errors import BadMessage
from digest.events.strictly import parsed
from digest.links import Links

_MOST = 20
"""Recipients that are looked at; a mail that unsubscribes has one."""


def hear_mail(sessions: Sessions, links: Links, document: str, clock: Clock) -> bool | None:
    """
    Let the reader leave whose code a received mail carries; None: *document* tells of none.

    False: the mail carries no code, or comes from a machine.

    Raises:
        BadMessage: it is not understood.

    """
    # Nearly all documents tell of mails that we sent: those are not read twice.
    if '"Received"' not in document:
        return None
    told = parsed(document)
    if told.get("notificationType") != "Received":
        return None
    try:
        mail: Mapping[str, Any] = told["mail"]
        headers = {str(each["name"]).lower(): str(each["value"]) for each in mail["headers"]}
        recipients = [str(each) for each in [*told["receipt"]["recipients"], *mail["destination"]]]
        at = datetime.fromisoformat(mail["timestamp"])
    except (KeyError, TypeError, ValueError) as exc:
        raise BadMessage("not of the form of a received mail") from exc
    if _is_automatic(headers):
        return False
    texts = [headers.get("subject", ""), *recipients[:_MOST]]
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return subscribers.leave_by_mail(sessions, links, texts, at, now=clock())


def _is_automatic(headers: Mapping[str, str]) -> bool:
    # As in `digest.mail.imap`.
    answer = headers.get("auto-submitted", "").lower().startswith("auto-replied")
    bounced = headers.get("return-path", "").strip() == "<>"
    return answer or bounced or headers.get("content-type", "").startswith("multipart/report")

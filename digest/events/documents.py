"""Documents: what SES publishes, in either of its two shapes, as an event."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any, TypeVar

from digest.errors import BadMessage
from digest.events.event import Event
from digest.events.strictly import parsed
from digest.models import Bounce, EventKind

DELIVERY_TAG = "delivery"
DELIVERY_HEADER = "x-daybreak-delivery"

_KINDS = {
    "Send": EventKind.SENT,
    "Delivery": EventKind.DELIVERED,
    "Bounce": EventKind.BOUNCED,
    "Complaint": EventKind.COMPLAINED,
    "Reject": EventKind.REJECTED,
    "Rendering Failure": EventKind.RENDERING_FAILED,
    "DeliveryDelay": EventKind.DELAYED,
    "Subscription": EventKind.SUBSCRIPTION,
}

_NO_MATTER = frozenset({"Open", "Click", "AmazonSnsSubscriptionSucceeded"})
"""What may come where more is switched on than we ask for, and when a topic is set up."""

_GREETING = "Successfully validated SNS topic"
"""How a sentence, and no JSON, begins that comes when a topic is set up."""

_DETAILS = {
    EventKind.DELIVERED: ("delivery", "recipients"),
    EventKind.BOUNCED: ("bounce", "bouncedRecipients"),
    EventKind.COMPLAINED: ("complaint", "complainedRecipients"),
    EventKind.DELAYED: ("deliveryDelay", "delayedRecipients"),
    EventKind.SUBSCRIPTION: ("subscription", ""),
}
"""Where the particulars of a kind are, and in these its recipients."""

_MESSAGE_ID = re.compile("[!-~]{1,200}")
_DELIVERY = re.compile("[0-9]{1,18}")
_LONGEST_ADDRESS = 320

_T = TypeVar("_T")


def event_of(text: str) -> Event | None:
    """
    Return the event that a document of SES tells of; None where it tells of nothing that matters.

    Raises:
        BadMessage: it is no such document, or one of a kind that we do not know.

    """
    if text.startswith(_GREETING):
        return None
    document = parsed(text)
    # "Event publishing" says eventType, and "feedback notifications" notificationType.
    name = _of(document.get("eventType", document.get("notificationType")), str)
    if name in _NO_MATTER:
        return None
    if name not in _KINDS:
        raise BadMessage("an event of no known kind")
    return _event(_KINDS[name], document)


def _event(kind: EventKind, document: Mapping[str, Any]) -> Event | None:
    mail = _of(document.get("mail"), dict)
    name, listed = _DETAILS.get(kind, ("", ""))
    details = _of(document.get(name), dict) if name else {}
    if kind is EventKind.COMPLAINED and details.get("complaintFeedbackType") == "not-spam":
        # Somebody has moved the mail out of their spam folder.
        return None
    return Event(
        kind=kind,
        message_id=_message_id(mail),
        at=_moment(details.get("timestamp", mail.get("timestamp"))),
        bounce=_bounce(details) if kind is EventKind.BOUNCED else None,
        delivery_id=_delivery(mail),
        recipients=_recipients(mail, details.get(listed, [])),
    )


def _message_id(mail: Mapping[str, Any]) -> str:
    found = _of(mail.get("messageId"), str)
    if not _MESSAGE_ID.fullmatch(found):
        raise BadMessage("no id of a mail")
    return found


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_of(value, str))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadMessage("no moment") from exc


def _bounce(details: Mapping[str, Any]) -> Bounce:
    # A kind that is new to us is in doubt, and not for good.
    try:
        return Bounce(_of(details.get("bounceType"), str).lower())
    except ValueError:
        return Bounce.UNDETERMINED


def _delivery(mail: Mapping[str, Any]) -> int | None:
    """Return our own id of the mail, from its tags, or its header where there are no tags."""
    tagged = _of(mail.get("tags") or {}, dict).get(DELIVERY_TAG)
    named = [*_of(tagged or [], list), *_headers(mail)]
    if named and isinstance(named[0], str) and _DELIVERY.fullmatch(named[0]):
        return int(named[0])
    return None


def _headers(mail: Mapping[str, Any]) -> list[object]:
    headers = (_of(each, dict) for each in _of(mail.get("headers") or [], list))
    return [
        each.get("value") for each in headers if str(each.get("name")).lower() == DELIVERY_HEADER
    ]


def _recipients(mail: Mapping[str, Any], listed: object) -> tuple[str, ...]:
    """
    Return whom it is about.

    The one to whom the mail went, if there was one: a bounce may name the mailbox to which
    theirs is forwarded, which is no reader of ours.
    """
    sent_to = _addresses(mail.get("destination") or [])
    return sent_to if len(sent_to) == 1 else _addresses(listed) or sent_to


def _addresses(value: object) -> tuple[str, ...]:
    named = (
        _of(each.get("emailAddress") if isinstance(each, dict) else each, str)
        for each in _of(value, list)
    )
    bare = (parseaddr(each)[1].lower() for each in named if len(each) <= _LONGEST_ADDRESS)
    return tuple(dict.fromkeys(filter(None, bare)))


def _of(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise BadMessage("not of the form of an event")
    return value

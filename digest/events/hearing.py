"""Hearing: a document, by whichever way it came, is understood, applied and weighed."""

import logging

from digest.clock import Clock
from digest.database import Sessions, in_transaction
from digest.events import brakes
from digest.events.applying import apply
from digest.events.documents import event_of
from digest.keys import Keys
from digest.models import EventKind

log = logging.getLogger(__name__)

_WEIGHED = (EventKind.BOUNCED, EventKind.COMPLAINED)


def hear(sessions: Sessions, keys: Keys, document: str, clock: Clock) -> bool:
    """
    Apply the event that *document* tells of, committed on return; False when it is no news.

    Raises:
        BadMessage: it is not understood.

    """
    event = event_of(document)
    if event is None:
        return False
    now = clock()
    new = in_transaction(sessions, lambda session: apply(session, event, keys, now=now))
    log.info("event kind=%s delivery=%s new=%s", event.kind, event.delivery_id, new)
    if new and event.kind in _WEIGHED:
        brakes.heed(sessions, now)
    return new

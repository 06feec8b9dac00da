"""By mail: leaving by a mail to the address that List-Unsubscribe names."""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from digest.clock import Clock
from digest.database import Sessions, insert_new
from digest.links import Links
from digest.mail.imap import Mailbox
from digest.models import MailboxReading
from digest.subscribers.leaving import unsubscribe

log = logging.getLogger(__name__)

CLOCKS_DIFFER = timedelta(hours=1)
"""A mail that came so shortly before its reader consented may have come after that."""

SECONDS = 60.0
"""How long one look into the mailbox goes on; the next one takes up where it ended."""


def leave_by_mail(
    sessions: Sessions, links: Links, texts: Iterable[str], at: datetime, *, now: datetime
) -> bool:
    """
    End all mail to the reader whose code is in *texts*: a mail's subject, and whom it is to.

    It came *at* that moment; what its reader consented to since then stays. False: no code is in
    it. From whom the mail is matters nothing, for anybody can write any From.
    """
    for text in texts:
        reader_id = links.read_leave_code(text)
        if reader_id is not None:
            since = min(at, now) + CLOCKS_DIFFER
            unsubscribe(sessions, reader_id, now=now, unless_back_since=since, wait=0.0)
            log.info("left by mail reader=%d", reader_id)
            return True
    return False


def read_mailbox(
    sessions: Sessions, links: Links, mailbox: Mailbox, clock: Clock, *, seconds: float = SECONDS
) -> int:
    """
    Do what the mails that are new in *mailbox* ask for; return how many named a reader.

    A mail is read again when this ends half way: what it asks for is done already then.

    Raises:
        FetchError: the mailbox cannot be read now.

    """
    give_up_at = time.monotonic() + seconds
    named, more = 0, True
    while more and time.monotonic() < give_up_at:
        window = mailbox.window(_place(sessions, mailbox.validity))
        for letter in window.letters:
            if not letter.automatic:
                named += leave_by_mail(sessions, links, letter.texts, letter.at, now=clock())
        _note(sessions, mailbox.validity, window.until)
        more = window.more
    return named


def _place(sessions: Sessions, validity: int) -> int:
    with sessions.begin() as session:
        reading = session.get(MailboxReading, 1)
        return reading.uid if reading and reading.validity == validity else 0


def _note(sessions: Sessions, validity: int, uid: int) -> None:
    with sessions.begin() as session:
        here = insert_new(session, MailboxReading).values(id=1, validity=validity, uid=uid)
        session.execute(
            here.on_conflict_do_update(
                index_elements=["id"], set_={"validity": validity, "uid": uid}
            )
        )

"""Errands: what the service does now and then, beside its pipeline."""

import logging

from digest import edition, figures, pipeline, pruning, subscribers
from digest.database import insert_new
from digest.errors import FetchError
from digest.mail import imap
from digest.models import KeyCheck
from digest.services import Services

log = logging.getLogger(__name__)

PRUNES_FOR = 180.0
"""Seconds a night; what is left goes in the next ones."""


def read_mailbox(services: Services) -> None:
    """Let those leave who asked for it by mail, if there is a mailbox for that."""
    if services.mailbox is None:
        return
    try:
        with imap.opened(services.mailbox) as mailbox:
            named = subscribers.read_mailbox(
                services.sessions, services.links, mailbox, services.clock
            )
    except FetchError as exc:
        log.warning("unsubscribes by mail wait: %s", exc)
        return
    pipeline.beat(services, "mailbox")
    log.info("mailbox read, mails with a code=%d", named)


def tidy(services: Services) -> None:
    """Drop the former addresses of readers who moved; note the suppression key, the first time."""
    with services.sessions.begin() as session:
        subscribers.forget_moves(session, services.clock())
        # The key of a new database: doctor tells when it is another one day.
        noted = insert_new(session, KeyCheck).values(id=1, value=services.keys.check)
        session.execute(noted.on_conflict_do_nothing(index_elements=["id"]))


def count_figures(services: Services) -> None:
    """Bring the figures of each day up to date, which pages, terminal and monitoring show."""
    with services.sessions.begin() as session:
        offered = edition.newest(session, samples=services.settings.embedded)
    figures.count(services.sessions, offered, services.clock())


def prune(services: Services) -> None:
    """Delete what is older than anybody asks for, after its figures have been counted."""
    count_figures(services)
    pruned = pruning.prune(services.sessions, services.clock(), seconds=PRUNES_FOR)
    log.info("pruned deliveries=%d events=%d", pruned.deliveries, pruned.events)

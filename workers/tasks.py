"""
Tasks without arguments: each says what to do, the database says to whom.

A task that is lost, doubled or late means nothing: the next sweep finds what is undone.
"""

import logging
from functools import cache

from celery import shared_task
from celery.exceptions import Ignore
from celery.signals import worker_ready
from sqlalchemy.exc import OperationalError

from digest import alarms, errands, pipeline
from digest.errors import BadInput
from digest.services import Services, build, prepare
from digest.settings import read_settings

log = logging.getLogger(__name__)

STALE_AFTER = 10
"""Seconds after which a hint is void: the sweep that comes meanwhile gives another."""

SOON_AGAIN = {"countdown": 1, "max_retries": STALE_AFTER}
"""A database that crashed is back before the next sweep; nobody should wait for that."""


@cache
def services() -> Services:
    """Built on first use, so after the worker has forked; no task is done on old tables."""
    settings = read_settings()
    try:
        prepare(settings)
        return build(settings)
    except BadInput as exc:
        log.error("no task is done: %s", exc)  # noqa: TRY400  the sentence says it all
        raise Ignore from exc


@shared_task
def fetch() -> None:
    pipeline.fetch(services())


@shared_task
def catch_up() -> None:
    pipeline.fetch_if_due(services())


@shared_task(autoretry_for=(OperationalError,), retry_kwargs=SOON_AGAIN)
def sweep() -> None:
    for _ in range(pipeline.senders_wanted(pipeline.sweep(services()))):
        deliver.apply_async(expires=STALE_AFTER)


@shared_task(autoretry_for=(OperationalError,), retry_kwargs=SOON_AGAIN)
def deliver() -> None:
    pipeline.deliver(services())


@shared_task
def listen() -> None:
    pipeline.listen(services())


@shared_task
def read_suppressions() -> None:
    pipeline.read_suppressions(services())


@shared_task
def read_mailbox() -> None:
    errands.read_mailbox(services())


@shared_task
def tidy() -> None:
    errands.tidy(services())


@shared_task
def count_figures() -> None:
    errands.count_figures(services())


@shared_task
def prune() -> None:
    errands.prune(services())


@shared_task
def tell_alarms() -> None:
    alarms.tell(services())


@worker_ready.connect
def _(**_: object) -> None:
    # The first of beat's sweeps is an interval away.
    catch_up.apply_async(expires=STALE_AFTER)
    sweep.apply_async(expires=STALE_AFTER)
    count_figures.apply_async(expires=STALE_AFTER)

"""The Celery app: `celery -A workers.app worker` and `celery -A workers.app beat`."""

import gc

from celery import Celery
from celery.signals import beat_embedded_init, setup_logging, worker_init, worker_process_init

from digest import logs, space
from digest.parent import die_with_parent
from digest.settings import read_settings

app = Celery("digest")
app.config_from_object("celeryconfig")


# Each with a name: signals hold their receivers weakly, and a second `_` would end the first.
@setup_logging.connect
def log_as_the_service_does(**_: object) -> None:
    logs.configure(form=read_settings().log_format)


@beat_embedded_init.connect
def end_with_the_worker(**_: object) -> None:
    # Beat inside a worker is a process of its own, which outlived a killed worker.
    die_with_parent()


@worker_init.connect
def import_before_it_forks(**_: object) -> None:
    # Its processes share this, and none freezes too early.
    space.warm_up()


@worker_process_init.connect
def leave_imports_alone(**_: object) -> None:
    # Else each full collection walks all that they brought: 0.1 s, once in some 500 mails.
    gc.freeze()

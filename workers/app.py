"""The Celery app: `celery -A workers.app worker` and `celery -A workers.app beat`."""

from celery import Celery
from celery.signals import setup_logging

from digest import logs

app = Celery("digest")
app.config_from_object("celeryconfig")


@setup_logging.connect
def _(**_: object) -> None:
    logs.configure()

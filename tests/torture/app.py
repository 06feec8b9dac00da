"""The product's Celery app in a run: its tasks and rules, in haste and by the run's almanac."""

import os
from functools import cache
from pathlib import Path

from celery.signals import beat_embedded_init, task_postrun, task_prerun, task_success

from digest import pipeline
from digest.services import Services, build
from digest.settings import read_settings
from tests.torture.almanac import Almanac
from tests.torture.haste import hurry
from workers import tasks
from workers.app import app

__all__ = ["app"]


@cache
def services() -> Services:
    return build(read_settings(), Almanac(Path(os.environ["TORTURE_ALMANAC"])))


hurry(float(os.environ["TORTURE_LEASE"]))
tasks.services = services
# No source is contacted: the papers are there from the beginning.
setattr(pipeline, "fetch_if_due", lambda _services: False)  # noqa: B010  not of its type

_sweep = app.conf.beat_schedule["sweep"]
_sweep["schedule"] = float(os.environ["TORTURE_SWEEP"])
app.conf.beat_schedule = {"sweep": _sweep}
app.conf.beat_schedule_filename = f"{app.conf.beat_schedule_filename}-{os.getpid()}"


# Each with a name: signals hold their receivers weakly, and a second `_` ends the first.
@beat_embedded_init.connect
def say_who_is_beat(**_: object) -> None:
    # It looks like the senders beside it; whoever kills one of them has to know which is which.
    Path(os.environ["TORTURE_BEAT"]).write_text(str(os.getpid()))


@task_prerun.connect
def begin(**_: object) -> None:
    # Its first task builds the services, which takes seconds on a busy machine. Killed then,
    # again and again, no sender would ever come to send.
    tasks.services()
    _at_work().touch()


@task_postrun.connect
def end(**_: object) -> None:
    _at_work().unlink(missing_ok=True)


@task_success.connect(sender=tasks.sweep)
def say_that_it_swept(**_: object) -> None:
    # The heartbeat is of the almanac's time, which may stand still.
    Path(os.environ["TORTURE_SWEPT"]).touch()


def _at_work() -> Path:
    return Path(os.environ["TORTURE_AT_WORK"]) / str(os.getpid())

"""How Celery runs: the broker, the timetable, the safety rules."""

from celery.schedules import crontab

from digest.settings import read_settings

_settings = read_settings()
_hour, _minute = _settings.fetch_at.split(":")
# Where it is missing, beat dies at its start, and a worker beside it goes on without.
_settings.state_dir.mkdir(parents=True, exist_ok=True)

imports = ("workers.tasks", "workers.alive")
timezone = "UTC"

broker_url = _settings.broker_url.get_secret_value()
broker_connection_retry_on_startup = True
if broker_url.startswith("filesystem:"):
    broker_url = "filesystem://localhost"  # kombu warns about a URL without a host
    broker_transport = "workers.queue:Transport"
    _settings.queue.mkdir(parents=True, exist_ok=True)
    broker_transport_options = {
        "data_folder_in": str(_settings.queue),
        "data_folder_out": str(_settings.queue),
        "control_folder": str(_settings.queue / "control"),
        "polling_interval": 0.1,
    }
else:
    # A task runs for two minutes at most; what was not acknowledged after ten is given out again.
    broker_transport_options = {"visibility_timeout": 600, "socket_timeout": 5}
    task_publish_retry_policy = {"max_retries": 1}

# Nobody asks what a task returned: the database knows what was done.
task_ignore_result = True
# A task that dies with its worker is given out again; claims make a second run harmless.
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
# Sending ends by itself after 60 s, fetching after 120 s.
task_soft_time_limit = 240
task_time_limit = 270
# Small leaks of libraries do not add up.
worker_max_tasks_per_child = 1000

beat_schedule_filename = str(_settings.state_dir / "beat-schedule")
beat_schedule = {
    "daily fetch": {
        "task": "workers.tasks.fetch",
        "schedule": crontab(hour=_hour, minute=_minute),
        "options": {"expires": 3600},
    },
    "hourly refresh": {
        "task": "workers.tasks.fetch",
        # Half an hour off the daily one, so that the two do not meet.
        "schedule": crontab(minute=str((int(_minute) + 30) % 60)),
        "options": {"expires": 1800},
    },
    "missed fetch": {
        "task": "workers.tasks.catch_up",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 240},
    },
    "sweep": {
        "task": "workers.tasks.sweep",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "alarms": {
        "task": "workers.tasks.tell_alarms",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "events": {
        "task": "workers.tasks.listen",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "mailbox": {
        "task": "workers.tasks.read_mailbox",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "figures": {
        "task": "workers.tasks.count_figures",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 240},
    },
    "tidying": {
        "task": "workers.tasks.tidy",
        "schedule": crontab(minute="40"),
        "options": {"expires": 1800},
    },
    "pruning": {
        "task": "workers.tasks.prune",
        "schedule": crontab(hour="3", minute="50"),
        "options": {"expires": 3600},
    },
    "suppression list": {
        # Once a day; more often only to go on where a reading was broken off.
        "task": "workers.tasks.read_suppressions",
        "schedule": crontab(minute="20"),
        "options": {"expires": 1800},
    },
}

"""How gunicorn serves the pages: `gunicorn --config python:digest.up.serving --bind ADDRESS`."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from digest import logs
from digest.errors import BadSettings
from digest.settings import read_settings


class Log(Logger):  # type: ignore[misc]
    """gunicorn's own words, but never the address of a request: it may hold a reader's token."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401  gunicorn has no types
        super().setup(cfg)
        # What is wrong with the settings, the application says.
        with suppress(BadSettings):
            logs.configure(form=read_settings().log_format)
        for ours in (self.error_log, self.access_log):
            ours.handlers.clear()
            ours.propagate = True

    def warning(self, msg: object, *args: object, **named: Any) -> None:  # noqa: ANN401
        # It quotes the line that it does not understand, and names who sent it.
        if str(msg).startswith("Invalid request from "):
            msg, args = "a request that is no HTTP was refused", ()
        self.error_log.warning(msg, *args, **named)

    def exception(self, msg: object, *args: object, **named: Any) -> None:  # noqa: ANN401
        if "handling request" in str(msg):
            msg, args = "error handling a request", ()
        self.error_log.exception(msg, *args, **named)


wsgi_app = "digest.up.wsgi:application()"
logger_class = Log
worker_class = "gthread"
threads = 8
# As many processes as WEB_CONCURRENCY says. Each beats in a file, which must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
timeout = 60
graceful_timeout = 30
# The application itself reads what proxies say, as DIGEST_PROXIES allows.
forwarded_allow_ips = ""
# It would listen in the home folder, and needs no place where nothing can be written.
control_socket_disable = True

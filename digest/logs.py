"""How the service logs: one event a line, names before values, never an address or a token."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Literal

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

Form = Literal["text", "json"]

_PLACE = re.compile(r"(?:(?<![\w.])(\w+)=)?%(?:%|[-+ #0]*\d*(?:\.\d+)?([a-zA-Z]))")
"""A placeholder in a message, and the name that stands before it: `delivery=%s`."""

_NUMBERS = "difFeEgG"


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what the message names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as a line; what is no JSON in it, such as a moment, as its text."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "fields": _fields(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """Return what the message names: `sent delivery=%d` gives its delivery."""
    values = record.args
    if not isinstance(values, tuple) or not isinstance(record.msg, str):
        return {}
    places = [each for each in _PLACE.finditer(record.msg) if each[2]]
    if len(places) != len(values):
        return {}
    return {
        place[1]: _value(place, value)
        for place, value in zip(places, values, strict=True)
        if place[1]
    }


def _value(place: re.Match[str], value: object) -> object:
    if isinstance(value, bool | int) or value is None:
        return value
    written = place[0].partition("=")[2] % (value,)
    # As it was written: 12.3 and not 12.345678.
    return float(written) if isinstance(value, float) and place[2] in _NUMBERS else written


def configure(level: int = logging.INFO, form: Form = "text") -> None:
    """Send the log to standard error in this *form*; libraries speak up from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("digest", "workers"):
        logging.getLogger(ours).setLevel(level)


def reshape(form: Form) -> None:
    """Let what is logged from here on have this *form*, at the levels that are set."""
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setFormatter(_formatter(form))


def _formatter(form: Form) -> logging.Formatter:
    return JsonLines() if form == "json" else logging.Formatter(FORMAT)

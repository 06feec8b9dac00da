"""JSON of strangers, read strictly: one meaning or none."""

import json
from typing import Any, NoReturn

from digest.errors import BadMessage

LARGEST = 300_000
"""Bytes; SNS and SQS carry at most 256 KiB."""


def parsed(text: str | bytes) -> dict[str, Any]:
    """
    Return the JSON object that *text* is.

    Raises:
        BadMessage: it is none, says a thing twice, or holds what no database or hash can take.

    """
    if len(text) > LARGEST:
        raise BadMessage("too large")
    try:
        # Not json.loads for bytes: it would take UTF-16 and UTF-32 too.
        decoded = text.decode() if isinstance(text, bytes) else text
        value = json.loads(decoded, object_pairs_hook=_object, parse_constant=_refuse)
        # Half a surrogate pair is a string to Python, and to nothing else.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as exc:
        raise BadMessage("not JSON") from exc
    if not isinstance(value, dict):
        raise BadMessage("no object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Which of two values counts is decided otherwise by whoever reads it next.
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadMessage("a key twice")
    return value


def _refuse(constant: str) -> NoReturn:
    raise BadMessage(f"{constant} is no JSON")

"""A finding: one thing that was looked at, and how it is."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"
    """It could not be looked at; no failure of the service."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; *remedy* is empty where all is well."""

    name: str
    status: Status
    detail: str
    remedy: str = ""

"""The `digest` command: each module here adds commands to the group."""

from digest.cli import (
    background,
    backup,
    commands,
    data,
    delivering,
    feeds,
    importing,
    matching,
    running,
    ses,
    sourcing,
    stats,
    topics,
)
from digest.cli.group import cli, main

__all__ = [
    "background",
    "backup",
    "cli",
    "commands",
    "data",
    "delivering",
    "feeds",
    "importing",
    "main",
    "matching",
    "running",
    "ses",
    "sourcing",
    "stats",
    "topics",
]

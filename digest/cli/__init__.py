"""The `digest` command: each module here adds commands to the group."""

from digest.cli import background, commands, delivering, feeds, matching, running, sourcing, topics
from digest.cli.group import cli, main

__all__ = [
    "background",
    "cli",
    "commands",
    "delivering",
    "feeds",
    "main",
    "matching",
    "running",
    "sourcing",
    "topics",
]

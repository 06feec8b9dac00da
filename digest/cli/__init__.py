"""The `digest` command: each module here adds commands to the group."""

from digest.cli import commands, feeds, matching, running, sourcing
from digest.cli.group import cli, main

__all__ = ["cli", "commands", "feeds", "main", "matching", "running", "sourcing"]

"""The `digest` command: each module here adds commands to the group."""

from digest.cli import commands, running
from digest.cli.group import cli, main

__all__ = ["cli", "commands", "main", "running"]

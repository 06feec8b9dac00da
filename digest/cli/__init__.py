"""The `digest` command: each module here adds commands to the group when they are asked for."""

from digest.cli.group import cli, main

__all__ = ["cli", "main"]

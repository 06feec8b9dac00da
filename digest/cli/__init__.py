"""The `digest` command."""

from digest.cli.commands import cli, main

__all__ = ["cli", "main"]

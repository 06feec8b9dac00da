"""Findings, as the commands that look whether all is well print them."""

import dataclasses
import json
import sys
from typing import NoReturn

import click

from digest import doctor


def conclude(findings: list[doctor.Finding], *, as_json: bool) -> NoReturn:
    """Print *findings* and end the command, with 1 where something is wrong."""
    well = doctor.well(findings)
    if as_json:
        plain = [dataclasses.asdict(finding) for finding in findings]
        click.echo(json.dumps({"ok": well, "findings": plain}, indent=2))
    else:
        click.echo("\n".join(doctor.lines(findings)))
    sys.exit(0 if well else 1)

"""What a command imports before it does anything: no more than it needs."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

import digest.cli
from digest.cli import cli
from digest.cli.listing import LISTED

CHILD = """
import contextlib, io, json, sys
from digest.cli import main
sys.argv = ["digest", *sys.argv[1:]]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(json.dumps(sorted(sys.modules)))
"""

WORKER = """
import json, sys
from celery.signals import worker_init
import workers.app
worker_init.send(sender=None)
print(json.dumps(sorted(sys.modules)))
"""


def imported(folder: Path, *words: str, program: str = CHILD) -> set[str]:
    """Return what a process of its own has imported when it has run `digest` with *words*."""
    ended = subprocess.run(
        [sys.executable, "-c", program, *words],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env={
            **os.environ,
            "DIGEST_SOURCES": "sample",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        },
    )
    return set(json.loads(ended.stdout))


def test_help_needs_neither_settings_nor_a_database(tmp_path: Path) -> None:
    there = imported(tmp_path, "--help")

    assert "click" in there
    assert there.isdisjoint({"pydantic", "sqlalchemy.orm", "scipy", "sklearn", "celery"})


@pytest.mark.parametrize(
    "words",
    [
        ("doctor",),
        ("deliveries", "list"),
        ("stats",),
        ("ses", "check", "--region", "nowhere"),
        ("backup", "all.daybreak"),
    ],
    ids=" ".join,
)
def test_who_looks_after_the_service_waits_for_no_mathematics(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    there = imported(tmp_path, *words)

    assert "digest.settings" in there
    assert there.isdisjoint({"sklearn", "scipy.optimize", "flask", "celery"})


def test_a_worker_has_imported_the_mathematics_before_it_forks(tmp_path: Path) -> None:
    assert "sklearn" in imported(tmp_path, program=WORKER)


def test_each_command_comes_from_the_module_that_is_listed_with_it() -> None:
    names = [each.name for each in pkgutil.iter_modules(digest.cli.__path__)]
    for name in names:
        importlib.import_module(f"digest.cli.{name}")

    assert set(cli.commands) == set(LISTED)
    assert {module for module, _ in LISTED.values()} <= set(names)


def test_what_is_listed_of_a_command_fits_on_a_line() -> None:
    shown = cli.get_help(click.Context(cli, info_name="digest"))

    assert all(f"{name:12}{says}" in shown for name, (_, says) in LISTED.items())

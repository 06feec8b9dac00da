"""
Change the parts that must not be wrong, one expression at a time, and see whether a test notices.

Works on a copy in var/mutation, which keeps what was found: a second run goes on where the first
one ended. Tests run on SQLite alone, for speed; what only PostgreSQL shows, its locks above all,
survives here and is explained in docs/reliability.md.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPY = ROOT / "var" / "mutation"
PARTS = {
    "links": (["digest/links.py"], ["links", "by_mail", "message"]),
    "download": (["digest/sources/download.py"], ["download"]),
    "events": (
        ["digest/events"],
        ["events", "event_documents", "events_queue", "hooks", "account", "by_mail"],
    ),
    "delivery": (
        ["digest/delivery"],
        [
            *("delivery", "delivery_states", "budget", "planning", "events", "cli_deliveries"),
            *("refusals", "settling", "crew"),
        ],
    ),
}
"""What is changed, and the tests that should notice."""

NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc")
TOP = ("digest", "workers", "tests", "templates", "celeryconfig.py", "pyproject.toml", "README.md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutate", description=__doc__)
    parser.add_argument("part", nargs="?", choices=sorted(PARTS), help="all of them if left out")
    parser.add_argument("--seconds", type=float, default=600.0, help="for each part")
    parser.add_argument("--only", help="some of a part: 'digest.events.sns.*'")
    chosen = parser.parse_args()
    for part in [chosen.part] if chosen.part else sorted(PARTS):
        folder = prepared(part)
        run(folder, chosen.seconds, chosen.only)
        report(part, folder)


def prepared(part: str) -> Path:
    """Return the folder with a fresh copy of the project, set up to change *part*."""
    folder = COPY / part
    for name in TOP:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=NOT_COPIED, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    sources, tests = PARTS[part]
    settings = {
        "source_paths": sources,
        "also_copy": [name for name in TOP if not name.endswith("toml")],
        # A loop that a change makes endless ends after so many times what its tests take.
        "timeout_constant": 5.0,
        "timeout_multiplier": 4.0,
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-k", "not postgresql"],
        "pytest_add_cli_args_test_selection": [f"tests/test_{name}.py" for name in tests],
    }
    with (folder / "pyproject.toml").open("a") as project:
        lines = [f"{name} = {value!r}" for name, value in settings.items()]
        project.write("\n".join(["", "[tool.mutmut]", *lines, ""]))
    return folder


def mutmut(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mutmut", *arguments]


def run(folder: Path, seconds: float, only: str | None) -> None:
    command = mutmut("run", *([only] if only else []))
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            process.wait(seconds)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, signal.SIGKILL)


def report(part: str, folder: Path) -> None:
    """Print how many changes were noticed, and those that were not."""
    fates: dict[str, list[str]] = {}
    for line in said(folder, "results", "--all", "true"):
        name, _, fate = line.strip().rpartition(": ")
        fates.setdefault(fate, []).append(name)
    print(f"{part}: " + ", ".join(f"{len(names)} {fate}" for fate, names in fates.items()))  # noqa: T201
    for fate in ("survived", "no tests", "suspicious"):
        for name in fates.get(fate, []):
            changed = [each for each in said(folder, "show", name) if each[:2] in ("- ", "+ ")]
            print(f"\n{fate}: {name}\n" + "\n".join(changed))  # noqa: T201


def said(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        mutmut(*arguments), cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


if __name__ == "__main__":
    main()

"""The house rules that no linter knows."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import click
import pytest

from digest.cli import cli
from digest.settings import Settings
from digest.settings.secret_files import secrets
from digest.settings.words import variable
from tests import configuration

ROOT = Path(__file__).parents[1]
NOT_OURS = {"var", "dist", "build", "node_modules", "__pycache__", "htmlcov"}

LONGEST_MODULE = 250
LONGEST_FUNCTION = 40
LONG_FUNCTION = 30
USUAL_FUNCTION = 12

# Put together here, so that this file does not name them itself.
WORKPLACE = re.compile(r"(?<![\w.])/wor" + r"k(?![\w-])")
REGISTRY = re.compile(r"py" + r"pi\.org|python" + r"hosted\.org|py" + r"pi\.python")


def files() -> Iterator[Path]:
    """Yield every file of the project, whether it is committed yet or not."""
    for folder, inside, names in os.walk(ROOT):
        inside[:] = [
            each
            for each in inside
            if (each == ".ci" or not each.startswith(".")) and each not in NOT_OURS
        ]
        yield from (Path(folder, name) for name in names if name != ".env")


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def written() -> list[Path]:
    """Return the modules of the service; how long a migration is, its tables decide."""
    return [path for path in modules("digest", "workers") if path.parent.name != "versions"]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function's name, and its lines without its docstring."""
    for each in ast.walk(parsed(path)):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            told = each.body[0] if ast.get_docstring(each) else None
            docstring = (told.end_lineno or 0) - told.lineno + 1 if told else 0
            lines = (each.end_lineno or 0) - each.lineno + 1 - docstring
            yield f"{shown(path)}: {each.name}", lines


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(group: click.Group = cli, path: str = "digest") -> Iterator[str]:
    here = click.Context(group)
    for name in group.list_commands(here):
        command = group.get_command(here, name)
        assert command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def known() -> set[str]:
    names = {variable(name) for name in Settings.model_fields}
    return names | {f"{variable(name)}_FILE" for name in secrets(Settings)}


def settings_named_in(text: str) -> set[str]:
    return set(re.findall(r"\bDIGEST_[A-Z]+(?:_[A-Z]+)*\b", text))


@pytest.mark.parametrize("path", written(), ids=shown)
def test_a_module_is_short(path: Path) -> None:
    lines = len(path.read_text().splitlines())

    assert lines <= LONGEST_MODULE


@pytest.mark.parametrize(
    "path",
    [*modules("digest", "workers", "benchmarks"), ROOT / "celeryconfig.py"],
    ids=shown,
)
def test_a_module_says_what_it_is(path: Path) -> None:
    text = path.read_text()

    assert ast.get_docstring(ast.parse(text)) or not text


def test_functions_are_short() -> None:
    lines = dict(each for path in written() for each in functions(path))

    assert {name: count for name, count in lines.items() if count > LONGEST_FUNCTION} == {}
    assert quantiles(lines.values(), n=10)[-1] <= LONG_FUNCTION
    assert median(lines.values()) <= USUAL_FUNCTION


def test_no_file_names_a_place_that_is_on_one_machine_only() -> None:
    found = [
        f"{shown(path)}: {hit[0]}"
        for path in files()
        for pattern in (WORKPLACE, REGISTRY)
        if (hit := pattern.search(path.read_text(errors="replace")))
    ]

    assert found == []


def test_the_table_of_settings_is_made_of_them() -> None:
    page = configuration.PAGE.read_text()

    assert page == configuration.fresh(page), "run: .venv/bin/python -m tests.configuration"


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    where = [
        *documents(),
        *ROOT.glob("*.yml"),
        ROOT / "Makefile",
        ROOT / ".env.example",
        *modules("digest", "workers"),
    ]

    unknown = {shown(path): settings_named_in(path.read_text()) - known() for path in where}

    assert {name: found for name, found in unknown.items() if found} == {}


def test_every_command_is_documented_and_no_other() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()

    rows = re.findall(r"^\| `(digest [a-z -]+?)(?: [A-Z]+)*`", text, re.MULTILINE)
    assert sorted(rows) == sorted(commands())


def test_the_configuration_of_celery_holds_no_logic() -> None:
    logic = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.Try, ast.With)
    nodes = list(ast.walk(parsed(ROOT / "celeryconfig.py")))

    assert not [each for each in nodes if isinstance(each, logic)]
    # One question: is the broker a folder?
    assert sum(isinstance(each, ast.If | ast.IfExp) for each in nodes) <= 1


@pytest.mark.parametrize("path", modules("tests"), ids=shown)
def test_no_test_replaces_what_it_tests(path: Path) -> None:
    imported = {
        name
        for each in ast.walk(parsed(path))
        if isinstance(each, ast.Import | ast.ImportFrom)
        for name in (
            [each.module or ""]
            if isinstance(each, ast.ImportFrom)
            else [a.name for a in each.names]
        )
    }
    arguments = {each.arg for each in ast.walk(parsed(path)) if isinstance(each, ast.arg)}

    assert not [name for name in imported if "mock" in name]
    assert "mocker" not in arguments

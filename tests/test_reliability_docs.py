"""docs/reliability.md names tests that exist, for every fault that there is."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parent / "docs" / "reliability.md"
FAULTS = range(1, 43)

ROW = re.compile(r"^\| (\d+) \|.*\| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
IN_A_NAME = re.compile(r"_(?:row|fault)_(\d+)(?:_and_(\d+))?_")
IN_A_DOCSTRING = re.compile(r"\bRows? (\d+)(?: and (\d+))?\b")


def rows() -> list[tuple[int, list[tuple[str, str]]]]:
    """Return the number of each row in the table, and the tests that it names."""
    return [(int(row[1]), TEST.findall(row[2])) for row in ROW.finditer(DOCUMENT.read_text())]


@cache
def rows_by_test(name: str) -> dict[str, set[int]]:
    """Return the tests of a file, and the rows that each of them names."""
    tree = ast.parse((TESTS / name).read_text())
    return {
        each.name: {
            int(number)
            for found in (
                IN_A_NAME.search(each.name),
                IN_A_DOCSTRING.search(ast.get_docstring(each) or ""),
            )
            for number in (found.groups() if found else ())
            if number
        }
        for each in tree.body
        if isinstance(each, ast.FunctionDef)
    }


def test_every_fault_has_one_row() -> None:
    assert [number for number, _ in rows()] == list(FAULTS)


@pytest.mark.parametrize(("number", "named"), rows())
def test_a_row_names_tests_that_are_there_and_name_it(
    number: int, named: list[tuple[str, str]]
) -> None:
    assert named

    for file, test in named:
        assert test in rows_by_test(file)
        assert number in rows_by_test(file)[test], test


def test_no_test_is_named_that_is_not_there() -> None:
    for file, test in TEST.findall(DOCUMENT.read_text()):
        assert test in rows_by_test(file)

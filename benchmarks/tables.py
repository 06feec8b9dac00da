"""The last results as Markdown, between two marks in the documents that show them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

BEGINS, ENDS = "<!-- results: {} -->", "<!-- results end -->"
DOCUMENTS = {"goals": ROOT / "README.md", "all": ROOT / "docs" / "performance.md"}
"""Where the tables are: that of the goals of speed, and that of all figures."""

OF_SPEED = ("us", "ms", "s", "min", "ratio", "x", "papers/s", "mails/s")
"""Units of what has to be fast or small; the others tell how good the service is at its work."""

VERDICTS = {None: "", True: "met", False: "**missed**"}

Result = dict[str, Any]


def markdown(results: Sequence[Result]) -> str:
    """Return a table with a row for each result."""
    rows = (
        f"| {each['name']} | {shown(each['value'])} {each['unit']}".rstrip()
        + f" | {each['goal'] or ''} | {VERDICTS[each['met']]} |"
        for each in results
    )
    return "\n".join(["| figure | value | goal | |", "|---|---:|---|---|", *rows])


def refresh(results: Sequence[Result]) -> Iterator[Path]:
    """Put the tables into the documents, and yield those that have changed."""
    goals = [each for each in results if each["goal"] and each["unit"] in OF_SPEED]
    chosen = {"goals": goals, "all": results}
    for name, path in DOCUMENTS.items():
        text = path.read_text("utf-8")
        fresh = replaced(text, name, markdown(chosen[name]))
        if fresh != text:
            path.write_text(fresh, "utf-8")
            yield path


def replaced(text: str, name: str, table: str) -> str:
    """Return *text* with *table* between its marks."""
    begins = BEGINS.format(name)
    before, found, rest = text.partition(begins)
    if not found or ENDS not in rest:
        raise ValueError(f"no place for a table between {begins} and {ENDS}")
    return f"{before}{begins}\n{table}\n{ENDS}{rest.partition(ENDS)[2]}"


def shown(value: float | None) -> str:
    if value is None:
        return "no data"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

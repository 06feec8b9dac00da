"""The columns of a list of readers, and how several values share a cell."""

import re
from collections.abc import Iterable

from digest.models import InterestKind

FOLLOWED = {
    "topics": InterestKind.TOPIC,
    "muted_topics": InterestKind.MUTED_TOPIC,
    "keywords": InterestKind.KEYWORD,
    "muted": InterestKind.MUTED,
    "authors": InterestKind.AUTHOR,
    "organizations": InterestKind.ORGANIZATION,
}
"""
What a reader follows and mutes: any number in a cell.

These and the others that a reader may choose have their names from `digest.subscribers.choices`.
"""

SETTLED = ("zone", "hour", "cadence", "language", "papers", "nothing_new", "balance", "about")

COLUMNS = (
    "email",
    "zone",
    "hour",
    "cadence",
    "topics",
    "keywords",
    "consent_at",
    "consent_source",
    "standing",
    "days",
    "language",
    "papers",
    "nothing_new",
    "balance",
    "about",
    "muted_topics",
    "muted",
    "authors",
    "organizations",
    "paused_until",
)
"""All columns, in the order in which they are written."""

NOTES = ("line", "reason")
"""What a file of lines that were not read says beside them; mended, it can be read as it is."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PARTS = re.compile(r"((?:[^\\;]|\\.|\\$)*)(?:;|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\;])")


def harmless(cell: str) -> str:
    """Return *cell* as no spreadsheet takes it for a formula: anybody can fill in the form."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_said(cell: str) -> str:
    """Return what `harmless` made this *cell* of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def joined(values: Iterable[str]) -> str:
    r"""Return the cell that holds *values*; `;` stands between them, and as `\;` within them."""
    return ";".join(re.sub(r"([\\;])", r"\\\1", value) for value in values)


def split(cell: str) -> list[str]:
    """Return the values in *cell*; of an empty one, none."""
    if "\\" in cell:
        parts = [_ESCAPED.sub(r"\1", found[1]) for found in _PARTS.finditer(cell)]
    else:
        parts = cell.split(";")
    return [part for part in map(str.strip, parts) if part]

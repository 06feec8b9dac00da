"""`python -m tests.configuration`: makes the table in docs/configuration.md of the settings."""

from pathlib import Path

from pydantic.fields import FieldInfo

from digest.settings import Settings
from digest.settings.fields import Unset
from digest.settings.words import as_text, variable

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
BEGINS = "<!-- The table is made of digest/settings/fields.py: python -m tests.configuration -->"
ENDS = "<!-- The table ends. -->"


def fresh(page: str) -> str:
    """Return *page* with the table of the settings as they are now."""
    before, _, rest = page.partition(BEGINS)
    if ENDS not in rest:
        raise ValueError(f"no place for a table between {BEGINS} and {ENDS}")
    return f"{before}{BEGINS}\n\n{table()}\n\n{ENDS}{rest.partition(ENDS)[2]}"


def table() -> str:
    rows = (
        f"| `{variable(name)}` | {_default(field)} | {_meaning(field)} |"
        for name, field in Settings.model_fields.items()
    )
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _default(field: FieldInfo) -> str:
    for each in field.metadata:
        if isinstance(each, Unset):
            return each.words
    text = "" if field.default is None else as_text(field.default)
    return f"`{text}`" if text else "none"


if __name__ == "__main__":
    PAGE.write_text(fresh(PAGE.read_text("utf-8")), "utf-8")

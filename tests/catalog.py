"""`make catalog`: brings the catalogues up to date with the messages in code and templates."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from digest.language import FOLDER
from digest.render import templates_folder
from digest.topics import taxonomy

ROOT = Path(__file__).parents[1]

KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "later": None, "ngettext": (1, 2)}
_JINJA = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}


def gathered() -> Catalog:
    """Return every message in code, templates and the taxonomy, with the files that have it."""
    found = Catalog(project="Daybreak", charset="utf-8")
    for place, message, comments in _messages():
        found.add(message, locations=[(place, 1)], auto_comments=comments)
    return found


def _messages() -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    for file in sorted((ROOT / "digest").rglob("*.py")):
        yield from _extracted("python", file, {})
    for file in sorted(templates_folder().rglob("*.*")):
        yield from _extracted("jinja2.ext:babel_extract", file, _JINJA)
    for topic in taxonomy.topics():
        for words in (topic.group, topic.name):
            yield "digest/topics/taxonomy.toml", words, []


def _extracted(
    method: str, file: Path, options: dict[str, str]
) -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    with file.open("rb") as source:
        messages = extract(method, source, KEYWORDS, ["Translators:"], options)
        for _, message, comments, _ in messages:
            yield str(file.relative_to(ROOT)), message, list(comments)


def read(file: Path) -> Catalog:
    with file.open("rb") as source:
        return read_po(source, locale=file.stem, abort_invalid=True)


def brought_up_to_date(catalog: Catalog, messages: Catalog) -> str:
    """Return *catalog* as a file that has these *messages*: new ones empty, others gone."""
    revised_at = catalog.revision_date
    # A guess at a translation would pass for one.
    catalog.update(messages, no_fuzzy_matching=True, update_creation_date=False)
    # The date of every run would be a change in every run.
    catalog.revision_date = revised_at
    written = io.BytesIO()
    write_po(written, catalog, width=92, include_lineno=False, ignore_obsolete=True)
    return written.getvalue().decode("utf-8")


def main() -> None:
    messages = gathered()
    for file in sorted(FOLDER.glob("*.po")):
        catalog = read(file)
        file.write_text(brought_up_to_date(catalog, messages), "utf-8")
        empty = sum(1 for each in catalog if each.id and not _is_said(each.string))
        print(f"{file.name}: {len(catalog)} messages, {empty} to be translated")  # noqa: T201


def _is_said(string: object) -> bool:
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


if __name__ == "__main__":
    main()

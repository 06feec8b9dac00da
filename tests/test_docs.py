"""The documents lead where they say, show what is there, and are all to be found."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "deploy").rglob("*.md")])

CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(document: Path) -> list[str]:
    """Return where *document* leads, but for the web's addresses."""
    found = (link[1] or link[2] for link in LINK.finditer(CODE.sub("", document.read_text())))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(document: Path) -> set[str]:
    """Return the names of the headings, as code hosts make them."""
    headings = HEADING.findall(BLOCK.sub("", document.read_text()))
    plain = (re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()) for heading in headings)
    return {name.replace(" ", "-") for name in plain}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = []
    for link in links(document):
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        known = target.is_file() and (not anchor or anchor in anchors(target))
        if not (known or target.is_dir()):
            lost.append(link)

    assert lost == []


def test_every_document_is_named_on_the_page_of_all() -> None:
    named = {(DOCS / link).resolve() for link in links(DOCS / "README.md")}

    assert {each for each in DOCS.glob("*.md") if each.name != "README.md"} <= named


def test_every_picture_is_shown_and_small() -> None:
    shown = {(each.parent / link).resolve() for each in DOCUMENTS for link in links(each)}

    for picture in DOCS.glob("*.png"):
        assert picture in shown
        assert picture.stat().st_size < 200_000

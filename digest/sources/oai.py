"""arXiv's archive by OAI-PMH, a page at a time."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from xml.etree.ElementTree import Element

from digest.errors import BadDocument
from digest.sources import authors, text
from digest.sources.dois import arxiv_id_of_link, doi
from digest.sources.entry import (
    Document,
    Entry,
    Unreadable,
    Unwanted,
    arxiv_id,
    each_read,
    needed,
    numbered,
    what_it_is,
)
from digest.sources.fields import moment
from digest.sources.xmltree import Broken, elements

MOST_BYTES, MOST_TAGS = 40_000_000, 600_000
"""A page of 1,000 records has a tenth of these; without an end they would fill the memory."""

_ROOT = re.compile(rb"<(?:[A-Za-z]+:)?OAI-PMH\b")
_START = 4096
_PHYSICS = ("astro-ph", "cond-mat", "gr-qc", "math-ph", "nlin", "nucl-ex", "nucl-th", "physics")
_NO_RECORDS = "noRecordsMatch"


def is_one(body: bytes) -> bool:
    """Return whether *body* looks like an answer of OAI-PMH."""
    return bool(_ROOT.search(body[:_START]))


def set_named(category: str) -> str:
    """Return the set of arXiv's *category*: cs:cs:AI for cs.AI, physics:hep-th for hep-th."""
    archive, _, subject = category.partition(".")
    physics = archive in _PHYSICS or archive.startswith(("hep-", "quant-"))
    group = "physics" if physics else archive
    named = group if archive == group and not subject else f"{group}:{archive}"
    return f"{named}:{subject}" if subject else named


def question(from_day: date, to_day: date, set_name: str, token: str | None) -> dict[str, str]:
    """Return the parameters that ask for a page of what changed in a set between two days."""
    if token:
        # Nothing may stand beside it: it holds the rest of the question.
        return {"verb": "ListRecords", "resumptionToken": token}
    days = {"from": from_day.isoformat(), "until": to_day.isoformat()}
    return {"verb": "ListRecords", "metadataPrefix": "arXiv", "set": set_name, **days}


def parse(body: bytes) -> Document:
    """
    Return the records of the page *body*, and the token of the next one as `resume`.

    Raises:
        BadDocument: it is no such page, or one that reports an error.

    """
    if len(body) > MOST_BYTES or body.count(b"<") > MOST_TAGS:
        raise BadDocument("a page of a size that no page of an archive has")
    page = _Page(body)
    document = each_read(numbered("record", page.records()), _entry)
    if not page.answered and not (page.broken and is_one(body)):
        raise BadDocument(f"no page of an archive but {what_it_is(body)}")
    return replace(document, warning=page.broken, resume=page.resume, left=page.left)


class _Page:
    """A page as far as it has been read."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.answered = False
        self.broken: str | None = None
        self.resume: str | None = None
        self.left: int | None = None
        self._records = 0

    def records(self) -> Iterator[Element]:
        try:
            for element in elements(self._body, ("record", "resumptionToken", "error")):
                self.answered = True
                if element.tag == "record":
                    self._records += 1
                    yield element
                else:
                    self._note(element)
        except Broken as exc:
            self.broken = f"the page breaks off or is damaged at {exc}"

    def _note(self, element: Element) -> None:
        if element.tag == "resumptionToken":
            self.resume = (element.text or "").strip() or None
            # The cursor is how many came on the pages before (OAI-PMH 2.0, 3.5).
            total, before = (_number(element.get(n)) for n in ("completeListSize", "cursor"))
            if total is not None and before is not None:
                self.left = max(0, total - before - self._records)
        elif element.get("code") != _NO_RECORDS:
            raise BadDocument(f"arXiv's archive answered with an error: {_error(element)}")


def _number(said: str | None) -> int | None:
    return int(said) if said and re.fullmatch("[0-9]{1,9}", said.strip()) else None


def _error(element: Element) -> str:
    said = " ".join((element.get("code") or "", element.text or ""))
    return text.clean(said, text.TITLE) or "an error without a name"


def _entry(record: Element) -> Entry:
    header = record.find("header")
    named = arxiv_id(_said(header, "identifier")) if header is not None else None
    if header is not None and header.get("status") == "deleted":
        raise Unwanted(f"{named or 'a record'} was deleted")
    metadata = record.find("metadata")
    paper = metadata[0] if metadata is not None and len(metadata) else None
    if paper is None:
        raise Unreadable(f"{named or 'a record'} has no metadata")
    return _from_dublin_core(paper, named) if paper.tag == "dc" else _from_arxiv(paper, named)


def _from_arxiv(paper: Element, named: str | None) -> Entry:
    identifier = _identifier(arxiv_id(_said(paper, "id")) or named)
    return Entry(
        external_id=identifier,
        doi=doi(_said(paper, "doi")),
        title=needed(identifier, "title", text.clean(_said(paper, "title"), text.TITLE)),
        abstract=_abstract(identifier, _said(paper, "abstract")),
        authors=authors.cleaned(_names(paper)),
        categories=text.clean_each(_said(paper, "categories").split(), text.KEYWORD, text.KEYWORDS),
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
        published_at=moment(_said(paper, "created") or _said(paper, "version/date")),
    )


def _from_dublin_core(paper: Element, named: str | None) -> Entry:
    identifiers = [each.text or "" for each in paper.findall("identifier")]
    found = (arxiv_id_of_link(each) for each in identifiers)
    identifier = _identifier(next(filter(None, found), named))
    return Entry(
        external_id=identifier,
        doi=next(filter(None, map(doi, identifiers)), None),
        title=needed(identifier, "title", text.clean(_said(paper, "title"), text.TITLE)),
        abstract=_abstract(identifier, _said(paper, "description")),
        authors=authors.cleaned(authors.turned(e.text or "") for e in paper.findall("creator")),
        url=f"https://arxiv.org/abs/{identifier}",
        pdf_url=f"https://arxiv.org/pdf/{identifier}",
        published_at=moment(_said(paper, "date")),
    )


def _identifier(found: str | None) -> str:
    if found is None:
        raise Unreadable("no arXiv id")
    return found


def _abstract(identifier: str, said: str) -> str:
    return needed(identifier, "abstract", text.clean(said, text.ABSTRACT))


def _names(paper: Element) -> Iterator[str]:
    parts = paper.findall("authors/author")
    if not parts:
        yield from authors.split_authors(_said(paper, "authors"))
    for author in parts:
        yield " ".join(_said(author, part) for part in ("forenames", "keyname", "suffix"))


def _said(element: Element, path: str) -> str:
    return element.findtext(path) or ""

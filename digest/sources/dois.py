"""Names of papers that hold everywhere: DOIs, and arXiv ids wherever they hide."""

import re
from urllib.parse import unquote, urlsplit

from digest.sources.entry import arxiv_id

# All that DOIs in use consist of; a few of the 1990s hold a "<", which no link survives.
_DOI = re.compile(r"\b(10\.[0-9]{4,9}/[A-Za-z0-9._;()/:+&=,!$*'~@\[\]#?-]{1,150})")
_NAMED_DOI = re.compile(rf"\bdoi(?:\.org/|\s*[:=]?\s*){_DOI.pattern}", re.IGNORECASE)
_OF_ARXIV = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
# A preprint's page is named after its DOI, with a version and a view behind it.
_PREPRINT_PAGE = re.compile(r"(10\.(?:1101|64898)/[0-9.]+)v[0-9]+\b.*")
_ARXIV_PAGES = ("arxiv.org", "alphaxiv.org", "huggingface.co")
_PAGE_TAIL = re.compile(r"(?:\.pdf|\.html)?/?$")


def doi(text: str) -> str | None:
    """
    Return the DOI in *text* in lower case, without https://doi.org/ before it; None without one.

    DOIs are compared without regard to case (DOI handbook, 2.4).
    """
    found = _DOI.search(unquote(text))
    if found is None:
        return None
    name = _PREPRINT_PAGE.sub(r"\1", found[1])
    # A link's query is no part of the name; neither is what ends the sentence that names it.
    name = name.partition("?")[0].partition("#")[0].rstrip(".,;:)]/'").lower()
    return name if "/" in name else None


def named_doi(text: str) -> str | None:
    """Return the DOI that *text* introduces as one, as in "doi: 10.1234/5"."""
    found = _NAMED_DOI.search(text)
    return doi(found[1]) if found else None


def arxiv_id_of_doi(name: str | None) -> str | None:
    """Return the arXiv id that the DOI *name* stands for, if it is one of arXiv's own."""
    found = _OF_ARXIV.fullmatch(name or "")
    return arxiv_id(found[1]) if found else None


def arxiv_id_of_link(link: str) -> str | None:
    """Return the arXiv id in *link* or in a guid, where it surely is one."""
    if link.lower().startswith(("oai:arxiv.org:", "arxiv:")):
        return arxiv_id(link)
    try:
        url = urlsplit(link.strip())
        host = url.hostname or ""
    except ValueError:
        return None
    if not any(host == known or host.endswith(f".{known}") for known in _ARXIV_PAGES):
        return None
    return arxiv_id(_PAGE_TAIL.sub("", url.path))

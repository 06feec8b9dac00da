"""Any RSS, Atom or RDF feed of papers: preprint servers, journals, saved searches, lists."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256

from digest.errors import BadInput
from digest.sources import authors, dois, syndication, text
from digest.sources.download import Http
from digest.sources.entry import Document, Entry, Unreadable, each_read, needed, numbered
from digest.sources.syndication import Item

# What some publishers put before the abstract, behind it, or in its place.
_HEADING = re.compile(
    r"<(h[1-6]|b|strong|p|div|title)\b[^<>]*>\s*(?:abstract|summary)\s*[:.]?\s*</\1\s*>",
    re.IGNORECASE,
)
# "Abstract interpretation" and "Summary statistics" are subjects, not headings.
_HEAD = re.compile(
    r"(?:[Aa]bstract|ABSTRACT|[Ss]ummary|SUMMARY)(?:\s*[:.]\s*(?=\S)"
    r"|\s+(?=(?:We|In|The|This|A|An|Our|Here|Background|Objectives?|Purpose|Introduction|Aims?"
    r"|Motivation|Context)\b))"
)
_LABELLED = re.compile(r"(.{0,20000}?)\b(?:Abstract:|ABSTRACT) (.+)", re.DOTALL)
_AUTHORS = re.compile(r"\bAuthors?(?:\(s\))?: (.{1,20000}?)(?= Abstract: |$)", re.DOTALL)
_IMPRINT = re.compile(
    r"Publication date: .{0,80} Source: "
    r"|[^.]{1,120}, (?:EarlyView|Volume \w+, Issue|Ahead of Print)\b"
)
_FOOT = re.compile(r" (?:PMID:[0-9]+(?: \|.{0,200})?|HTML XML PDF)$")
_NAMES_FIRST = re.compile(r"((?:[^;<>.!?]{2,60};){1,200})\s*</?br\s*/?>(.+)", re.DOTALL)
_BEGINNING = 300
_MUCH_MORE = 3


@dataclass
class Feed:
    """
    The feed at *url*, whose entries may link to *hosts*.

    *etag* and *last_modified* are the server's words for what was read last; they change with
    every reading, and an unchanged feed is not sent again. *title* is what it calls itself.
    """

    name: str
    url: str
    hosts: Collection[str] = ()
    etag: str | None = None
    last_modified: str | None = None
    title: str | None = None

    def read(
        self, http: Http, now: datetime, day: date | None = None
    ) -> list[tuple[date, Document]]:
        """
        Return what the feed shows today; nothing when that has not changed.

        Raises:
            FetchError: it could not be read.
            BadDocument: the answer is no feed.
            BadInput: *day* is not today.

        """
        today = now.astimezone(UTC).date()
        if day not in (None, today):
            raise BadInput(f"a feed holds what is new today and cannot be asked for {day}")
        answer = http.get_if_changed(self.url, etag=self.etag, last_modified=self.last_modified)
        if answer is None:
            return []
        document = parse(answer.body, self.hosts)
        # What broke off must be sent again in full.
        whole = document.warning is None
        self.etag = answer.etag if whole else None
        self.last_modified = answer.last_modified if whole else None
        self.title = document.title
        return [(today, document)]


def parse(body: bytes, hosts: Collection[str] = ()) -> Document:
    """
    Return what the feed *body* holds, in its order, with links to the approved *hosts*.

    The document's `hosts` are those that its entries would link to and that need approval,
    whether they have it or not.

    Raises:
        BadDocument: it is no feed.

    """
    feed = syndication.opened(body)
    document = each_read(numbered("entry", feed.items), lambda item: _entry(item, hosts))
    return replace(
        document, title=feed.title or None, warning=feed.warning, hosts=_hosts(feed.items)
    )


def _hosts(items: Iterable[Item]) -> tuple[str, ...]:
    links = filter(None, (text.https(item["link"]) for item in items))
    counted = Counter(text.host_of(link) for link in links if text.link(link) is None)
    return tuple(host for host, _ in counted.most_common())


def _entry(item: Item, hosts: Collection[str]) -> Entry:
    if item.error:
        raise Unreadable(item.error)
    title = text.clean(item["title"], text.TITLE)
    name = _doi(item)
    identifier = _arxiv_id(item, name)
    known = identifier or name or _own_name(item)
    abstract, creators = _described(item)
    tags = text.clean_each(item.tags, text.KEYWORD, text.KEYWORDS)
    return Entry(
        external_id=known,
        doi=None if dois.arxiv_id_of_doi(name) else name,
        title=needed("it", "title", title),
        abstract=abstract,
        authors=authors.from_creators(item.creators or creators),
        categories=tags if identifier else (),
        keywords=() if identifier else tags,
        url=_url(item, identifier, name, hosts),
        pdf_url=f"https://arxiv.org/pdf/{identifier}" if identifier else None,
        published_at=item.published_at,
    )


def _doi(item: Item) -> str | None:
    places = ("prism_doi", "dc_identifier", "id", "link")
    found = next(filter(None, (dois.doi(item[place]) for place in places)), None)
    beginnings = (text.clean(said, _BEGINNING) for said in item.contents)
    return found or next(filter(None, map(dois.named_doi, beginnings)), None)


def _arxiv_id(item: Item, name: str | None) -> str | None:
    of_link = (dois.arxiv_id_of_link(item[place]) for place in ("id", "link"))
    return next(filter(None, of_link), None) or dois.arxiv_id_of_doi(name)


def _own_name(item: Item) -> str:
    """Return a name that stays while the feed's own name for *item* stays."""
    own = item["id"] or item["link"] or item["title"]
    if not own.strip():
        raise Unreadable("neither id, link nor title")
    return f"feed-{sha256(own.strip().encode('utf-8', 'replace')).hexdigest()[:16]}"


def _url(
    item: Item, identifier: str | None, name: str | None, hosts: Collection[str]
) -> str | None:
    if identifier:
        return f"https://arxiv.org/abs/{identifier}"
    return text.link(item["link"], hosts) or (
        text.link(f"https://doi.org/{name}") if name else None
    )


def _described(item: Item) -> tuple[str, list[str]]:
    """Return the abstract of *item*, and the authors that are named beside it."""
    summary, *contents = item.contents
    said = summary
    for content in contents:
        # Some say the same in both places, some a line here and the abstract there.
        if len(content) > _MUCH_MORE * len(said):
            said = content
    said = _HEADING.sub(" Abstract: ", said)
    if names := _NAMES_FIRST.match(said.strip()):
        return text.clean(names[2], text.ABSTRACT), [names[1].rstrip("; ")]
    line = text.clean(said, text.ABSTRACT)
    creators = [named[1] for named in _AUTHORS.finditer(line)]
    return _unframed(line, item), creators


def _unframed(line: str, item: Item) -> str:
    """Return the abstract in *line*, without what its publisher put around it."""
    if _IMPRINT.match(line):
        return ""
    labelled = _LABELLED.match(line)
    if labelled and (_AUTHORS.search(labelled[1]) or dois.named_doi(labelled[1])):
        line = labelled[2]
    line = _FOOT.sub("", line)
    if link := text.https(item["link"]):
        line = line.removesuffix(text.host_of(link)).rstrip()
    return line[found.end() :] if (found := _HEAD.match(line)) else line

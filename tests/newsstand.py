"""A loopback server in the place of Hugging Face, arXiv and any feed, for tests."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from digest.sources.arxiv import Arxiv
from digest.sources.huggingface import HuggingFace
from tests.loopback import Listener

HUGGING_FACE, ANNOUNCED, QUERY, ARCHIVE = "/api/daily_papers", "/rss/cs.LG", "/api/query", "/oai"
"""Where each source is asked."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A paper as the sources show it; *id* is an arXiv id, or a feed's own name for it."""

    id: str
    title: str
    abstract: str = "We measure the tides of small networks."
    authors: tuple[str, ...] = ("Maud Ellery", "Tomasz Brandl")
    published: date = date(2026, 11, 19)
    upvotes: int = 0
    link: str = ""


@dataclass(frozen=True)
class Asked:
    """A request: its path, what stood behind the "?", and its headers."""

    path: str
    words: Mapping[str, str]
    headers: Mapping[str, str]


class Newsstand(Listener):
    """
    What the sources show; a test lays it out, and may break each of them.

    *daily* and *trending* are Hugging Face's lists, *announced* is arXiv's feed, *papers* are
    those that its query API knows, *archive* is its OAI-PMH pages, *pages* are whole documents by
    their path, such as feeds. A request whose path, or a word of which, is in *broken* is
    answered with 500, one of *cut* breaks off, one with an *expired* token gets arXiv's error;
    *sizes* is whether the archive says how many papers there are, and *asked* has every request.
    """

    def __init__(self) -> None:
        self.daily: dict[date, list[Any]] = defaultdict(list)
        self.trending: list[Any] = []
        self.announced: list[Item] = []
        self.papers: list[Item] = []
        self.archive: list[Sequence[Item]] = [[]]
        self.pages: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self.expired: set[str] = set()
        self.cut: set[str] = set()
        self.sizes = True
        self.asked: list[Asked] = []
        server = _Server(("127.0.0.1", 0), _Handler)
        server.stand = self
        super().__init__(server)

    def hugging_face(self) -> HuggingFace:
        return HuggingFace(self.url)

    def arxiv(self, listing: str | None = "cs.LG") -> Arxiv:
        return Arxiv(listing, self.url, query_url=self.url + QUERY, archive_url=self.url + ARCHIVE)

    def feed(self, path: str, *items: Item, title: str = "Journal of Tides") -> str:
        """Lay out a feed of *items*; return its address."""
        self.pages[path] = rss(items, title)
        return self.url + path

    def asked_for(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path == path]

    def answer(self, asked: Asked) -> bytes | None:
        """Return the document that is there for *asked*, if any."""
        match asked.path:
            case "/api/daily_papers" if "sort" in asked.words:
                return listed(*self.trending)
            case "/api/daily_papers":
                return listed(*self.daily.get(date.fromisoformat(asked.words["date"]), []))
            case "/rss/cs.LG":
                return announcements(self.announced)
            case "/api/query":
                wanted = asked.words["id_list"].split(",")
                return atom([paper for paper in self.papers if paper.id in wanted])
            case "/oai":
                return self._archived(asked.words.get("resumptionToken"))
        return self.pages.get(asked.path)

    def _archived(self, token: str | None) -> bytes:
        if token in self.expired:
            return b'<OAI-PMH><error code="badResumptionToken">It has expired.</error></OAI-PMH>'
        place = int(token.removeprefix("page ")) if token else 0
        following = f"page {place + 1}" if place + 1 < len(self.archive) else ""
        before, total = sum(map(len, self.archive[:place])), sum(map(len, self.archive))
        return archived(self.archive[place], following, (before, total) if self.sizes else None)


def rss(items: Iterable[Item], title: str = "Journal of Tides") -> bytes:
    """Return a feed as journals and preprint servers write them."""
    written = "".join(
        f"<item><guid isPermaLink='false'>{escape(each.id)}</guid>"
        f"<title>{escape(each.title)}</title><link>{escape(each.link)}</link>"
        f"<description>{escape(each.abstract)}</description>"
        f"<author>{escape(', '.join(each.authors))}</author>"
        f"<pubDate>{format_datetime(_midnight(each.published))}</pubDate></item>"
        for each in items
    )
    return f"<rss version='2.0'><channel><title>{title}</title>{written}</channel></rss>".encode()


def announcements(items: Iterable[Item]) -> bytes:
    """Return arXiv's feed of a day."""
    return rss(
        Item(
            id=f"oai:arXiv.org:{each.id}v1",
            title=each.title,
            abstract=f"arXiv:{each.id}v1 Announce Type: new\nAbstract: {each.abstract}",
            authors=each.authors,
            link=f"https://arxiv.org/abs/{each.id}",
            published=each.published,
        )
        for each in items
    )


def atom(items: Iterable[Item]) -> bytes:
    """Return an answer of arXiv's query API."""
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{each.id}v1</id><title>{escape(each.title)}</title>"
        f"<published>{each.published}T00:00:00Z</published>"
        f"<summary>{escape(each.abstract)}</summary>"
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in each.authors)
        + "</entry>"
        for each in items
    )
    namespace = "http://www.w3.org/2005/Atom"
    return f"<feed xmlns='{namespace}'><title>ArXiv Query</title>{entries}</feed>".encode()


def archived(items: Iterable[Item], token: str = "", size: tuple[int, int] | None = None) -> bytes:
    """
    Return a page of arXiv's archive; *token* leads to the next one.

    With *size* it says how many papers came on the pages before, and how many there are.
    """
    records = "".join(
        f"<record><header><identifier>oai:arXiv.org:{each.id}</identifier></header><metadata>"
        f"<arXiv><id>{each.id}</id><created>{each.published}</created>"
        f"<authors>{escape(', '.join(each.authors))}</authors><categories>cs.LG</categories>"
        f"<title>{escape(each.title)}</title><abstract>{escape(each.abstract)}</abstract>"
        "</arXiv></metadata></record>"
        for each in items
    )
    said = f" cursor='{size[0]}' completeListSize='{size[1]}'" if size else ""
    more = f"<resumptionToken{said}>{token}</resumptionToken>"
    return f"<OAI-PMH><ListRecords>{records}{more}</ListRecords></OAI-PMH>".encode()


def listed(*rows: object) -> bytes:
    """Return a list of Hugging Face; what is no `Item` stands there as it is."""
    return json.dumps([_row(each) for each in rows]).encode()


def _row(item: object) -> object:
    if not isinstance(item, Item):
        return item
    paper = {
        "id": item.id,
        "title": item.title,
        "summary": item.abstract,
        "upvotes": item.upvotes,
        "publishedAt": _midnight(item.published).isoformat(),
        "authors": [{"name": name} for name in item.authors],
    }
    return {"title": item.title, "paper": paper}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class _Server(ThreadingHTTPServer):
    stand: Newsstand


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        stand = cast("_Server", self.server).stand
        url = urlsplit(self.path)
        words = {name: values[0] for name, values in parse_qs(url.query).items()}
        asked = Asked(url.path, words, dict(self.headers))
        stand.asked.append(asked)
        if stand.broken & {url.path, *words.values()}:
            self._reply(500)
        elif (body := stand.answer(asked)) is None:
            self._reply(404)
        else:
            body = body[:-40] if stand.cut & {url.path, *words.values()} else body
            etag = f'"{sha256(body).hexdigest()[:16]}"'
            known = self.headers["If-None-Match"] == etag
            self._reply(304 if known else 200, b"" if known else body, etag)

    def _reply(self, status: int, body: bytes = b"", etag: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet: *asked* is the log."""

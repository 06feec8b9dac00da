"""The shelf: public pages as they were rendered, kept until what they show has changed."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Engine, func, select
from sqlalchemy.engine.interfaces import Dialect

import digest
from digest.language import spoken
from digest.models import EditionRow, Sighting
from digest.render import templates_folder
from digest.settings import Settings
from digest.web.pages import services

MOST_BYTES = 16 * 1024 * 1024
"""Of pages that a process keeps, some two hundred."""

DAY = timedelta(days=1)

_ARGUMENTS = frozenset({"topic", "page", "lang", "day", "per_page"})
"""With others a page is rendered each time: anybody can make up names without end."""

_SUFFIXES = frozenset({".py", ".html", ".xml", ".po", ".toml", ".css", ".js", ".svg"})

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Way:
    """How a public page is told from what it was."""

    kept: bool
    """Whether the page itself is kept, and not its tag alone."""
    for_at_most: timedelta
    """It says something of the time, and is another page when so much of it has passed."""
    kind: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page on the shelf."""

    body: bytes
    kind: str


class Shelf:
    """Pages by their tags, those that were asked for last."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._leaves: OrderedDict[str, Leaf] = OrderedDict()
        self._most, self._bytes = most_bytes, 0
        self._lock = threading.Lock()

    def find(self, tag: str) -> Leaf | None:
        with self._lock:
            leaf = self._leaves.get(tag)
            if leaf:
                self._leaves.move_to_end(tag)
            return leaf

    def put(self, tag: str, leaf: Leaf) -> None:
        with self._lock:
            if tag in self._leaves or len(leaf.body) > self._most:
                return
            self._leaves[tag] = leaf
            self._bytes += len(leaf.body)
            while self._bytes > self._most:
                _, oldest = self._leaves.popitem(last=False)
                self._bytes -= len(oldest.body)


_WAYS: dict[Callable[..., Any] | None, Way] = {}
"""By the view; none of them is None, the view of an address that has none."""


def public(
    *, kept: bool = True, for_at_most: timedelta = DAY, kind: str = "text/html"
) -> Callable[[View], View]:
    """
    Say of a view that its page is made of papers, address and language, and of nobody's token.

    Its answer has a tag that is known before anything is rendered.
    """

    def note(view: View) -> View:
        _WAYS[view] = Way(kept, for_at_most, kind)
        return view

    return note


def install(app: Flask, settings: Settings) -> None:
    """Answer for the public pages of *app* whoever has them already, or from the shelf."""
    shelf = Shelf()
    made_of = _made_of(settings)

    @app.before_request
    def _() -> Response | None:
        way = _WAYS.get(current_app.view_functions.get(request.endpoint or ""))
        if way is None or request.method not in ("GET", "HEAD"):
            return None
        # Before the page is made: what comes in meanwhile makes the next tag, not this one.
        g.tag, g.way = _tag(way, made_of), way
        if g.tag in request.if_none_match.as_set(include_weak=True):
            return Response(status=304, mimetype=way.kind)
        leaf = shelf.find(g.tag)
        return Response(leaf.body, content_type=leaf.kind) if leaf else None

    @app.after_request
    def _(response: Response) -> Response:
        if "tag" not in g or response.status_code not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            return response
        if response.status_code == HTTPStatus.OK and _may_be_kept(g.way):
            shelf.put(g.tag, Leaf(response.get_data(), response.content_type))
        response.set_etag(g.tag, weak=True)
        response.make_conditional(request)
        return response


def has_visitor(*made_of: object) -> bool:
    """Tag this answer, which is made of the papers and of this; tell whether its visitor has it."""
    address = (request.path, spoken().code)
    g.tag, g.way = _sum(_sources(), newest_ids(_engine()), *address, *made_of), None
    return g.tag in request.if_none_match.as_set(include_weak=True)


def _may_be_kept(way: Way | None) -> bool:
    return way is not None and way.kept and request.args.keys() <= _ARGUMENTS


def _tag(way: Way, made_of: str) -> str:
    """Return what changes whenever this page would be another one."""
    since = services().clock().timestamp() // way.for_at_most.total_seconds()
    address = (request.path, request.query_string, spoken().code)
    return _sum(made_of, newest_ids(_engine()), since, *address)


def _sum(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _engine() -> Engine:
    return cast("Engine", services().sessions.kw["bind"])


def newest_ids(engine: Engine) -> tuple[int | None, ...]:
    """Return the newest edition and sighting: whatever changes the papers adds one of either."""
    # Not by a session: its transaction takes fifteen times as long, and SQLite's waits for writers.
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(_asking(engine.dialect))
        found = tuple(cursor.fetchone() or ())
        cursor.close()
        return found
    finally:
        connection.close()


@cache
def _asking(dialect: Dialect) -> str:
    newest = [select(func.max(each.id)).scalar_subquery() for each in (EditionRow, Sighting)]
    return str(select(*newest).compile(dialect=dialect))


def _made_of(settings: Settings) -> str:
    """Return what stands for code, templates and settings, the same on all machines."""
    return _sum(_sources(), settings.site_name, settings.base_url, settings.embedded)


@cache
def _sources() -> str:
    sums = hashlib.blake2b(digest_size=12)
    for folder in (Path(digest.__file__).parent, templates_folder()):
        for path in sorted(folder.rglob("*.*")):
            if path.suffix in _SUFFIXES:
                sums.update(path.name.encode() + b"\0" + path.read_bytes())
    return sums.hexdigest()

"""Fetch: read the sources; keep each paper once, every sighting of it, every fact's source."""

from digest.fetch.keeping import columns, keep
from digest.fetch.reading import PARSERS, Source, chosen, fetch, load, sources_named
from digest.fetch.report import FetchReport

__all__ = [
    "PARSERS",
    "FetchReport",
    "Source",
    "chosen",
    "columns",
    "fetch",
    "keep",
    "load",
    "sources_named",
]

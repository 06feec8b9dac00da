"""The parts of the benchmark in the order in which they run, and what they share."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from benchmarks import (
    categories,
    deliveries,
    editions,
    findings,
    importing,
    latency,
    mails,
    matching,
    ones,
    personal,
    processes,
    real,
    reasons,
    relevance,
    searching,
    serving,
    sink,
    sinking,
    topics,
    trends,
    web,
    whole,
    wires,
)
from benchmarks.measure import Figure, Side, Sizes
from benchmarks.stores import Store, address, stores
from benchmarks.wire import bare_calls

MINUTES = 20
"""All parts together take no longer."""
RESERVE, LEAST = 60.0, 120.0
"""Seconds."""


@dataclass
class Bench:
    """What the parts share, each of it made when it is first asked for."""

    sizes: Sizes
    folder: Path | None = None
    """Of real papers; without it, figures that need them have no value."""
    readers: int | None = None
    """Of the large whole run; None: as many as are usual."""
    tell: Callable[[str], None] = lambda _: None
    """Takes a line on how far a long part has come."""
    _begun: float = field(default_factory=time.monotonic)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._open.close()

    @property
    def seconds_left(self) -> float:
        """What is left of the time that all parts may take, less a reserve."""
        return max(LEAST, MINUTES * 60 - RESERVE - (time.monotonic() - self._begun))

    @cached_property
    def stores(self) -> tuple[Store, Store]:
        """SQLite's and PostgreSQL's."""
        return self._open.enter_context(stores(self.sizes))

    @cached_property
    def sink(self) -> sink.Sink:
        return self._open.enter_context(sink.running())

    @cached_property
    def body(self) -> bytes:
        """One digest's bytes, made as all are made."""
        return deliveries.a_mail(self.stores[1])

    @cached_property
    def bare(self) -> Side:
        """Calls of SendEmail with the bytes of a digest, and nothing else."""
        _ = self.sink  # clients find it in the environment
        to = [address(number) for number in range(1, self.sizes.mails + 1)]
        return bare_calls(to, self.body)


Part = Callable[[Bench], Iterator[Figure]]

PARTS: dict[str, Part] = {
    "sink": lambda bench: sinking.figures(bench.sizes, bench.sink, bench.bare),
    "editions": lambda bench: editions.figures(bench.sizes),
    "matching": lambda bench: matching.figures(bench.sizes, bench.bare),
    "personal": lambda bench: personal.figures(bench.sizes, bench.folder),
    "mails": lambda bench: mails.figures(bench.sizes),
    "sqlite": lambda bench: deliveries.figures(bench.sizes, bench.stores[0], bench.bare),
    "postgresql": lambda bench: deliveries.figures(bench.sizes, bench.stores[1], bench.bare),
    "ones": lambda bench: ones.figures(bench.sizes, bench.stores[1], bench.bare),
    "latency": lambda bench: latency.figures(bench.sizes, bench.stores[1]),
    "processes": lambda bench: processes.figures(bench.sizes),
    "wires": lambda bench: wires.figures(bench.sizes, bench.sink.url, bench.body, bench.bare),
    "web": lambda bench: web.figures(bench.sizes, bench.stores[1]),
    "importing": lambda bench: importing.figures(bench.sizes),
    "serving": lambda bench: serving.figures(bench.sizes.readers),
    "searching": lambda bench: searching.figures(bench.sizes),
    "real": lambda bench: real.figures(bench.sizes, bench.folder),
    "topics": lambda bench: topics.figures(bench.sizes, bench.folder),
    "categories": lambda bench: categories.figures(bench.sizes, bench.folder),
    "findings": lambda bench: findings.figures(bench.sizes, bench.folder),
    "trends": lambda bench: trends.figures(bench.sizes, bench.folder),
    "relevance": lambda bench: relevance.figures(bench.sizes, bench.folder),
    "reasons": lambda bench: reasons.figures(bench.sizes, bench.folder),
    # The last, as it makes do with the time that the others have left.
    "whole": lambda bench: whole.figures(
        bench.sizes, bench.readers, bench.tell, bench.seconds_left
    ),
}

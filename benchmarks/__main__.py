"""`python -m benchmarks`: measure, print a table, and keep it as JSON."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import (
    categories,
    deliveries,
    editions,
    findings,
    mails,
    matching,
    real,
    reasons,
    relevance,
    searching,
    sink,
    topics,
    trends,
)
from benchmarks.measure import FULL, QUICK, Figure, Sizes
from benchmarks.stores import address, stores
from benchmarks.wire import bare_calls
from digest import logs

RESULTS = Path(__file__).with_name("results.json")
VERDICTS = {None: "", True: "met", False: "missed"}


def main() -> None:
    parser = _arguments()
    wanted = parser.parse_args()
    if wanted.data and not (wanted.data / real.PAPERS).is_file():
        parser.error(f"{wanted.data} has no {real.PAPERS}")
    _log_as_in_production()
    results = []
    for figure in figures(QUICK if wanted.quick else FULL, wanted.data):
        print(row(figure), flush=True)
        results.append(figure.as_json())
    wanted.out.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


def figures(sizes: Sizes, data: Path | None) -> Iterator[Figure]:
    """Yield every figure as soon as it is measured."""
    with stores(sizes) as (sqlite, postgres), sink.running():
        addresses = [address(number) for number in range(1, sizes.mails + 1)]
        bare = bare_calls(addresses, deliveries.a_mail(postgres))
        yield from editions.figures(sizes, sqlite)
        yield from matching.figures(sizes, bare)
        yield from mails.figures(sizes)
        for store in (sqlite, postgres):
            yield from deliveries.figures(sizes, store, bare)
    yield from real.figures(sizes, data)
    yield from topics.figures(sizes, data)
    yield from categories.figures(sizes, data)
    yield from findings.figures(sizes, data)
    yield from trends.figures(sizes, data)
    yield from relevance.figures(sizes, data)
    yield from reasons.figures(sizes, data)
    yield from searching.figures(sizes)


def row(figure: Figure) -> str:
    goal = f"{figure.goal or ''!s:18}{VERDICTS[figure.met]}"
    return f"{figure.name:66}{_shown(figure.value):>10} {figure.unit:11}{goal}".rstrip()


def _shown(value: float | None) -> str:
    if value is None:
        return "no data"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"a folder with {real.PAPERS}: real papers too"
    )
    parser.add_argument(
        "--out", type=Path, default=RESULTS, metavar="FILE", help="where the results go"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: see that all runs, measure nothing"
    )
    return parser


def _log_as_in_production() -> None:
    # A line a mail is part of the cost, though nobody reads it here; errors are to be seen.
    to_nobody = logging.FileHandler(os.devnull)
    to_nobody.setFormatter(logging.Formatter(logs.FORMAT))
    to_us = logging.StreamHandler(sys.stderr)
    to_us.setLevel(logging.ERROR)
    log = logging.getLogger("digest")
    log.handlers[:] = [to_nobody, to_us]
    log.setLevel(logging.INFO)


if __name__ == "__main__":
    main()

"""`python -m benchmarks`: measure, print a table, and keep it as JSON."""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import real, tables
from benchmarks.measure import FULL, QUICK, Figure, Goal
from benchmarks.parts import MINUTES, PARTS, Bench
from digest import logs

RESULTS = Path(__file__).with_name("results.json")
VERDICTS = {None: "", True: "met", False: "missed"}

WHOLE_GOAL = Goal(MINUTES)


def main() -> None:
    parser = _arguments()
    wanted = parser.parse_args()
    if wanted.refresh or wanted.markdown:
        _show_again(parser, wanted)
        return
    if wanted.data and not (wanted.data / real.PAPERS).is_file():
        parser.error(f"--data {wanted.data}: it has no {real.PAPERS}")
    _log_as_in_production()
    bench = Bench(QUICK if wanted.quick else FULL, wanted.data, readers=wanted.readers, tell=_tell)
    results = []
    with bench:
        for figure in figures(bench, wanted.only or list(PARTS)):
            print(row(figure), flush=True)
            results.append(figure.as_json())
    # Some parts are no whole: the last whole run's results stay, unless a file is named.
    if wanted.out or not wanted.only:
        text = json.dumps(results, indent=2) + "\n"
        (wanted.out or RESULTS).write_text(text, "utf-8")


def figures(bench: Bench, names: Sequence[str]) -> Iterator[Figure]:
    """Yield every figure of the parts *names* as soon as it is measured."""
    begun = time.monotonic()
    for name in names:
        part_begun, worked = time.monotonic(), time.process_time()
        yield from PARTS[name](bench)
        took, worked = time.monotonic() - part_begun, time.process_time() - worked
        _tell(f"{name}: {took:.0f} s, {worked:.0f} s of them at work in this process")
    if set(names) == set(PARTS):
        yield Figure("the whole benchmark", (time.monotonic() - begun) / 60, "min", WHOLE_GOAL)


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def _show_again(parser: argparse.ArgumentParser, wanted: argparse.Namespace) -> None:
    path = wanted.out or RESULTS
    if not path.is_file():
        parser.error(f"{path}: there are no results yet; run the benchmark first")
    results = json.loads(path.read_text("utf-8"))
    if wanted.markdown:
        print(tables.markdown(results))
    if wanted.refresh:
        for each in tables.refresh(results):
            print(each)


def row(figure: Figure) -> str:
    goal = f"{figure.goal or ''!s:18}{VERDICTS[figure.met]}"
    return f"{figure.name:66}{tables.shown(figure.value):>10} {figure.unit:11}{goal}".rstrip()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"a folder with {real.PAPERS}: real papers too"
    )
    parser.add_argument(
        "--only", action="append", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--readers", type=_count, metavar="N", help="of the large whole run, instead of a million"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"instead of {RESULTS.name}")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: see that all runs, measure nothing"
    )
    parser.add_argument(
        "--markdown", action="store_true", help="measure nothing; print the last results as a table"
    )
    parser.add_argument(
        "--refresh",
        action="store_true",
        help="measure nothing; put the last results into README.md and docs/performance.md",
    )
    return parser


def _count(text: str) -> int:
    count = int(text.replace(",", "").replace("_", ""))
    if count < 1:
        raise argparse.ArgumentTypeError("at least one reader")
    return count


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

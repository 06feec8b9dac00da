"""Commands about where papers come from."""

import json
import stat
import sys
from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest import pipeline, sourcing
from digest.cli.context import services
from digest.cli.group import Day, cli
from digest.errors import BadDocument, BadInput
from digest.fetch import FetchReport
from digest.services import Services
from digest.sources.compression import MAX_INFLATED

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

STANDARD_INPUT = Path("/dev/stdin")

PARTLY = 3
"""Exit code: a broken document, of which the readable entries were kept."""


@cli.command()
@click.option("--source", "names", multiple=True, help="One of DIGEST_SOURCES, or another source.")
@click.option("--day", type=Day(), help="The day of the list, in UTC.  [the newest]")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read a saved document instead; it may be gzipped.",
)
@click.option("--kind", type=click.Choice(pipeline.KINDS), help="What --file holds.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def fetch(
    *, names: Sequence[str], day: date | None, file: Path | None, kind: str | None, as_json: bool
) -> None:
    """
    Read the sources now, and freeze an edition of what is on offer.

    new + seen + skipped is the number of entries in what was read. Papers are kept once; every
    fetch adds a sighting with its upvotes and comments. Exit code 3: the document is broken, and
    what could be read of it was kept.

    \b
    Examples:
      digest fetch
      digest fetch --source huggingface --day 2026-11-19
      digest fetch --source arxiv:cs.RO+cs.CV
      digest fetch --file daily.json --kind huggingface --json
      digest fetch --file papers.jsonl.gz --kind jsonl
    """  # noqa: D301
    if bool(file) != bool(kind):
        raise click.UsageError("--file and --kind go together: say what the document holds.")
    if file and names:
        raise click.UsageError("--source and --file exclude each other.")
    with services() as built:
        if file and kind:
            report = _loaded(built, kind, file, day, as_json=as_json)
        else:
            report = pipeline.fetch(built, list(names) or None, day)
    _say(report, as_json=as_json)
    if report.errors:
        sys.exit(1)
    if report.broken:
        sys.exit(PARTLY)


def _loaded(
    built: Services, kind: str, file: Path, day: date | None, *, as_json: bool
) -> FetchReport:
    try:
        return pipeline.load(built, kind, _read(file), day)
    except BadDocument as exc:
        if as_json:
            click.echo(json.dumps({"new": 0, "seen": 0, "skipped": exc.skipped}))
        raise BadDocument(f"{file}: {exc}") from exc


def _read(file: Path) -> bytes:
    """
    Return what *file* holds.

    Raises:
        BadInput: it is neither a file nor a pipe, cannot be read, or holds too much.

    """
    try:
        mode = file.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or file == STANDARD_INPUT):
            raise BadInput(f"{file}: neither a file nor a pipe.")
        with file.open("rb") as opened:
            body = opened.read(MAX_INFLATED + 1)
    except OSError as exc:
        raise BadInput(f"{file}: cannot be read: {exc.strerror}.") from exc
    if len(body) > MAX_INFLATED:
        raise BadInput(f"{file}: holds more than {MAX_INFLATED // 1_000_000} MB; split it.")
    return body


def _say(report: FetchReport, *, as_json: bool) -> None:
    for problem in report.reasons + report.errors:
        click.echo(problem, err=True)
    counts = {"new": report.new, "seen": report.seen, "skipped": report.skipped}
    if as_json:
        click.echo(json.dumps(counts))
    else:
        click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))


@cli.command()
@click.option("--from", "first", type=Day(), required=True, help="First day of announcements.")
@click.option("--to", "last", type=Day(), required=True, help="Last day.")
@click.option("--set", "listing", default="cs", show_default=True, help="Set: cs, math, physics...")
def backfill(first: date, last: date, listing: str) -> None:
    """
    Keep arXiv's papers of past days, by OAI-PMH; broken off, it goes on where it ended.

    arXiv is asked once in three seconds, for a thousand papers each time.

    \b
    Example:
      digest backfill --from 2026-11-01 --to 2026-11-15 --set cs
    """  # noqa: D301
    if first > last:
        raise BadInput(f"--from {first} is after --to {last}.")
    # Of what length it is, the archive says with its first page.
    with services() as built, click.progressbar(repeat(None), label="papers", show_pos=True) as bar:
        report = sourcing.backfill(built, listing, first, last, partial(advance, bar))
    _say(report, as_json=False)


def advance(bar: "ProgressBar[None]", page: FetchReport, left: int | None) -> None:
    """Move *bar* on by the papers of a page; *left* of them are still to come."""
    here = page.new + page.seen + page.skipped
    bar.length = None if left is None else bar.pos + here + left
    # Behind one category comes another, of whose papers nothing was known.
    bar.finished = False
    bar.update(here)


@cli.group()
def papers() -> None:
    """Curate: picks count as sightings by the curator."""


@papers.command("pick")
@click.argument("what", metavar="ID|URL")
@click.option("--note", help="Why, in a sentence; shown with the paper.")
def pick(what: str, note: str | None) -> None:
    """
    Recommend the paper ID or URL to all readers.

    A paper that is not known yet is looked up at arXiv.

    \b
    Examples:
      digest papers pick 2611.01234 --note "The proof that everybody waited for."
      digest papers pick https://arxiv.org/abs/2611.01234
    """  # noqa: D301
    with services() as built:
        title = sourcing.pick(built, what, note)
    click.echo(f"Picked: {title}")


@papers.command("drop")
@click.argument("what", metavar="ID|URL")
def drop(what: str) -> None:
    """Take a pick back."""
    with services() as built:
        title = sourcing.drop(built, what)
    click.echo(f"Dropped: {title}")

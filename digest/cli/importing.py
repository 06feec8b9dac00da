"""The command that makes readers of the people on a list."""

import csv
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from stat import S_ISREG
from typing import TextIO

import click

from digest import lists
from digest.cli.context import BAD_INPUT, services
from digest.cli.group import Moment, cli
from digest.cli.sourcing import PARTLY, STANDARD_INPUT
from digest.errors import BadInput
from digest.lists import Consented, Document, Format, Record, Tally
from digest.lists.columns import NOTES

SHOWN = 20
"""Bad lines that are told one by one."""

OURS_ALONE = 0o600
"""The mode of files that hold addresses."""


@cli.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    help="Who wrote the file.  [told by its first line]",
)
@click.option("--consent-source", metavar="TEXT", help="Where all in the file have consented.")
@click.option("--consent-at", type=Moment(), help="When they have; the latest, if they differ.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the lines that cannot be used to this file, each with the reason.",
)
@click.option("--dry-run", is_flag=True, help="Read and check everything; add nobody.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def import_readers(
    *,
    file: Path,
    form: str | None,
    consent_source: str | None,
    consent_at: datetime | None,
    rejects: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Make readers of the people in FILE, a CSV file in UTF-8; `-` is standard input.

    Its first line names the columns: email, and as many as there are of zone, hour, cadence,
    topics, keywords, consent_at, consent_source and the others that `digest export` writes. Topics
    are slugs; several values in a cell are separated by `;`. What is missing has the default of
    someone new. Exports of listmonk are read as well, and the members that Mailman prints or
    Postorius exports: addresses, a line each, with or without a name.

    Whoever has consented, as consent_at and consent_source or --consent-at and --consent-source
    say, gets digests from their next regular hour on. All others are kept as pending and get no
    mail until they ask for it. Readers who exist are never changed, and whoever bounced,
    complained or was erased here is never added. Broken off, it goes on when it is run again.

    Exit code 3: some lines could not be used, the others were.

    \b
    Examples:
      digest import readers.csv --dry-run
      digest import readers.csv --rejects unusable.csv
      digest import subscribers.csv --consent-source "form on lab.example" --consent-at 2025-03-01
      mailman members papers.lab.example | digest import - --format mailman
    """  # noqa: D301
    if bool(consent_source) != bool(consent_at):
        raise click.UsageError("--consent-source and --consent-at go together.")
    path = STANDARD_INPUT if str(file) == "-" else file
    with (
        services() as built,
        lists.opened(path, Format(form) if form else None) as document,
        _rejects(rejects, document) as reject,
    ):
        now = built.clock()
        consented = _consented(document, consent_at, consent_source, now)
        _warn(document)
        with _progress(document) as tick:
            tally = lists.import_readers(
                built.sessions,
                built.keys,
                document,
                now=now,
                reject=reject,
                tick=tick,
                consented=consented,
                dry_run=dry_run,
            )
    _say(tally, dry_run=dry_run, as_json=as_json)
    if tally.bad:
        sys.exit(PARTLY if tally.read else BAD_INPUT)


def _consented(
    document: Document, at: datetime | None, source: str | None, now: datetime
) -> Consented | None:
    if at is None or source is None:
        return None
    if {"consent_at", "consent_source"} & set(document.header):
        raise BadInput("--consent-at: the file has consent columns of its own; leave one out.")
    return lists.consented(at.isoformat(), source, now)


def _warn(document: Document) -> None:
    if document.unknown:
        names = ", ".join(repr(name[:40]) for name in document.unknown)
        click.echo(f"Columns that mean nothing here, and are left out: {names}", err=True)


@contextmanager
def _progress(document: Document) -> Iterator[Callable[[Tally], None]]:
    with click.progressbar(length=document.size or 1, label="reading", file=sys.stderr) as bar:

        def tick(_: Tally) -> None:
            if document.size:
                bar.update(document.read - bar.pos)

        yield tick


@contextmanager
def _rejects(path: Path | None, document: Document) -> Iterator[lists.Reject]:
    """Yield what tells of lines that cannot be used: the first in words, all of them to *path*."""
    told = 0
    with _private(path, document) as out:
        lines = out and csv.writer(out)
        if lines:
            lines.writerow([*document.header, *NOTES])

        def reject(record: Record, why: str) -> None:
            nonlocal told
            told += 1
            if told <= SHOWN:
                click.echo(f"line {record.line}: {why}", err=True)
            if lines:
                cells = list(record.row)[: len(document.header)]
                missing = [""] * (len(document.header) - len(cells))
                lines.writerow([*cells, *missing, record.line, why])

        yield reject
    if told > SHOWN:
        all_of_them = f"; {path} has all of them" if path else "; --rejects FILE keeps them all"
        click.echo(f"... and {told - SHOWN:,} more lines{all_of_them}", err=True)


@contextmanager
def _private(path: Path | None, document: Document) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT, OURS_ALONE)
        if os.path.sameopenfile(number, document.text.fileno()):
            os.close(number)
            raise BadInput(f"--rejects: {path} is the file that is read; name another one.")
        if S_ISREG(os.fstat(number).st_mode):
            # What was there before goes, and whoever could read it must not read this.
            os.fchmod(number, OURS_ALONE)
            os.truncate(number, 0)
    except OSError as exc:
        raise BadInput(f"{path}: cannot be written: {exc.strerror}.") from exc
    with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        yield out


def _say(tally: Tally, *, dry_run: bool, as_json: bool) -> None:
    counts = dataclasses.asdict(tally)
    if as_json:
        click.echo(json.dumps(counts))
        return
    would = "would be " if dry_run else ""
    click.echo(
        f"{tally.active:,} {would}added, {tally.pending:,} {would}added as pending,"
        f" {tally.known:,} known, {tally.suppressed:,} suppressed, {tally.left:,} gone,"
        f" {tally.bad:,} bad"
    )

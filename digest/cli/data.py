"""Commands about what is kept of readers and mails: written out, erased, pruned."""

import json
import os
import sys
from itertools import repeat
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest import errands, lists, pruning, subscribers
from digest.cli.context import services
from digest.cli.group import cli
from digest.database import in_transaction
from digest.errors import BadInput
from digest.keys import Keys
from digest.models import AddressChange, Subscriber
from digest.services import Services

STANDARD_OUTPUT = Path("-")


@cli.command("export")
@click.argument(
    "file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True), required=False
)
def export_readers(*, file: Path | None) -> None:
    """
    Write all readers to FILE as CSV, with standing and consent; without FILE, to standard output.

    `digest import` reads it. FILE is replaced when everything is written, and is for your eyes
    only (mode 600).

    \b
    Examples:
      digest export readers.csv
      digest export | grep '@lab.example'
    """  # noqa: D301
    with services() as built:
        if file is None or file == STANDARD_OUTPUT:
            lists.export_readers(built.sessions, sys.stdout)
            return
        count = _written(built, file)
    click.echo(f"{count:,} readers in {file}")


def _written(built: Services, file: Path) -> int:
    try:
        with NamedTemporaryFile(
            "w",
            encoding="utf-8",
            newline="",
            dir=file.parent,
            prefix=f".{file.name}-",
            delete=False,
        ) as out:
            draft = Path(out.name)
            try:
                count = _export(built, out)
                out.flush()
                os.fsync(out.fileno())
                draft.replace(file)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
    except OSError as exc:
        raise BadInput(f"{file}: cannot be written: {exc.strerror}.") from exc
    return count


def _export(built: Services, out: IO[str]) -> int:
    with built.sessions.begin() as session:
        length = session.scalars(select(func.count(Subscriber.id))).one()
    with click.progressbar(length=length, label="writing", file=sys.stderr) as bar:
        return lists.export_readers(built.sessions, out, bar.update)


@cli.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(*, email: str, yes: bool) -> None:
    """
    Erase all that is kept of EMAIL, as its reader can do in their preferences.

    A keyed hash of the address stays, so that no import brings it back. Nothing undoes this. For
    some days EMAIL may also be an address that somebody moved away from, or asked to move to.

    \b
    Example:
      digest erase ann@example.org
    """  # noqa: D301
    address = subscribers.normalised(email)
    with services() as built:
        with built.sessions.begin() as session:
            reader = session.scalar(select(Subscriber).where(Subscriber.email == address))
            reader_id = reader.id if reader else None
            exported = reader and subscribers.export(session, reader, now=built.clock())
            kept = _kept(exported) if exported else _changes(session, built.keys, address)
        click.echo(f"{address}: {kept}")
        if not yes:
            click.confirm("Erase all of it?", abort=True)
        silent = _erase(built, reader_id, built.keys.address_hash(address))
    click.echo("Erased.")
    if not silent:
        click.echo("One mail to them was being sent at that moment and may still come.", err=True)


def _erase(built: Services, reader_id: int | None, address_hash: str) -> bool:
    now = built.clock()
    if reader_id is not None:
        return subscribers.erase(built.sessions, reader_id, now=now)
    moved = in_transaction(
        built.sessions, lambda session: subscribers.forget_address(session, address_hash, now)
    )
    return all(subscribers.silent(built.sessions, each) for each in moved)


def _changes(session: Session, keys: Keys, address: str) -> str:
    """Return in words which changes of address name *address*, at which nobody reads."""
    address_hash = keys.address_hash(address)
    told = [
        _told(each, session.get_one(Subscriber, each.subscriber_id), address_hash)
        for each in subscribers.changes_naming(session, address_hash)
    ]
    if not told:
        raise BadInput(f"{address} is nobody's address here; nothing is kept of it.")
    return " ".join(told)


def _told(change: AddressChange, reader: Subscriber, address_hash: str) -> str:
    if change.former_hash == address_hash and change.changed_at:
        until = change.changed_at + subscribers.UNDO_MOVE_WITHIN
        return (
            f"reader {reader.id} moved from there on {change.changed_at:%F}, and is at"
            f" {reader.email}. A link that was mailed there takes it back until {until:%F}, and"
            f" will be void. The reader stays, unless you say: digest erase {reader.email}"
        )
    return f"reader {reader.id} named it on {change.asked_at:%F} as their new address."


def _kept(exported: dict[str, object]) -> str:
    """Return in words how many rows there are of each kind; papers are not theirs."""
    counts = {name: len(rows) for name, rows in exported.items() if isinstance(rows, list)}
    counts.pop("paper", None)
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


@cli.command()
@click.option(
    "--days",
    type=click.IntRange(1, 36_500),
    default=pruning.USUAL_DAYS,
    show_default=True,
    help=f"How old deliveries and events may be; at least {pruning.LEAST_DAYS}.",
)
@click.option("--dry-run", is_flag=True, help="Count them; delete nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def prune(*, days: int, dry_run: bool, as_json: bool) -> None:
    """
    Delete old deliveries and events, a few at a time, beside whatever else goes on.

    What was sent to whom stays, so nobody is sent a paper twice; so do open and unknown
    deliveries, and each reader's newest digest. "View in browser" and the ratings' links of the
    mails that are pruned lead nowhere any more.

    \b
    Examples:
      digest prune --dry-run
      digest prune --days 200
    """  # noqa: D301
    with (
        services() as built,
        click.progressbar(repeat(None), label="pruning", show_pos=True, file=sys.stderr) as bar,
    ):
        if not dry_run:
            # Where no worker does so, the days' figures would go with what they are counted from.
            errands.count_figures(built)
        pruned = pruning.prune(
            built.sessions, built.clock(), days, dry_run=dry_run, tick=bar.update
        )
    if as_json:
        click.echo(json.dumps({"deliveries": pruned.deliveries, "events": pruned.events}))
    else:
        would = "would go" if dry_run else "are gone"
        click.echo(f"{pruned.deliveries:,} deliveries and {pruned.events:,} events {would}.")

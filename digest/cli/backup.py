"""Commands that save the database, bring it back, and move it to another one."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from digest import backup
from digest.backup import Manifest, Watch
from digest.cli.context import services
from digest.cli.group import cli
from digest.clock import utc_now
from digest.departures import Book
from digest.errors import BadInput
from digest.keys import SUPPRESSION, Keys, keys, take_over
from digest.settings import Settings, read_settings


@contextmanager
def _progress(label: str, rows: int) -> Iterator[Watch]:
    with click.progressbar(length=rows, label=label, file=sys.stderr) as bar:
        yield bar.update


@cli.command("backup")
@click.argument("place", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--keep", type=click.IntRange(1), help="In a FOLDER: remove all but so many of the newest."
)
@click.option("--with-keys", is_flag=True, help="Put the keys in too; then guard it like them.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def save(*, place: Path, keep: int | None, with_keys: bool, as_json: bool) -> None:
    """
    Write the whole database into one file, while everything runs.

    It is as the database was at one moment, and fits SQLite and PostgreSQL alike. Only its owner
    may read it: it holds every reader's address. It was read back before it got its name. The
    keys that it needs are named in it but not held, unless you say --with-keys.

    \b
    Examples:
      digest backup /backups --keep 14
      digest backup before-the-upgrade.zip --with-keys
    """  # noqa: D301
    if keep and not place.is_dir():
        raise BadInput(f"--keep: {place} is no folder; name one that is there.")
    with services() as built:
        url = built.settings.database_url.get_secret_value()
        # Written once and read back once.
        with _progress("saving", backup.count(url)) as watch:
            path, manifest = backup.save(url, place, built.keys, with_keys=with_keys, watch=watch)
    gone = backup.rotate(place, keep, made=path) if keep else []
    if as_json:
        told = {"file": str(path), "made_at": manifest.made_at.isoformat(), "rows": manifest.rows}
        click.echo(json.dumps({**told, "removed": [str(each) for each in gone]}))
        return
    click.echo(
        f"{path}: {manifest.rows} rows, as of {manifest.made_at:%F %T} UTC; read back, good."
    )
    for each in gone:
        click.echo(f"Removed {each}.")
    if not with_keys:
        click.echo(
            "It is of use only with DIGEST_SUPPRESSION_KEY and DIGEST_SECRET_KEYS: keep them."
        )


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(*, file: Path, yes: bool) -> None:
    """
    Fill an empty database (DIGEST_DATABASE_URL) from FILE, a backup; nothing is sent yet.

    Whoever left after the backup was made, by DIGEST_DEPARTURES_FILE, leaves again. Sending is
    stopped until `digest resume`, which sends nothing that may have been sent meanwhile.

    \b
    Example:
      digest restore /backups/daybreak-2026-11-20T030000Z.zip
    """  # noqa: D301
    settings = read_settings()
    url = settings.database_url.get_secret_value()
    with backup.opened(file) as archive:
        manifest, held = archive.manifest, archive.keys
    ours = _keys(settings, held)
    backup.check_key(manifest, ours)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    backup.check_empty(url)
    asked = f"Fill {backup.shown(url)} with {manifest.rows} rows of {manifest.made_at:%F %T} UTC?"
    if not yes:
        click.confirm(asked, abort=True)
    book = Book(settings.departures_file, ours.check) if settings.departures_file else None
    # Read from the file, and again from the database.
    with _progress("restoring", manifest.rows) as watch:
        restored = backup.restore(file, url, ours, now=utc_now(), book=book, watch=watch)
    click.echo("\n".join([*_told(restored, manifest, book), *_next(manifest, settings)]))


def _keys(settings: Settings, held: str | None) -> Keys:
    """Return the keys of this installation; embedded, it takes a backup's where it has none."""
    made_up = settings.state_dir / SUPPRESSION
    if settings.embedded and held is not None:
        told = dict(line.split("=", 1) for line in held.splitlines())
        signing = told["DIGEST_SECRET_KEYS"].partition(",")[0]
        take_over(settings.state_dir, signing, told["DIGEST_SUPPRESSION_KEY"])
    elif settings.embedded and not (settings.suppression_key or made_up.exists()):
        # One that is made up now would be another one, and be in the way of the right one.
        raise BadInput(
            f"{made_up} is missing: copy it, and secret.key, from where the backup was"
            " made, or restore a backup made with --with-keys."
        )
    return keys(settings)


def _told(restored: backup.Restored, manifest: Manifest, book: Book | None) -> Iterator[str]:
    yield f"Restored: {restored.rows} rows, as of {manifest.made_at:%F %T} UTC."
    if book and not book.is_there():
        yield (
            f"There is no {book.path}: nobody ever left, or this is not the file where departures"
            " were written down. If so, empty the database and restore again with the right one."
        )
    elif book:
        yield f"{restored.left} readers left since then by {book.path}, and have left again."
    else:
        yield (
            "Who left since then is not known: DIGEST_DEPARTURES_FILE is not set. They will be"
            " written to until they leave again."
        )
    yield f"{restored.closed} mails that were open then are not sent: they may have gone since."
    if restored.other_secret_keys:
        yield (
            "DIGEST_SECRET_KEYS has not all keys that links in older mails were signed with; those"
            " links are broken, but for the ones that unsubscribe."
        )


def _next(manifest: Manifest, settings: Settings) -> Iterator[str]:
    """Yield what is to be done now."""
    first, today = manifest.made_at.date(), utc_now().date()
    listings = [name.partition(":")[2] for name in settings.sources if name.startswith("arxiv:")]
    if first < today and listings:
        # arXiv's feed has today's papers only; those of the days between were sent, too.
        yield "So that arXiv's papers of the days between are known, before `digest resume`:"
        yield from (
            f"  digest backfill --from {first} --to {today - timedelta(days=1)} --set {listing}"
            for listing in listings
        )
    yield "Sending is stopped. Look around (`digest doctor`), start everything, then: digest resume"


@cli.command("migrate-to")
@click.argument("url")
def migrate_to(url: str) -> None:
    """
    Move to the empty database at URL, from SQLite to PostgreSQL or back.

    Stop pages, workers and beat first. Sending is stopped in the old database, which otherwise
    stays as it is; every table is compared by its rows and a checksum. All of it is there in the
    end, or nothing.

    \b
    Examples:
      digest migrate-to postgresql://daybreak:secret@db.example.org/daybreak
      digest migrate-to sqlite:////srv/daybreak/daybreak.db
    """  # noqa: D301
    target = read_settings(database_url=url).database_url.get_secret_value()
    with services() as built:
        source = built.settings.database_url.get_secret_value()
        if source == target:
            raise BadInput(f"{backup.shown(url)} is the database that is in use; name another one.")
        with _progress("moving", backup.count(source)) as watch:
            moved = backup.move(built, target, watch=watch)
    for each in moved:
        click.echo(f"{each.name:22}{each.rows:12} rows   {each.checksum[:16]}   the same in both")
    password = " (with its password)" if "@" in target else ""
    click.echo(
        f"Set DIGEST_DATABASE_URL to {backup.shown(target)}{password} everywhere, start pages,"
        " workers and beat, then: digest resume"
    )

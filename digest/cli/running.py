"""Commands that run the service and look after it."""

import click

from digest import backup, delivery, doctor, logs, migrations
from digest.cli.context import services
from digest.cli.findings import conclude
from digest.cli.group import cli
from digest.errors import BadInput
from digest.models import StoppedBy
from digest.services import prepare
from digest.settings import read_settings


@cli.command()
def migrate() -> None:
    """
    Bring the database's tables up to date.

    Safe to repeat, and to run on several machines at once.
    """
    settings = read_settings()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    changed = migrations.migrate(settings.database_url.get_secret_value())
    click.echo("The database is up to date now." if changed else "Nothing to do.")


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages.  [PORT or 8000]")
def up(host: str, port: int | None) -> None:
    """
    Run pages, worker and beat together, until Ctrl-C.

    On a first start it reads the sources, for 10 seconds; embedded, a built-in sample day
    stands in when none can be reached.

    \b
    Examples:
      digest up
      digest up --port 8080
      DIGEST_SOURCES=sample digest up        contact nobody
    """  # noqa: D301
    # Not above: the other commands here need no pages.
    from digest import up as everything  # noqa: PLC0415

    settings = read_settings(**({"port": port} if port else {}))
    logs.configure(form=settings.log_format)
    everything.up(settings, host)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages.  [PORT or 8000]")
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
def web(host: str, port: int | None, threads: int) -> None:
    """
    Serve the pages alone, as in production behind a proxy.

    Celery runs the rest: `celery -A workers.app worker` and `celery -A workers.app beat`.
    """
    from digest import up as everything  # noqa: PLC0415

    settings = read_settings(**({"port": port} if port else {}))
    logs.configure(form=settings.log_format)
    prepare(settings)
    everything.serve_pages(settings, host, threads)


@cli.command()
@click.option("--why", required=True, help="For the others who look after the service.")
def stop(why: str) -> None:
    """
    Stop all sending, on every machine, until `digest resume`.

    Returns when nothing is being sent any more, or after 15 seconds, and says what still is.
    """
    why = " ".join("".join(each if each.isprintable() else " " for each in why).split())
    if not why:
        raise BadInput("--why: say in a few words why; the others read it in `digest doctor`.")
    with services() as built:
        kept = delivery.stop(built.sessions, why, built.clock(), by=StoppedBy.OPERATOR)
        underway = delivery.still_sending(built.sessions)
    click.echo("Sending is stopped. What is due waits; nothing is lost.")
    if kept != why:
        click.echo(f"It had stopped by itself before: {kept}", err=True)
    if underway:
        click.echo(f"Still on their way, deliveries {', '.join(map(str, underway))}.", err=True)


@cli.command()
@click.option("--no-fetch", is_flag=True, help="After a restoration: do not read the sources now.")
@click.option("--anyway", is_flag=True, help="Though this database was moved to another one.")
def resume(*, no_fetch: bool, anyway: bool) -> None:
    """
    Let sending go on after `digest stop`, or after it stopped by itself.

    After `digest restore` it first reads the sources, then skips every digest that was due since
    the backup: it may have been sent. From then on readers are offered what is first seen later.
    """
    with services() as built:
        if backup.unresumed(built.sessions) and not no_fetch:
            click.echo("Reading the sources first; that takes two minutes at most.", err=True)
        resumed = backup.resume(built, read=not no_fetch, anyway=anyway)
    if resumed:
        click.echo(f"{resumed.skipped} digests that were due since the backup are skipped.")
    if resumed and resumed.awaited:
        click.echo(
            f"Not read: {', '.join(resumed.awaited)}. Until they are, only papers that were"
            " published after this moment are offered.",
            err=True,
        )
    click.echo("Sending goes on with the next sweep.")


@cli.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def examine(*, as_json: bool) -> None:
    """
    Say how the service is doing, and what to do where it is not well.

    Exits with 1 when something is wrong, for monitoring.
    """
    with services(ready=False) as built:
        findings = doctor.examine(built)
    conclude(findings, as_json=as_json)

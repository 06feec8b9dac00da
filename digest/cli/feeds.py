"""Commands about the feeds that an operator adds."""

import dataclasses
import json
from collections.abc import Iterable

import click

from digest import sourcing
from digest.cli.context import services
from digest.cli.group import cli
from digest.fetch import feeds
from digest.sources.entry import Document

SHOWN = 10


@cli.group()
def source() -> None:
    """Look after the feeds that papers come from, beside DIGEST_SOURCES."""


@source.command("test")
@click.argument("url")
def try_feed(url: str) -> None:
    """
    Show what would be read from the feed at URL, and which hosts its papers link to.

    \b
    Example:
      digest source test https://connect.biorxiv.org/biorxiv_xml.php?subject=genomics
    """  # noqa: D301
    with services() as built:
        feed, document = sourcing.look_at(built, url)
    click.echo(f"{feed.title or url}: {len(document.entries)} papers")
    for entry in document.entries[:SHOWN]:
        click.echo(f"  {entry.external_id}  {entry.title}")
    if len(document.entries) > SHOWN:
        click.echo(f"  ... and {len(document.entries) - SHOWN} more")
    for problem in document.unreadable:
        click.echo(f"  skipped: {problem}")
    _say_hosts(document)


def _say_hosts(document: Document) -> None:
    if document.hosts:
        click.echo(f"Its papers link to: {', '.join(sorted(document.hosts))}")


@source.command("add")
@click.argument("url")
@click.option("--yes", is_flag=True, help="Approve the hosts that its papers link to.")
def add_feed(url: str, *, yes: bool) -> None:
    """
    Read the feed at URL with every fetch from now on.

    Its papers may link to the hosts that it shows now; they are listed, and asked about.

    \b
    Example:
      digest source add https://www.biorxiv.org/rss/recent.rss --yes
    """  # noqa: D301
    with services() as built:
        feed, document = sourcing.look_at(built, url)
        click.echo(f"{feed.title or url}: {len(document.entries)} papers")
        _say_hosts(document)
        if document.hosts and not yes:
            click.confirm("May mails and pages link to these hosts?", abort=True)
        with built.sessions.begin() as session:
            row = feeds.add(
                session,
                url,
                title=feed.title or url,
                hosts=sorted(document.hosts),
                now=built.clock(),
            )
            click.echo(f"Added as {row.name}; `digest fetch` reads it now.")


@source.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_feeds(*, as_json: bool) -> None:
    """Print every source, and how its last reading ended."""
    with services() as built:
        states = sourcing.source_states(built)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(state) for state in states], default=str))
        return
    for line in _lines(states):
        click.echo(line)


def _lines(states: Iterable[sourcing.SourceState]) -> Iterable[str]:
    for state in states:
        read = f"{state.read_at:%F %R} UTC" if state.read_at else "never read"
        yield f"{state.name:36}{'paused' if state.paused else read}"
        if state.url:
            yield f"    {state.url}"
        if state.error:
            yield f"    last error: {state.error}"


@source.command("pause")
@click.argument("name")
def pause_feed(name: str) -> None:
    """Stop reading the feed NAME, until `digest source resume`."""
    _set_paused(name, paused=True)
    click.echo("Paused.")


@source.command("resume")
@click.argument("name")
def resume_feed(name: str) -> None:
    """Read the feed NAME again."""
    _set_paused(name, paused=False)
    click.echo("It is read again with the next fetch.")


def _set_paused(name: str, *, paused: bool) -> None:
    with services() as built, built.sessions.begin() as session:
        feeds.named(session, name).paused = paused


@source.command("remove")
@click.argument("name")
def remove_feed(name: str) -> None:
    """Forget the feed NAME; the papers that it showed stay."""
    with services() as built, built.sessions.begin() as session:
        session.delete(feeds.named(session, name))
    click.echo("Removed.")

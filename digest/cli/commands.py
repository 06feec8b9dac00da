"""Commands about papers, readers and mails."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime

import click

from digest import pipeline, previews, subscribers
from digest.cli.context import services
from digest.cli.group import Moment, TopicSlug, cli
from digest.settings import read_settings


@cli.command()
@click.argument("email")
@click.option(
    "--topic", "topics", type=TopicSlug(), multiple=True, help="Slug of a topic; repeat for more."
)
@click.option("--keyword", "keywords", multiple=True, help="Word or phrase; repeat for more.")
@click.option("--cadence", help="daily, weekdays, days, weekly or monthly.  [weekdays]")
@click.option("--day", "days", multiple=True, help="mon to sun; for days, weekly and monthly.")
@click.option("--hour", help="0 to 23, on the reader's clock.  [7]")
@click.option("--zone", help="IANA name of the reader's time zone.  [UTC]")
@click.option("--language", help="en, de: the language of the mails.  [en]")
@click.option("--confirmed", is_flag=True, help="The reader has consented: no confirmation mail.")
def subscribe(
    *,
    email: str,
    topics: Sequence[str],
    keywords: Sequence[str],
    cadence: str | None,
    days: Sequence[str],
    hour: str | None,
    zone: str | None,
    language: str | None,
    confirmed: bool,
) -> None:
    """
    Ask for the digest on behalf of EMAIL, as the form on the home page does.

    \b
    Examples:
      digest subscribe ann@example.org --topic reasoning --topic rlhf
      digest subscribe bo@example.org --cadence weekly --day fri --hour 16 --zone Europe/Berlin
      digest subscribe cy@example.org --keyword "tree search" --confirmed
    """  # noqa: D301
    address = subscribers.normalised(email)
    chosen = subscribers.choices(
        topics=topics or None,
        keywords=keywords or None,
        cadence=cadence,
        days=days or None,
        hour=hour,
        zone=zone,
        language=language,
    )
    with services() as built, built.sessions.begin() as session:
        now = built.clock()
        address_hash = built.keys.address_hash(address)
        if confirmed:
            subscribers.add(session, address, chosen, now=now, address_hash=address_hash)
            click.echo("Added; the first digest goes out with the next sweep.")
        else:
            subscribers.subscribe(session, address, chosen, now=now, address_hash=address_hash)
            click.echo("A confirmation is on its way, unless this address has been asked lately.")


@cli.command()
@click.argument("email", required=False)
@click.option("--sample", is_flag=True, help="A made-up reader and the built-in sample day.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in previews.Kind]),
    default="digest",
    show_default=True,
    help="Which mail.",
)
@click.option("--language", help="en, de: instead of the reader's own.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "text", "eml"]),
    default="text",
    show_default=True,
    help="Which part of the mail to print.",
)
def preview(*, email: str | None, sample: bool, kind: str, language: str | None, form: str) -> None:
    """
    Print the digest, or another mail, that EMAIL would get now; nothing is sent or recorded.

    \b
    Examples:
      digest preview ann@example.org
      digest preview --sample --format html > digest.html
      digest preview --sample --kind weekly --language de
    """  # noqa: D301
    if bool(email) == sample:
        raise click.UsageError("Name a subscriber's address, or say --sample.")
    which = previews.Kind(kind)
    language = subscribers.choices(language=language).language
    if email:
        with services() as built:
            body = previews.of_reader(built, subscribers.normalised(email), form, which, language)
    else:
        body = previews.of_sample(read_settings(), form, which, language)
    click.echo(body, nl=not body.endswith(b"\n"))


@cli.command()
@click.option("--now", type=Moment(), help="Plan as if it were this moment.")
def send_due(now: datetime | None) -> None:
    """
    Sweep once and send what is due, in this process.

    --now moves planning only: leases and grants live on the database's clock. The last line is
    JSON, and counts every kind of mail.

    \b
    Examples:
      digest send-due
      digest send-due --now 2026-11-21T07:00Z
    """  # noqa: D301
    with services() as built:
        sent = pipeline.send_due(built, now)
    click.echo(json.dumps(dataclasses.asdict(sent)))

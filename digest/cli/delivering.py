"""Commands about what became of mails."""

import dataclasses
import json
import sys
from datetime import date

import click

from digest import delivery, pipeline
from digest.cli.context import services
from digest.cli.group import Day, cli
from digest.delivery import Listed
from digest.models import DeliveryState

MOST = 2**63 - 1
"""The largest id that a database can hold."""


@cli.group()
def events() -> None:
    """Hear what became of mails that the mail system took over."""


@events.command("poll")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def poll(*, as_json: bool) -> None:
    """
    Read the queue of events (DIGEST_SQS_QUEUE_URL) until it is empty, for a minute at most.

    Workers do the same every half minute. A message that is not understood is left to the queue's
    dead-letter policy.
    """
    with services() as built:
        polled = pipeline.poll_events(built)
    if polled.error:
        click.echo(polled.error, err=True)
    counts = {"new": polled.new, "known": polled.known, "left": polled.left}
    if as_json:
        click.echo(json.dumps(counts))
    else:
        click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))
    sys.exit(1 if polled.error else 0)


@cli.group()
def deliveries() -> None:
    """Look at single mails, and settle what nobody else knows."""


@deliveries.command("list")
@click.option(
    "--state",
    type=click.Choice([state.value for state in DeliveryState]),
    help="Only those in this state.",
)
@click.option(
    "--day", type=Day(), help="Digests of this local date; other mails decided on then, in UTC."
)
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="How many, of the newest.",
)
@click.option("--addresses", is_flag=True, help="Print addresses too; mind where they end up.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_deliveries(
    *, state: str | None, day: date | None, limit: int, addresses: bool, as_json: bool
) -> None:
    """
    Print deliveries, the newest last: ids, kinds, states, moments in UTC.

    \b
    Examples:
      digest deliveries list --state unknown
      digest deliveries list --day 2026-11-20 --json
    """  # noqa: D301
    with services() as built:
        found = delivery.listed(
            built.sessions, state=DeliveryState(state) if state else None, day=day, limit=limit
        )
    rows = [_plain(each, addresses=addresses) for each in found]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo("  ".join(_cell(name, value) for name, value in row.items()).rstrip())


def _plain(listed: Listed, *, addresses: bool) -> dict[str, object]:
    row = dataclasses.asdict(listed)
    if not addresses:
        del row["address"]
    for name in ("decided_at", "sending_at"):
        row[name] = row[name] and row[name].strftime("%Y-%m-%dT%H:%M:%SZ")
    return row


_WIDTHS = {
    "id": 8,
    "subscriber": 8,
    "kind": 12,
    "day": 10,
    "state": 8,
    "decided_at": 20,
    "sending_at": 20,
}


def _cell(name: str, value: object) -> str:
    return f"{'-' if value is None else value!s:<{_WIDTHS.get(name, 1)}}"


@deliveries.command("settle")
@click.argument("delivery_id", metavar="ID", type=click.IntRange(1, MOST))
@click.argument("word", metavar="sent|resend", type=click.Choice(["sent", "resend"]))
def settle(delivery_id: int, word: str) -> None:
    """
    Say what became of delivery ID, whose outcome is unknown: it was sent, or is to be sent again.

    Nothing ambiguous is sent again by itself: only you can know, from the mail system's console
    or the reader. If an event tells meanwhile that the first mail was sent, the second is spared.

    \b
    Examples:
      digest deliveries settle 1234 sent
      digest deliveries settle 1234 resend
    """  # noqa: D301
    with services() as built:
        delivery.settle(built.sessions, delivery_id, again=word == "resend")
    done = "goes out again with the next sweep" if word == "resend" else "counts as sent"
    click.echo(f"Delivery {delivery_id} {done}.")

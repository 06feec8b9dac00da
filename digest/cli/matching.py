"""Commands that show what matching does."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from digest import previews, subscribers, tryouts
from digest.cli.context import services
from digest.cli.group import cli
from digest.match import Share, Why

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path)


@cli.command()
@click.option("--papers", type=_FILE, required=True, help="A paper a line, as JSON.")
@click.option("--interests", type=_FILE, required=True, help="An interest a line, as JSON.")
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Picks of each interest; 0 for every paper.",
)
def match(*, papers: Path, interests: Path, top: int) -> None:
    """
    Try interests out on papers: by interest alone, without trend and diversity.

    \b
    A paper:     {"id", "title", "abstract"}; "authors", "organization" if known
    An interest: {"id"} and any of "text", "topics" (slugs), "keywords", "muted",
                 "muted_topics", "authors", "organizations",
                 "liked" and "disliked": [{"title", "abstract"}, ...]
    Printed:     {"id", "picks": [{"paper", "score", "because"}, ...]}, best first

    Both files may be gzipped. A muted paper is no pick.

    \b
    Example:
      echo '{"id": "me", "text": "I work on speculative decoding"}' > me.jsonl
      digest match --papers papers.jsonl --interests me.jsonl --top 5
    """  # noqa: D301
    wanted = tryouts.interests(interests)
    on_offer = tryouts.papers(papers)
    for interest in wanted:
        picks = list(tryouts.ranked(on_offer, interest, top))
        click.echo(json.dumps({"id": interest.id, "picks": picks}, ensure_ascii=False))


@cli.command()
@click.argument("email")
@click.argument("paper")
def why(*, email: str, paper: str) -> None:
    """
    Print the whole sum that decides on PAPER for the reader EMAIL.

    PAPER is an id, 2611.01234, or an address that ends in it.

    \b
    Example:
      digest why ann@example.org 2611.01234
    """  # noqa: D301
    with services() as built:
        card, found = previews.why(built, subscribers.normalised(email), paper)
    click.secho(f"{card.title}\n", bold=True)
    for line in _sum(found):
        click.echo(line)


def _sum(found: Why) -> Sequence[str]:
    lines = [_line(share) for share in found.shares]
    lines += [f"{found.total:+8.3f}  together", ""]
    lines += [f"Because: {' '.join([each.lead, *each.chips])}" for each in found.reasons]
    words = {word: None for each in found.reasons for word in each.words}
    if words:
        lines.append(f"Words that carried it: {', '.join(words)}")
    lines += [f"Not sent: {each}." for each in found.against]
    if found.pick:
        lines.append(f"It is number {found.pick} of the digest that would go out now.")
    elif not found.against:
        lines.append("Others come before it in the digest that would go out now.")
    return lines


def _line(share: Share) -> str:
    return f"{share.adds:+8.3f}  {share.of}{f': {share.how}' if share.how else ''}"

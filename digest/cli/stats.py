"""The command that prints how the service did."""

import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

import click

from digest import errands, figures
from digest.cli.context import services
from digest.cli.group import cli
from digest.figures import Stats
from digest.figures.reading import Run, SourceHealth
from digest.figures.stats import Line, TopicFigures

COUNT_AGAIN_AFTER = timedelta(minutes=5)
TOPICS = 15

_BLOCKS, _ASCII = " ▁▂▃▄▅▆▇█", " .:-=+*#@"


@cli.command()
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=30,
    show_default=True,
    help="How many days, today included; days are in UTC.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON, day by day.")
def stats(*, days: int, as_json: bool) -> None:
    """
    Print how the service did: readers, digests, bounces, topics, sources, the last runs.

    The same is on the page /admin. It counts first, unless a worker did so within five minutes.

    \b
    Examples:
      digest stats
      digest stats --days 365 --json
    """  # noqa: D301
    with services() as built:
        with built.sessions.begin() as session:
            counted_at = figures.present(session, built.clock()).counted_at
        if counted_at is None or built.clock() - counted_at > COUNT_AGAIN_AFTER:
            errands.count_figures(built)
        with built.sessions.begin() as session:
            found = figures.stats(session, built.clock(), days)
    if as_json:
        click.echo(json.dumps(_plain(found), default=_word))
        return
    for line in _lines(found):
        click.echo(line.rstrip())


def _plain(found: Stats) -> dict[str, object]:
    plain = dataclasses.asdict(found)
    plain["answers"]["precision"] = found.answers.precision
    for each, topic in zip(plain["topics"], found.topics, strict=True):
        each["answers"]["precision"] = topic.answers.precision
    return plain


def _word(value: object) -> str:
    assert isinstance(value, date | datetime)  # noqa: S101  all else is known to JSON
    return value.isoformat()


def _lines(found: Stats) -> Iterator[str]:
    yield f"{found.days[0]} to {found.days[-1]}, UTC; one character a day"
    yield from _section("readers", found.readers, total=False)
    yield from _section("digests", found.digests, total=True)
    told = {
        "bounces": found.bounces,
        "soft bounces": found.soft_bounces,
        "complaints": found.complaints,
    }
    yield from _section("events", told, total=True)
    yield "\ntopics            followers     more     less  precision"
    yield from map(_topic, found.topics[:TOPICS])
    yield f"{'all papers':28}{found.answers.more:>8}{found.answers.less:>9}" + _share(
        found.answers.precision
    )
    yield "\nsources                readings   failed      new  read last"
    yield from map(_source, found.sources)
    yield "\nruns         readings   failed    mails  first  last   mails by the hour, 00 to 23"
    yield from map(_run, found.runs)


def _section(title: str, lines: Mapping[str, Line], *, total: bool) -> Iterator[str]:
    yield f"\n{title:16}{'total' if total else 'now':>10}"
    for name, values in lines.items():
        known = [each for each in values if each is not None]
        shown = (sum(known) if total else known[-1]) if known else None
        yield f"  {name:14}{_number(shown):>10}  {_sparks(values)}"


def _sparks(values: Sequence[int | None]) -> str:
    """Return one character for each number, the higher the larger it is."""
    signs = _BLOCKS if _prints(_BLOCKS) else _ASCII
    most = max((each or 0 for each in values), default=0) or 1
    return "".join(signs[-(-(each or 0) * (len(signs) - 1) // most)] for each in values)


def _prints(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return f"{'-' if value is None else f'{value:.0%}':>11}"


def _topic(topic: TopicFigures) -> str:
    answers = topic.answers
    return (
        f"  {topic.slug[:22]:22}{topic.followers:>4,}{answers.more:>8}{answers.less:>9}"
        f"{_share(answers.precision)}"
    )


def _source(source: SourceHealth) -> str:
    read = f"{source.good_at:%F %R}" if source.good_at else "never"
    # A source's own words may hold what a terminal would obey.
    error = "".join(each if each.isprintable() else " " for each in source.error)
    return (
        f"  {source.name[:20]:20}{source.readings:>9,}{source.failures:>9,}{source.papers:>9,}"
        f"  {read}  {error}"
    )


def _run(run: Run) -> str:
    failed = sum(not good for _, good in run.fetches)
    first, last = (f"{at:%R}" if at else "-" for at in (run.first_at, run.last_at))
    return (
        f"  {run.day}{len(run.fetches):>9}{failed:>9}{sum(run.hours):>9,}  {first:5}  {last:5}"
        f"  {_sparks(run.hours)}"
    )

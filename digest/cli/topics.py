"""Commands about topics: what there are, which a paper is about, and how that is learnt."""

import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import click
import numpy as np

from digest.cli.context import BAD_INPUT, services
from digest.cli.group import cli
from digest.cli.sourcing import PARTLY
from digest.errors import BadDocument, BadInput
from digest.services import Services
from digest.topics import adopting, classifier, model, reading, taxonomy, training
from digest.topics.adopting import Trial
from digest.topics.classifier import Classifier, shipped
from digest.topics.descent import Floats, Tick
from digest.topics.examples import Example, united
from digest.topics.figures import Figures

LEAST = 0.01
"""Less likely than this is not printed."""
DIGITS = 4

Readable = tuple[str, tuple[str, str]]


@cli.group("topics")
def topics_group() -> None:
    """Look at the topics that readers can follow, and learn them."""


@topics_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_topics(*, as_json: bool) -> None:
    """Print every topic by group: its slug, name and what it is about."""
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(topic) for topic in taxonomy.topics()]))
        return
    for group, members in taxonomy.grouped().items():
        click.secho(f"\n{group}", bold=True)
        for topic in members:
            click.echo(f"  {topic.slug:24}{topic.name}: {topic.description}")


@topics_group.command("train")
@click.argument("files", metavar="[DATA]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the model to this file; nothing is compared or adopted.",
)
@click.option(
    "--without",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Leave out the papers whose ids begin this file's lines; they are kept for measuring.",
)
def train(*, files: Sequence[Path], out: Path | None, without: Path | None) -> None:
    """
    Learn from DATA, or without any from the papers in the database.

    DATA are JSON lines, gzipped or not: papers with arXiv categories, or the days of Hugging Face;
    or an answer of Hugging Face's API. The new model is used from the next edition on if it is no
    worse than the one in use, on the newest papers, which it is not shown.

    \b
    Examples:
      digest topics train
      digest topics train arxiv.jsonl.gz days.jsonl.gz --out model.npz
    """  # noqa: D301
    left_out = _ids(without)
    if out and files:
        check_writable(out)
        _write(out, united(read_all(files), left_out))
        return
    with services() as built:
        if files:
            examples = read_all(files)
        else:
            with built.sessions() as session:
                examples = adopting.own_papers(session)
        examples = united(examples, left_out)
        if out:
            check_writable(out)
            _write(out, examples)
        else:
            _adopt(built, examples)


def _ids(file: Path | None) -> set[str]:
    lines = file.read_text("utf-8", errors="replace").splitlines() if file else []
    return {line.split()[0] for line in lines if line.strip()}


def read_all(files: Sequence[Path]) -> list[Example]:
    found: list[Example] = []
    for file in files:
        found += reading.read(file)
        click.echo(f"{file}: {len(found):,} papers so far", err=True)
    return found


def check_writable(out: Path) -> None:
    # Before the minutes of training, not after them.
    if not out.parent.is_dir():
        raise BadInput(f"{out}: there is no folder {out.parent}.")


def _write(out: Path, examples: Sequence[Example]) -> None:
    with _bar(examples) as tick:
        learnt = training.train(examples, datetime.now(UTC).date(), tick)
    out.write_bytes(model.to_bytes(learnt))
    click.echo(json.dumps(learnt.facts))


def _adopt(built: Services, examples: Sequence[Example]) -> None:
    with built.sessions() as session:
        present = adopting.in_use(session)
    now = built.clock()
    with _bar(examples) as tick:
        trial = adopting.tried(examples, present, now, tick)
    _say(trial)
    if trial.passed:
        with built.sessions.begin() as session:
            adopting.adopt(session, trial, now)
        click.echo("Adopted: it is used from the next edition on.")
    else:
        click.echo("Not adopted: it did not prove as good as the model in use.")


@contextmanager
def _bar(examples: Sequence[Example]) -> Iterator[Tick]:
    length = training.work(examples)
    with click.progressbar(length=length, label="training", file=sys.stderr) as bar:
        yield bar.update


def _say(trial: Trial) -> None:
    click.echo(f"{trial.new.papers:,} papers held back; new model, model in use:")
    for name in ("first", "first_three", "confidence_error", "topics"):
        shown = [_shown(figures, name) for figures in (trial.new, trial.present)]
        click.echo(f"  {name:18}{shown[0]:>8}{shown[1]:>8}")


def _shown(figures: Figures, name: str) -> str:
    value = getattr(figures, name)
    return "-" if value is None else f"{value:.4f}"


@cli.command()
@click.option(
    "--model",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Use the model in this file instead of the one that comes with the package.",
)
def classify(*, file: Path | None) -> None:
    """
    Print the arXiv categories and topics of papers from standard input, a line of JSON each.

    Categories have the probability that they are the paper's primary one, topics that the paper
    is about them. Exit code 3: some lines could not be read; they are named, the others printed.

    \b
    Example:
      digest classify < papers.jsonl
      {"id": "1", "title": "...", "abstract": "..."}           is read
      {"id": "1", "categories": [["cs.CL", 0.81], ...], "topics": [["long-context", 0.77], ...]}
    """  # noqa: D301
    told = classifier.load(file.read_bytes()) if file else shipped()
    lines = _Lines(sys.stdin.buffer)
    for some in lines.chunks():
        for line in _classified(told, some):
            click.echo(line)
        sys.stdout.flush()
    if lines.unreadable:
        sys.exit(PARTLY if lines.read else BAD_INPUT)


class _Lines:
    """Papers from a stream, some at a time; what cannot be read is said and counted."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = enumerate(stream, start=1)
        self.read = self.unreadable = 0

    def chunks(self) -> Iterator[list[Readable]]:
        while some := list(islice(self._lines, classifier.AT_ONCE)):
            papers = [paper for number, line in some if (paper := self._paper(number, line))]
            self.read += len(papers)
            yield papers

    def _paper(self, number: int, line: bytes) -> Readable | None:
        if not line.strip():
            return None
        try:
            identifier, title, abstract = reading.paper(line)
        except BadDocument as exc:
            self.unreadable += 1
            click.echo(f"line {number}: {exc}", err=True)
            return None
        return identifier, (title, abstract)


def _classified(told: Classifier, papers: Sequence[Readable]) -> Iterator[str]:
    about, of_category = told.both([text for _, text in papers])
    slugs = [topic.slug for topic in taxonomy.topics()]
    for (identifier, _), topics, categories in zip(papers, about, of_category, strict=True):
        found = {
            "id": identifier,
            "categories": _likely(told.category_names, categories),
            "topics": _likely(slugs, topics),
        }
        yield json.dumps(found, ensure_ascii=False)


def _likely(names: Sequence[str], likely: Floats) -> list[list[str | float]]:
    """Return names with their probabilities, best first."""
    best = np.argsort(-likely, kind="stable")
    kept = best[likely[best] >= LEAST].tolist()
    return [[names[n], round(float(likely[n]), DIGITS)] for n in kept]

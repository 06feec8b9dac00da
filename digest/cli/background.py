"""The command that learns the background of the vector space, which ships with the package."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from digest.cli.topics import check_writable, read_all, topics_group
from digest.errors import BadInput
from digest.space import background
from digest.topics.examples import Example, united


@topics_group.command("background")
@click.argument(
    "files", metavar="DATA...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the background to this file.",
)
@click.option(
    "--without",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Leave out the papers whose ids or titles are this file's lines; they are kept for"
    " measuring.",
)
def learn(*, files: Sequence[Path], out: Path, without: Path | None) -> None:
    """
    Learn from DATA which words are rare, and which go together.

    What comes of it is the background of the vector space that texts and likes are compared in.
    DATA are as those of "digest topics train". It takes minutes and about 2 GB of memory.

    \b
    Example:
      digest topics background arxiv.jsonl.gz days.jsonl.gz --out digest/space/background.npz
    """  # noqa: D301
    # Not above: it brings the whole of scikit-learn, and every command would wait for it.
    from digest.space import training  # noqa: PLC0415

    check_writable(out)
    papers = _left(united(read_all(files)), _lines(without))
    with click.progressbar(papers, label="counting words", file=sys.stderr) as counted:
        try:
            learnt = training.learn(f"{each.title}\n{each.abstract}" for each in counted)
        except ValueError as exc:
            raise BadInput(
                f"{len(papers):,} papers have too few words in common: give more of them."
            ) from exc
    out.write_bytes(background.to_bytes(learnt))
    facts = {"papers": learnt.papers, "stems": len(learnt.stems), "dimensions": learnt.dimensions}
    click.echo(json.dumps(facts))


def _lines(file: Path | None) -> set[str]:
    lines = file.read_text("utf-8", errors="replace").splitlines() if file else []
    return {_plain(line) for line in lines}


def _left(papers: Sequence[Example], out: set[str]) -> list[Example]:
    return [each for each in papers if not {_plain(each.id), _plain(each.title)} & out]


def _plain(line: str) -> str:
    return " ".join(line.split()).casefold()

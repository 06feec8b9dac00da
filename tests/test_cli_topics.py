"""`digest classify` and `digest topics train`, as an operator types them."""

import io
import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from digest.space import background
from digest.topics import taxonomy
from tests.lessons import papers, written
from tests.test_cli import Digest, Ended, digest

__all__ = ["digest"]

PAPER = {
    "id": "2611.00001",
    "title": "Speculative decoding for large language models",
    "abstract": "We speed up LLM inference by drafting tokens and a better KV cache.",
}
Classify = Callable[..., Ended]


@pytest.fixture
def classify(digest: Digest, monkeypatch: pytest.MonkeyPatch) -> Classify:
    def run(*lines: object, options: tuple[str | Path, ...] = ()) -> Ended:
        written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        body = "".join(f"{line}\n" for line in written).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
        return digest("classify", *options)

    return run


def test_a_paper_is_classified_a_line_best_first(classify: Classify) -> None:
    ended = classify(PAPER, PAPER | {"id": 7, "abstract": None})

    first, second = map(json.loads, ended.out.splitlines())
    assert ended.code == 0
    assert (first["id"], second["id"]) == ("2611.00001", "7")
    assert first["categories"][0][0] == "cs.CL"
    assert first["topics"][0][0] == "inference-serving"
    for name in ("categories", "topics"):
        likely = [probability for _, probability in first[name]]
        assert likely == sorted(likely, reverse=True)
        assert all(0.01 <= probability <= 1 for probability in likely)
    assert {slug for slug, _ in first["topics"]} <= set(taxonomy.by_slug())


def test_a_bad_line_is_named_and_the_others_are_classified(classify: Classify) -> None:
    ended = classify(PAPER, "not JSON", "", {"id": "2"}, PAPER)

    assert ended.code == 3
    assert len(ended.out.splitlines()) == 2
    assert ended.err.splitlines() == ["line 2: no JSON", 'line 4: no "title"']


def test_half_of_a_surrogate_pair_can_be_printed_too(classify: Classify) -> None:
    ended = classify(PAPER | {"id": "\ud800"}, PAPER)

    assert ended.code == 0
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == ["?", PAPER["id"]]


@pytest.mark.parametrize("line", ["not JSON", "[]", '{"title": "A"}', '{"id": "1", "title": 2}'])
def test_nothing_readable_is_bad_input(classify: Classify, line: str) -> None:
    ended = classify(line)

    assert ended.code == 2
    assert not ended.out
    assert ended.err.startswith("line 1: no")


def test_no_papers_are_no_lines(classify: Classify) -> None:
    ended = classify()

    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_whoever_reads_no_further_is_no_error(tmp_path: Path) -> None:
    many = tmp_path / "papers.jsonl"
    many.write_text(f"{json.dumps(PAPER)}\n" * 3000)
    command = [sys.executable, "-c", "from digest.cli import main; main()", "classify"]

    with (
        many.open("rb") as lines,
        subprocess.Popen(
            command, stdin=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running,
    ):
        assert running.stdout is not None
        assert running.stderr is not None
        assert json.loads(running.stdout.readline())["id"] == PAPER["id"]
        running.stdout.close()
        said = running.stderr.read()

    assert said == b""


def test_a_model_can_be_written_and_classified_with(
    digest: Digest, classify: Classify, tmp_path: Path
) -> None:
    data = written(tmp_path / "papers.jsonl", papers(1300))
    held = tmp_path / "held.tsv"
    held.write_text("# measured later\n2601.00000\tgalaxies\n", "utf-8")
    out = tmp_path / "model.npz"

    ended = digest("topics", "train", data, "--out", out, "--without", held)

    assert ended.code == 0
    assert ended.last_line["papers"] == 1299
    told = json.loads(classify(PAPER, options=("--model", out)).out)
    assert {name for name, _ in told["categories"]} <= {"cs.CL", "cs.CV", "astro-ph.GA"}


def test_a_better_model_is_adopted_and_the_figures_are_shown(
    digest: Digest, tmp_path: Path
) -> None:
    data = written(tmp_path / "papers.jsonl", papers(1300))

    ended = digest("topics", "train", data)

    assert ended.code == 0
    assert "130 papers held back" in ended.out
    assert "Adopted" in ended.out


def test_no_better_model_than_the_own_one_is_not_adopted(digest: Digest, tmp_path: Path) -> None:
    good = written(tmp_path / "good.jsonl", papers(1300))
    digest("topics", "train", good)
    # Papers whose labels say nothing of their words teach nonsense.
    lines = good.read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    for row, other in pairwise(rows[:1171]):
        row |= {"primary_category": other["primary_category"], "categories": other["categories"]}
    bad = tmp_path / "bad.jsonl"
    bad.write_text("\n".join(map(json.dumps, rows)), "utf-8")

    ended = digest("topics", "train", bad)

    assert ended.code == 0
    assert "Not adopted" in ended.out


def test_a_young_installation_has_too_little_to_learn_from(digest: Digest) -> None:
    ended = digest("topics", "train")

    assert ended.code == 2
    assert "0 papers in 0 arXiv categories are too few to learn from" in ended.err


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.jsonl", "{}\n", 'a.jsonl, line 1: no "id"'),
        ("a.jsonl", "", "a.jsonl: holds no papers"),
        ("a.json", "[1]", "a.json"),
    ],
)
def test_data_that_cannot_be_used_are_named(
    digest: Digest, tmp_path: Path, name: str, body: str, said: str
) -> None:
    (tmp_path / name).write_text(body, "utf-8")

    ended = digest("topics", "train", tmp_path / name)

    assert ended.code == 2
    assert said in ended.err


def test_a_place_that_cannot_be_written_is_said_before_the_work(
    digest: Digest, tmp_path: Path
) -> None:
    data = written(tmp_path / "papers.jsonl", papers(1300))

    ended = digest("topics", "train", data, "--out", tmp_path / "nowhere" / "model.npz")

    assert ended.code == 2
    assert "there is no folder" in ended.err


def test_what_is_no_model_is_refused(classify: Classify, tmp_path: Path) -> None:
    file = tmp_path / "model.npz"
    file.write_text("no model", "utf-8")

    ended = classify(PAPER, options=("--model", file))

    assert ended.code == 2
    assert "no model of topics" in ended.err


def test_the_background_of_the_space_is_learnt_from_papers(digest: Digest, tmp_path: Path) -> None:
    draw = random.Random(0)
    words = ["".join(draw.choices("bdfgklmnprt", k=6)) for _ in range(500)]
    examples = [
        replace(each, title=f"Paper {number}", abstract=" ".join(draw.sample(words, 30)))
        for number, each in enumerate(papers(600))
    ]
    data = written(tmp_path / "papers.jsonl", examples)
    kept = tmp_path / "kept.txt"
    kept.write_text(f"{examples[0].id}\n paper  7\n")

    ended = digest("topics", "background", data, "--out", tmp_path / "b.npz", "--without", kept)

    assert ended.code == 0, ended.err
    learnt = background.from_bytes((tmp_path / "b.npz").read_bytes())
    assert json.loads(ended.out)["papers"] == learnt.papers == 598


def test_too_few_papers_teach_no_background(digest: Digest, tmp_path: Path) -> None:
    data = written(tmp_path / "papers.jsonl", papers(5))

    ended = digest("topics", "background", data, "--out", tmp_path / "b.npz")

    assert ended.code == 2
    assert "5 papers have too few words in common: give more of them." in ended.err
    assert not (tmp_path / "b.npz").exists()

"""The benchmarks run, all of them, and keep what they found; how fast is not a test's question."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import corpus, real
from benchmarks.judged import SETS
from benchmarks.measure import QUICK, Figure, Goal, Side, interleaved, ratio
from benchmarks.parts import PARTS
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT

ROOT = Path(__file__).parents[1]

Finished = tuple[str, list[dict[str, Any]]]

SEEDS = taxonomy.topics()[0].seeds
REAL = [
    {"title": " and ".join(SEEDS), "abstract": ", ".join(SEEDS)},
    {"title": "A paper", "abstract": "It is about nothing that we know."},
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """What a run with tiny sizes has printed, and what it has written."""
    out = tmp_path_factory.mktemp("benchmarks") / "results.json"
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    for part in PARTS:
        assert f"  {part}: " in ran.stderr
    return ran.stdout, json.loads(out.read_text("utf-8"))


def test_every_figure_is_written_once_and_in_one_form(
    finished: Finished,
) -> None:
    _, results = finished

    assert len({figure["name"] for figure in results}) == len(results)
    for figure in results:
        assert set(figure) == {"name", "value", "unit", "goal", "met"}
        # Of so little work the kernel's ticks may have seen nothing.
        assert figure["value"] is None or figure["value"] >= 0
        assert (figure["met"] is None) == (figure["goal"] is None or figure["value"] is None)


def test_both_databases_and_both_ends_of_a_mail_are_measured(
    finished: Finished,
) -> None:
    _, results = finished

    names = {figure["name"] for figure in results}

    for store in ("SQLite", "PostgreSQL"):
        assert f"plan a digest, {store}" in names
        assert f"a mail end to end, {store}, not sent" in names
        assert f"a mail end to end, {store}, SendEmail / bare SendEmail" in names


def test_the_table_shows_what_is_written(
    finished: Finished,
) -> None:
    table, results = finished

    shown = [line[:66].rstrip() for line in table.splitlines()]

    assert shown == [figure["name"] for figure in results]


def test_without_real_papers_their_figures_say_so(
    finished: Finished,
) -> None:
    table, results = finished

    without = {figure["name"] for figure in results if figure["value"] is None}

    assert without == {
        "classifier, real papers",
        "real papers about at least one topic",
        "topics, macro F1: keyword look-up",
        "topics, precision: keyword look-up",
        "topics, macro F1: classifier",
        "topics, precision: classifier",
        "primary category: plain TF-IDF",
        "primary category: classifier",
        "primary category among three: plain TF-IDF",
        "primary category among three: classifier",
        "calibration error, all categories",
        "calibration error, the likeliest",
        "finding: choose one, from a real abstract",
        *(
            f"finding, {asked}: {way}"
            for asked in ("best", "acceptable")
            for way in (
                *("first sentence", "last sentence"),
                *("chosen", "chosen, 2.5 %", "chosen, 97.5 %"),
            )
        ),
        "a day's upvotes by all but upvotes, fitted on earlier days",
        "a day's upvotes by authors",
        "a day's upvotes by comments",
        "a day's upvotes by stars",
        *(f"{name}: {ours}" for name in SETS for ours in ("plain TF-IDF", "digest match")),
        "mean paired gain over plain TF-IDF",
        "mean paired gain: 2.5 %",
        "mean paired gain: 97.5 %",
        "least gain of a set",
        "likes: of ten, as a LinearSVC for each reader",
        "likes: of ten papers, as LinearSVC, 3,000 papers of history",
        "likes: of ten papers, as LinearSVC, 10,000 papers of history",
        "reasons that hold, of 200 picks",
    }
    assert table.count("no data") == len(without)


def test_real_papers_are_measured_where_there_are_some(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "hf_daily_papers.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(paper)}\n" for paper in REAL)

    measured = {figure.name: figure.value for figure in real.figures(QUICK, tmp_path)}

    assert measured["real papers about at least one topic"] == 50
    assert measured["classifier, real papers"]


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal(1.15), 1.15, True),
        (Goal(1.15), 1.16, False),
        (Goal(2000, at_most=False), 2000, True),
        (Goal(2000, at_most=False), 1999, False),
        (Goal(2000, at_most=False), None, None),
        (None, 1, None),
    ],
)
def test_a_goal_is_met_up_to_its_bound(
    goal: Goal | None, value: float | None, *, met: bool | None
) -> None:
    assert Figure("a figure", value, "ratio", goal).met is met


def test_a_ratio_is_the_middle_of_the_ratios_of_the_rounds() -> None:
    # One slow round of one side would move the ratio of the means.
    assert ratio([2.0, 2.0, 90.0], to=[1.0, 1.0, 1.0]) == 2.0


def test_the_sides_of_a_ratio_take_turns_after_a_warming_round() -> None:
    turns: list[str] = []

    took = interleaved(
        2, Side(lambda: turns.append("a")), Side(lambda: turns.append("b"), 1, lambda: None)
    )

    assert turns == ["a", "b"] * 3
    assert [len(seconds) for seconds in took] == [2, 2]


def test_made_up_papers_are_the_same_in_every_run_and_have_topics() -> None:
    first, second = corpus.edition(30), corpus.edition(30)

    assert first.cards == second.cards
    assert (first.topics >= ABOUT).any(axis=1).mean() > 0.5

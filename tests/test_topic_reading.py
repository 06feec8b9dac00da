"""Papers to learn from, out of files."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from digest.errors import BadInput
from digest.topics.reading import read

FEEDS = Path(__file__).with_name("feeds")
ARXIV = {
    "id": "1801.00001",
    "date": "2018-01-02",
    "primary_category": "eess.SY",
    "categories": ["cs.SY", "math.OC"],
    "title": "Of $\\alpha$ control",
    "abstract": "We show that $x &lt; y$.",
}
LISTED = {
    "day": "2026-03-10",
    "id": "2603.00001",
    "title": "Agents",
    "abstract": "They act.",
    "ai_keywords": ["AI agents"],
    "arxiv_categories": None,
}


def file(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


def test_labelled_papers_and_days_are_told_apart_by_their_fields(tmp_path: Path) -> None:
    labelled, listed = read(file(tmp_path / "papers.jsonl", ARXIV, LISTED))

    assert labelled.categories == ("eess.SY", "math.OC")
    assert labelled.day == np.datetime64("2018-01-02")
    assert (labelled.title, labelled.abstract) == ("Of α control", "We show that x < y.")
    assert (listed.categories, listed.keywords) == ((), ("AI agents",))
    assert listed.day == np.datetime64("2026-03-10")


def test_a_gzipped_file_is_read_too(tmp_path: Path) -> None:
    packed = tmp_path / "papers.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(ARXIV).encode()))

    assert [each.id for each in read(packed)] == ["1801.00001"]


def test_an_answer_of_hugging_faces_api_is_read(tmp_path: Path) -> None:
    answer = [
        {
            "publishedAt": "2026-03-09T00:00:00.000Z",
            "title": "Agents",
            "paper": {"id": "2603.00001", "title": "Agents", "summary": "They act."},
        }
    ]
    path = tmp_path / "day.json"
    path.write_text(json.dumps(answer, indent=2), "utf-8")

    [found] = read(path)

    assert (found.id, found.title, found.abstract) == ("2603.00001", "Agents", "They act.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "holds no papers"),
        (b"\n\n", "holds no papers"),
        (b"hello\n", "line 1: no JSON"),
        (b'{"id": "1", "title": "A", "abstract": "B"}\n[1]\n', "line 2: no JSON object"),
        (b'{"title": "A", "abstract": "B"}', 'line 1: no "id"'),
        (b'{"id": "1", "title": " "}', 'line 1: no "title"'),
        (b'{"id": "1", "title": "A", "abstract": 3}', 'line 1: its "abstract" is no text'),
        (b'{"id": "1", "title": "A", "date": "soon"}', 'line 1: its "date" is no date'),
        (b'{"id": "1", "title": "A", "date": "today"}', 'line 1: its "date" is no date'),
        (b'{"id": "1", "title": "A", "date": "NaT"}', 'line 1: its "date" is no date'),
        (b"\x1f\x8bnonsense", "cannot be read"),
        (gzip.compress(b"x" * 999)[:20], "damaged or cut short"),
        (b"[1, 2", "day.json"),
    ],
)
def test_what_holds_something_else_is_said_with_its_place(
    tmp_path: Path, body: bytes, said: str
) -> None:
    path = tmp_path / "day.json"
    path.write_bytes(body)

    with pytest.raises(BadInput, match=r"day\.json") as refused:
        read(path)

    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nothing\.jsonl: cannot be read"):
        read(tmp_path / "nothing.jsonl")

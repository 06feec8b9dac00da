"""Interests tried out on papers from files: `digest match`, and `digest why`."""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest import tryouts
from digest.errors import BadInput
from tests.offers import SUBJECTS, on
from tests.test_cli import ANN, Digest, Ended, digest

__all__ = ["digest"]

Row = dict[str, Any]
Match = Callable[..., Ended]

PAPERS: list[Row] = [
    {"id": f"{subject}{turn}", **on(subject, turn)._asdict()}
    for subject in SUBJECTS
    for turn in range(3)
]


def write(name: str, rows: Iterable[Row]) -> Path:
    path = Path(name)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def match(digest: Digest) -> Match:
    """Try interests out on papers, `PAPERS` if nothing else is said, by the command."""

    def run(*interests: Row, papers: Iterable[Row] = PAPERS, top: int | None = None) -> Ended:
        words = ["--top", str(top)] if top is not None else []
        return digest(
            *("match", "--papers", write("papers.jsonl", papers)),
            *("--interests", write("interests.jsonl", interests)),
            *words,
        )

    return run


def picks(ended: Ended) -> list[Row]:
    """Return the picks of the only interest."""
    assert ended.code == 0, ended.err
    [line] = ended.out.splitlines()
    found: list[Row] = json.loads(line)["picks"]
    return found


def test_an_interest_finds_its_papers_and_says_why(match: Match) -> None:
    found = picks(match({"id": "me", "text": "I work on speculative decoding"}, top=3))

    assert [set(pick) for pick in found] == [{"paper", "score", "because"}] * 3
    assert {pick["paper"] for pick in found} == {"decoding0", "decoding1", "decoding2"}
    for pick in found:
        [because] = pick["because"]
        assert because.lower() == "close to what you wrote on speculative decoding"


def test_there_is_a_line_for_each_interest_in_their_order(match: Match) -> None:
    ended = match({"id": "b", "keywords": ["halos"]}, {"id": 7, "liked": []}, {"id": "b"})

    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == ["b", "7", "b"]


def test_picks_are_best_first_and_equal_ones_in_the_order_of_the_file(match: Match) -> None:
    found = picks(match({"id": "me", "keywords": ["gripper", "qubits"]}, top=0))

    scores = [pick["score"] for pick in found]
    assert scores == sorted(scores, reverse=True)
    nothing = [pick["paper"] for pick in found if pick["score"] == 0]
    assert nothing == [row["id"] for row in PAPERS if row["id"] in nothing]


@pytest.mark.parametrize(("top", "count"), [(None, 10), (1, 1), (0, 30), (29, 29), (500, 30)])
def test_as_many_are_picked_as_asked_for(match: Match, top: int | None, count: int) -> None:
    found = picks(match({"id": "me", "keywords": ["halos"]}, top=top))

    assert len(found) == len({pick["paper"] for pick in found}) == count


def test_with_top_0_every_paper_is_there_also_without_any_interest(match: Match) -> None:
    found = picks(match({"id": "me"}, top=0))

    assert [pick["paper"] for pick in found] == [row["id"] for row in PAPERS]
    assert {pick["score"] for pick in found} == {0}
    assert not any(pick["because"] for pick in found)


def test_a_muted_paper_is_no_pick(match: Match) -> None:
    found = picks(match({"id": "me", "muted": ["speech", "*"], "text": "speech audio"}, top=0))

    assert len(found) == 27
    assert not any(pick["paper"].startswith("speech") for pick in found)


def test_likes_and_dislikes_count(match: Match) -> None:
    liked, disliked = ([on(subject, 9)._asdict()] for subject in ("proteins", "qubits"))

    found = picks(match({"id": "me", "liked": liked, "disliked": disliked}, top=0))

    assert {pick["paper"][:-1] for pick in found[:3]} == {"proteins"}
    assert {pick["paper"][:-1] for pick in found[-3:]} == {"qubits"}
    assert found[0]["because"][0].startswith("Close to a paper you liked on ")


def test_all_kinds_of_interests_are_read(match: Match) -> None:
    papers = [
        {"id": "other", "title": "Nothing", "abstract": "Nothing at all."},
        {
            "id": "mine",
            "title": "Chain of thought",
            "abstract": "We make reasoning models think step by step with chain-of-thought.",
            "authors": ["Ada Lovelace", "Grace Hopper"],
            "organization": "North Lake",
        },
    ]
    interest = {
        "id": "me",
        "keywords": ["thought"],
        "authors": ["Lovelace, Ada"],
        "organizations": ["north lake"],
    }

    first, second = picks(match(interest, papers=papers))

    assert first["paper"] == "mine"
    assert first["because"] == [
        "Matches your keyword thought",
        "By Ada Lovelace, whom you follow",
        "From north lake",
    ]
    assert second["because"] == []


def test_authors_may_be_one_text(match: Match) -> None:
    paper = {"id": 1, "title": "A", "abstract": "B", "authors": "Ada Lovelace, Grace Hopper"}

    [found] = picks(match({"id": "me", "authors": ["grace hopper"]}, papers=[paper]))

    assert found == {"paper": "1", "score": 1.0, "because": ["By grace hopper, whom you follow"]}


def test_fields_may_be_missing_null_or_unknown(match: Match) -> None:
    fields = ["text", "topics", "keywords", "muted", "muted_topics", "authors", "organizations"]
    nothing = {**dict.fromkeys([*fields, "liked", "disliked"]), "colour": {"a": [1]}}
    papers = [
        {"id": "a"},
        {"id": "b", "title": None, "abstract": None, "authors": None, "organization": None},
        {"id": "c", "title": "", "abstract": "", "upvotes": 3},
    ]
    rated = {"id": "me", "liked": [{}, {"title": None}], "disliked": [{"abstract": "x"}]}

    assert len(picks(match({"id": "me", **nothing}, papers=papers))) == 3
    assert len(picks(match(rated, papers=papers))) == 3


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_files_may_be_gzipped_marked_and_have_blank_lines(digest: Digest, packed: bool) -> None:  # noqa: FBT001
    def kept(name: str, rows: list[Row]) -> Path:
        lines = "\r\n\n".join(json.dumps(row) for row in rows)
        body = f"\ufeff\n{lines}".encode()
        Path(name).write_bytes(gzip.compress(body) if packed else body)
        return Path(name)

    ended = digest(
        *("match", "--papers", kept("p", PAPERS)),
        *("--interests", kept("i", [{"id": "ä", "keywords": ["halos"]}])),
    )

    assert json.loads(ended.out)["id"] == "ä"
    assert '"ä"' in ended.out


def test_a_line_separator_inside_of_a_text_ends_no_line(match: Match) -> None:
    paper = {"id": "a", "title": "One\u2028two", "abstract": "Three\u0085four"}
    Path("papers.jsonl").write_text(json.dumps(paper, ensure_ascii=False), "utf-8")

    assert len(picks(match({"id": "me"}, papers=[paper]))) == 1


def test_half_of_a_surrogate_pair_can_be_printed(match: Match) -> None:
    paper = {"id": "\ud800", "title": "Robots \udfff", "abstract": "\ud83d"}

    [found] = picks(match({"id": "me\ud800", "text": "robots \ud800"}, papers=[paper]))

    assert found["paper"] == "?"


PAPER, INTEREST = '{"id": "a", "title": "A", "abstract": "B"}', '{"id": "me"}'
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("{", "is not JSON"),
        (PAPER[:-1], "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('"a"', "is not a JSON object"),
        ("null", "is not a JSON object"),
        (DEEP, "is not JSON"),
        ('{"title": "A"}', "each line needs an 'id'"),
        ('{"id": null}', "each line needs an 'id'"),
        ('{"id": true}', "each line needs an 'id'"),
        ('{"id": 1.5}', "each line needs an 'id'"),
        ('{"id": ["a"]}', "each line needs an 'id'"),
        ('{"id": "b", "title": 3}', "'title' must be a text"),
        ('{"id": "b", "abstract": ["x"]}', "'abstract' must be a text"),
        ('{"id": "b", "abstract": NaN}', "'abstract' must be a text"),
        ('{"id": "b", "authors": {"a": 1}}', "'authors' must be a list of texts"),
        ('{"id": "b", "authors": [null]}', "'authors' must be a list of texts"),
        ('{"id": "b", "organization": ["x"]}', "'organization' must be a text"),
    ],
)
def test_a_line_that_is_no_paper_is_named(digest: Digest, wrong: str, told: str) -> None:
    Path("p.jsonl").write_text(f"{PAPER}\n\n{wrong}\n", "utf-8")
    Path("i.jsonl").write_text(INTEREST, "utf-8")

    ended = digest("match", "--papers", "p.jsonl", "--interests", "i.jsonl")

    assert refused(ended, "p.jsonl, line 3", told)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("{", "is not JSON"),
        ("{}", "each line needs an 'id'"),
        ('{"id": "b", "text": ["x"]}', "'text' must be a text"),
        ('{"id": "b", "keywords": "x"}', "'keywords' must be a list of texts"),
        ('{"id": "b", "muted": [1]}', "'muted' must be a list of texts"),
        ('{"id": "b", "topics": "x"}', "'topics' must be a list of texts"),
        ('{"id": "b", "topics": ["astrology"]}', "there is no topic 'astrology'"),
        ('{"id": "b", "muted_topics": ["x"]}', "there is no topic 'x'"),
        ('{"id": "b", "liked": {"title": "x"}}', "'liked' must be a list of papers"),
        ('{"id": "b", "liked": ["x"]}', "'liked' must be a list of papers with a title"),
        ('{"id": "b", "disliked": [{"title": 1}]}', "disliked: 'title' must be a text"),
    ],
)
def test_a_line_that_is_no_interest_is_named(digest: Digest, wrong: str, told: str) -> None:
    Path("p.jsonl").write_text(PAPER, "utf-8")
    Path("i.jsonl").write_text(f"{INTEREST}\n{wrong}", "utf-8")

    ended = digest("match", "--papers", "p.jsonl", "--interests", "i.jsonl")

    assert refused(ended, "i.jsonl, line 2", told)


def refused(ended: Ended, where: str, told: str) -> bool:
    """Tell whether the input was refused in one sentence, with where it was wrong and why."""
    sentence = f"Error: {where}"
    return ended.code == 2 and ended.out == "" and sentence in ended.err and told in ended.err


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(b"", "holds no papers", id="empty"),
        pytest.param(b"\n \n", "holds no papers", id="blank"),
        pytest.param(b"\xef\xbb\xbf", "holds no papers", id="a mark alone"),
        pytest.param(gzip.compress(b""), "holds no papers", id="nothing, gzipped"),
        pytest.param(b"\xff\xfe{\x00", "is not in UTF-8", id="UTF-16"),
        pytest.param(b'{"id": "\xe4"}', "is not in UTF-8", id="Latin-1"),
        pytest.param(b"\x1f\x8bnoise", "cannot be read", id="broken gzip"),
        pytest.param(gzip.compress(b"x" * 999)[:-9], "cannot be read", id="cut gzip"),
        pytest.param(
            gzip.compress(PAPER.encode())[:15] + b"\xff\xff\xff\xff",
            "cannot be read",
            id="bad gzip",
        ),
        pytest.param(bytes(range(256)), "is not in UTF-8", id="noise"),
    ],
)
def test_a_file_without_papers_is_refused(digest: Digest, body: bytes, told: str) -> None:
    Path("p.jsonl").write_bytes(body)
    Path("i.jsonl").write_text(INTEREST, "utf-8")

    ended = digest("match", "--papers", "p.jsonl", "--interests", "i.jsonl")

    assert refused(ended, f"p.jsonl {told}", "")


def test_a_file_without_interests_is_refused(digest: Digest) -> None:
    Path("p.jsonl").write_text(PAPER, "utf-8")
    Path("i.jsonl").write_text("\n", "utf-8")

    ended = digest("match", "--papers", "p.jsonl", "--interests", "i.jsonl")

    assert refused(ended, "i.jsonl holds no interests", "one a line")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--papers", "gone.jsonl", "--interests", "i.jsonl"), "gone.jsonl"),
        (("--papers", ".", "--interests", "i.jsonl"), "is a directory"),
        (("--papers", "i.jsonl"), "--interests"),
        (("--papers", "i.jsonl", "--interests", "i.jsonl", "--top", "-1"), "-1"),
        (("--papers", "i.jsonl", "--interests", "i.jsonl", "--top", "ten"), "ten"),
    ],
)
def test_a_wrong_option_is_named(digest: Digest, words: tuple[str, ...], told: str) -> None:
    Path("i.jsonl").write_text(INTEREST, "utf-8")

    ended = digest("match", *words)

    assert ended.code == 2
    assert told in ended.err


@pytest.mark.parametrize("papers", [[PAPERS[0]], [PAPERS[0]] * 3, [{"id": "a"}] * 2])
def test_few_or_equal_papers_are_ranked_too(match: Match, papers: list[Row]) -> None:
    interest = {"id": "me", "text": "speculative decoding " * 9, "liked": [PAPERS[0], PAPERS[9]]}

    assert len(picks(match(interest, papers=papers, top=0))) == len(papers)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["id", "title", "abstract", "text", "topics", "keywords", "muted", "authors", "liked"]
)


@settings(deadline=None)
@given(rows=st.lists(st.dictionaries(FIELDS, VALUES), max_size=4))
def test_whatever_a_file_holds_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row]
) -> None:
    path = tmp_path_factory.mktemp("interests") / "i.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")

    told = ""
    try:
        read = len(tryouts.interests(path))
    except BadInput as exc:
        told, read = str(exc), len(rows)

    assert read == len(rows)
    assert not told or str(path) in told


@pytest.fixture
def ann(digest: Digest) -> Digest:
    """A reader of the sample day."""
    digest("fetch", "--source", "sample")
    digest("subscribe", ANN, "--topic", "galaxies", "--keyword", "long context", "--confirmed")
    return digest


CONTEXT = "sample/slow-windows-fast-answers"


def test_why_prints_the_whole_sum(ann: Digest) -> None:
    ended = ann("why", ANN.upper(), CONTEXT)

    assert ended.code == 0
    title, sums = ended.out.partition("\n\n")[::2]
    assert title == "Slow Windows, Fast Answers: Reading Long Context at Two Speeds"
    lines = sums.splitlines()
    adds = [float(line[:8]) for line in lines[: lines.index("")]]
    assert sum(adds[:-1]) == pytest.approx(adds[-1], abs=0.002)
    assert "+1.000  keyword long context" in sums
    assert "Because: Matches your keyword long context" in lines
    assert "It is number 1 of the digest that would go out now." in lines


def test_why_takes_an_address_too(ann: Digest) -> None:
    by_id = ann("why", ANN, CONTEXT).out

    assert (
        ann("why", ANN, "http://127.0.0.1:8000/paper/sample-slow-windows-fast-answers").out == by_id
    )


def test_why_tells_what_keeps_a_paper_out(ann: Digest) -> None:
    ann("send-due")

    assert "Not sent: it was sent or rated before." in ann("why", ANN, CONTEXT).out


def test_why_counts_no_place_in_a_digest_that_does_not_go_out(ann: Digest) -> None:
    ann("subscribe", "bob@example.org", "--topic", "galaxies")

    said = ann("why", "bob@example.org", CONTEXT).out

    assert "Not sent: the reader is pending, so no digest goes out." in said
    assert "It is number" not in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((ANN, "2611.99999"), "2611.99999 is not known; its page's address ends in its id"),
        ((ANN, "x" * 500), f"{'x' * 80} is not known"),
        (("bob@example.org", CONTEXT), "Nobody is subscribed with bob@example.org"),
        (("bob@@example", CONTEXT), "not an e-mail address"),
        ((ANN,), "PAPER"),
    ],
    ids=["paper", "long", "reader", "address", "missing"],
)
def test_why_of_what_is_not_there_is_refused(
    ann: Digest, words: tuple[str, ...], told: str
) -> None:
    ended = ann("why", *words)

    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_why_before_the_first_fetch_is_refused(digest: Digest) -> None:
    digest("subscribe", ANN, "--confirmed")

    ended = digest("why", ANN, CONTEXT)

    assert ended.code == 2
    assert f"{CONTEXT} is not known" in ended.err

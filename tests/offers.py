"""Made-up editions and readers, for what matches them; what a test does not care about is plain."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import numpy as np

from digest.clock import Cadence
from digest.edition import Edition
from digest.match import Picked, Rated, Reader, match
from digest.pool import Pool
from digest.space import Text
from digest.topics import taxonomy
from tests import digests

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
TOPICS = taxonomy.topics()
COLUMN = {topic.slug: n for n, topic in enumerate(TOPICS)}
AGENTS, TOOLS = "llm-agents", "tool-use"

_numbers = count(1)


def paper(
    title: str = "A paper",
    *,
    abstract: str | None = None,
    finding: str = "A finding.",
    trend: float = 0.5,
    topics: Mapping[str, float] | None = None,
    age: timedelta = timedelta(0),
    **facts: Any,
) -> dict[str, Any]:
    """Return a paper; without an *abstract* of its own it has one like no other's."""
    number = next(_numbers)
    return {
        "title": title,
        "abstract": f"An abstract, q{number} z{number} j{number}."
        if abstract is None
        else abstract,
        "finding": finding,
        "trend": trend,
        "topics": topics or {},
        "age": age,
        "facts": facts,
    }


def an_edition(*papers: dict[str, Any]) -> Edition:
    """Freeze made-up papers; their ids are their places in *papers*, from 100 on."""
    ordered = sorted(enumerate(papers), key=lambda each: -each[1]["trend"])
    return Edition(
        id=1,
        built_at=NOW,
        fetched_at=NOW,
        missing=(),
        cards=tuple(
            replace(
                digests.paper(),
                paper_id=100 + n,
                title=each["title"],
                abstract=each["abstract"],
                finding=each["finding"],
                **each["facts"],
            )
            for n, each in ordered
        ),
        listed_at=np.array([(NOW - each["age"]).timestamp() for _, each in ordered]),
        trend=np.array([each["trend"] for _, each in ordered], np.float32),
        topics=likely([each["topics"] for _, each in ordered]),
    )


def likely(papers: Sequence[Mapping[str, float]]) -> Any:
    """Return topic probabilities, shape (papers, topics)."""
    table = np.zeros((len(papers), len(TOPICS)), np.float32)
    for row, topics in enumerate(papers):
        for slug, probability in topics.items():
            table[row, COLUMN[slug]] = probability
    return table


def a_pool(*texts: tuple[str, str]) -> Pool:
    """Return a pool of titles and abstracts alone."""
    return Pool(
        texts=[Text(*each) for each in texts],
        findings=[""] * len(texts),
        authors=[()] * len(texts),
        organizations=[None] * len(texts),
        topics=likely([{}] * len(texts)),
    )


def reader(**facts: Any) -> Reader:
    return Reader(**{"id": 1, "cadence": Cadence.DAILY, **facts})


def picks(
    edition: Edition, who: Reader, k: int = 10, rated: Mapping[int, Rated] | None = None
) -> list[Picked]:
    [picked] = match(edition, [who], k, rated)
    return picked


def ids(edition: Edition, picked: Sequence[Picked]) -> list[int]:
    return [edition.cards[each.place].paper_id for each in picked]


SUBJECTS = {
    "decoding": "Speculative decoding drafts tokens with a small language model and verifies them"
    " with a large one, so that inference takes less latency",
    "splatting": "Gaussian splatting renders novel views of a scene from posed images; we optimise"
    " the splats for geometry and fast rasterisation",
    "proteins": "Protein folding from sequences: we predict structures of binding residues and"
    " amino acids with an equivariant network",
    "speech": "Automatic speech recognition of noisy audio: an acoustic encoder transcribes"
    " phonemes of accented speakers",
    "robots": "Robot manipulation: a gripper learns grasping policies from demonstrations with"
    " tactile sensors and a dexterous hand",
    "rewards": "Reward models learn human preferences; policy optimisation with feedback aligns"
    " the answers of an assistant",
    "galaxies": "Galaxies at high redshift: star formation and dark matter halos in photometric"
    " surveys with a space telescope",
    "graphs": "Graph neural networks pass messages between nodes; expressive power beyond the"
    " isomorphism test of Weisfeiler and Leman",
    "qubits": "Quantum error correction with surface codes: logical qubits and fault tolerant"
    " gates under depolarising noise",
    "proofs": "Theorem proving in Lean: tactics and premises for formal proofs of mathematics by"
    " search",
}
"""What the papers of `a_day` are about."""

_TURNS = ("We ask how far it goes", "A benchmark of it", "On its limits", "A faster form of it")


def on(subject: str, turn: int = 0) -> Text:
    """Return a paper on one of `SUBJECTS`; each *turn* is another paper."""
    says = SUBJECTS[subject]
    title = " ".join(says.split()[turn % 2 : turn % 2 + 2]).strip(":;").capitalize()
    return Text(f"{title}: {_TURNS[turn % 4].lower()}", f"{_TURNS[turn % 4]}. {says}, t{turn}u.")


def a_day(each: int = 4, **facts: Any) -> Edition:
    """Return an edition with so many papers on each of `SUBJECTS`, in their order."""
    texts = [on(subject, turn) for subject in SUBJECTS for turn in range(each)]
    return an_edition(*(paper(text.title, abstract=text.abstract, **facts) for text in texts))


def subject_of(edition: Edition, picked: Picked) -> str:
    """Return what a picked paper of `a_day` is about."""
    shown = edition.cards[picked.place].abstract
    return next(name for name, says in SUBJECTS.items() if says in shown)

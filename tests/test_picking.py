"""Picking for a block of readers, beside the same rules written out for one reader."""

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.match.picking import MOST_OF_ONE_TOPIC, NONE, SAME, SIMILAR, Offer, pick

PAPERS = 14
Array = npt.NDArray[np.float32]


class Slow:
    """One reader, one paper at a time."""

    def __init__(self, offer: Offer, reader: int, likeness: Array) -> None:
        self.scores = offer.scores[reader].astype(float).tolist()
        self.topics = offer.topics[reader].tolist()
        self.likeness = likeness.astype(float)
        self.most = max(1, round(int(offer.most[reader]) * MOST_OF_ONE_TOPIC))
        self.picked: list[int] = []

    def take(self, which: npt.NDArray[np.bool_], up_to: int, *, again: bool) -> None:
        while len(self.picked) < up_to:
            left = [n for n in np.flatnonzero(which).tolist() if n not in self.picked]
            left = [n for n in left if again or not self.is_there(n)]
            if not left:
                return
            self.picked.append(max(left, key=lambda n: (*self.rank(n), -n)))

    def rank(self, paper: int) -> tuple[bool, bool, float]:
        loss = max((SIMILAR * self.likeness[paper, each] for each in self.picked), default=0.0)
        worth = self.scores[paper] - (0 if self.is_there(paper) else loss)
        return not self.is_there(paper), not self.is_full(self.topics[paper]), worth

    def is_there(self, paper: int) -> bool:
        return any(self.likeness[paper, each] >= SAME for each in self.picked)

    def is_full(self, topic: int) -> bool:
        several = len(set(self.topics) - {NONE}) > 1
        taken = [self.topics[each] for each in self.picked].count(topic)
        return several and topic != NONE and taken >= self.most


def slow(offer: Offer, reader: int, likeness: Array) -> list[int]:
    k, fitting, others = int(offer.most[reader]), offer.fitting[reader], offer.others[reader]
    kept_for_trends = min(int(others.sum()), round(k * float(offer.share[reader])))
    found = Slow(offer, reader, likeness)
    for again in (False, True):
        found.take(fitting, k - kept_for_trends, again=again)
        found.take(others, k, again=again)
        found.take(fitting, k, again=again)
    return found.picked


@st.composite
def offers(draw: st.DrawFn) -> tuple[Offer, Array]:
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    readers = draw(st.integers(1, 4))
    shape = (readers, PAPERS)
    fits, may = (
        random.random(shape) < draw(st.sampled_from([0, 0.5, 1])),
        random.random(shape) < 0.9,
    )
    # Eighths, so that there are ties, and so that no sum depends on the order of adding.
    scores = (random.integers(0, 17, shape) / 8).astype(np.float32)
    topics = np.where(fits, random.integers(-1, draw(st.integers(0, 3)) + 1, shape), NONE)
    half = random.choice([0, 0.25, 0.5, 0.75, 0.875], (PAPERS, PAPERS), p=[0.5, 0.2, 0.1, 0.1, 0.1])
    likeness = np.triu(half, 1) + np.triu(half, 1).T + np.eye(PAPERS)
    offer = Offer(
        scores=scores,
        fitting=may & fits,
        others=may & ~fits,
        topics=topics.astype(np.int32),
        most=random.integers(0, 12, readers),
        share=random.choice([0.1, 0.2, 0.5], readers),
    )
    return offer, likeness.astype(np.float32)


@settings(max_examples=300)
@given(offers())
def test_a_block_of_readers_gets_what_each_would_get_alone(drawn: tuple[Offer, Array]) -> None:
    offer, likeness = drawn
    costs = np.where(likeness < SAME, SIMILAR * likeness, 1e5).astype(np.float32)

    rows = pick(offer, costs)

    for reader, picked in enumerate(rows.tolist()):
        expected = slow(offer, reader, likeness)
        assert picked == expected + [NONE] * (rows.shape[1] - len(expected))

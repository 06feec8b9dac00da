"""The classifier: how likely a paper is about each topic of the taxonomy."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from digest.topics.taxonomy import Topic
from digest.topics.terms import words

TITLE_WEIGHT = 3
"""A term in the title counts as often as this many in the abstract."""

ABOUT = 0.5
"""From this on a paper is taken to be about a topic."""

EVIDENCE_FOR_HALF = 6.0
"""TF-IDF evidence at which a paper is as likely about a topic as not; chosen by reading."""


class Classifier:
    """
    TF-IDF evidence for each topic: how often a paper uses the topic's seed terms, rare ones more.

    A first form, with nothing learnt: its probabilities are ordered rightly but not calibrated.
    """

    def __init__(self, topics: Sequence[Topic]) -> None:
        seeds = [sorted({" ".join(words(seed)) for seed in topic.seeds}) for topic in topics]
        vocabulary = sorted({seed for group in seeds for seed in group})
        place = {seed: n for n, seed in enumerate(vocabulary)}
        longest = max(len(seed.split()) for seed in vocabulary)
        self._vectorizer = TfidfVectorizer(
            analyzer=_NGrams(longest), vocabulary=vocabulary, sublinear_tf=True, norm=None
        )
        rows = [place[seed] for group in seeds for seed in group]
        columns = [n for n, group in enumerate(seeds) for _ in group]
        self._seeds = sparse.csr_array(
            (np.ones(len(rows), np.float32), (rows, columns)),
            shape=(len(vocabulary), len(topics)),
        )

    def topics(self, papers: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """
        Return topic probabilities, shape (papers, topics), float32 in [0, 1].

        *papers* are (title, abstract); rows need not sum to 1. How rare a term is, is counted
        over the papers at hand.
        """
        if not papers:
            return np.zeros((0, self._seeds.shape[1]), np.float32)
        texts = [f"{title}\n" * TITLE_WEIGHT + abstract for title, abstract in papers]
        weights = sparse.csr_array(self._vectorizer.fit_transform(texts), dtype=np.float32)
        evidence = (weights @ self._seeds).toarray()
        return (1 - np.exp2(-evidence / EVIDENCE_FOR_HALF)).astype(np.float32)


class _NGrams:
    """An analyzer that gives every run of up to *longest* words."""

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def __call__(self, text: str) -> list[str]:
        found = words(text)
        return [
            " ".join(found[start : start + length])
            for length in range(1, self._longest + 1)
            for start in range(len(found) - length + 1)
        ]

"""Training: learn the background of the vector space from many papers."""

from collections.abc import Iterable

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.utils.extmath import randomized_svd

from digest.space.background import Background
from digest.space.stems import stems

DIMENSIONS = 200
LEAST_PAPERS = 20
"""A stem of fewer papers says little: without them figures stay and the file is half."""

MOST_OF_PAPERS = 0.3
STEPS = 127


def learn(
    texts: Iterable[str], *, dimensions: int = DIMENSIONS, least_papers: int = LEAST_PAPERS
) -> Background:
    """
    Return what *texts*, a paper's title and abstract each, teach.

    Raises:
        ValueError: they have too few words in common.

    """
    counter = CountVectorizer(
        analyzer=stems, min_df=least_papers, max_df=MOST_OF_PAPERS, dtype=np.float32
    )
    counts = counter.fit_transform(texts)
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    _, _, components = randomized_svd(weights, dimensions, n_iter=4, random_state=0)
    directions = components.T.astype(np.float32)
    step = np.maximum(np.abs(directions).max(axis=1), np.finfo(np.float32).tiny) / STEPS
    return Background(
        stems=tuple(counter.get_feature_names_out()),
        papers=counts.shape[0],
        in_papers=np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.int32),
        levels=np.round(directions / step[:, None]).astype(np.int8),
        step=step.astype(np.float32),
    )

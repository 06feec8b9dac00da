"""The classifier: how likely a paper is about each topic, and is of each arXiv category."""

from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax

from digest.topics import model, taxonomy
from digest.topics.model import Model
from digest.topics.tokens import Tokens, tokenized

ABOUT = 0.7
"""From this on a paper is taken to be about a topic; docs/model-card.md says how it was found."""

SHIPPED = "model.npz"
AT_ONCE = 256
"""So many papers are looked at together: enough to be fast, little enough to need no memory."""

Floats = npt.NDArray[np.float32]

Papers = Sequence[tuple[str, str]]


class Classifier:
    """TF-IDF and one linear score for each topic and category, as probabilities."""

    def __init__(self, learnt: Model) -> None:
        self.model = learnt
        self.category_names = learnt.categories
        place = {slug: number for number, slug in enumerate(learnt.topics)}
        # A topic that is new since the training is last: a column of zeros.
        self._columns = [place.get(topic.slug, -1) for topic in taxonomy.topics()]

    def topics(self, papers: Papers) -> Floats:
        """
        Return topic probabilities, shape (papers, topics) in the taxonomy's order.

        *papers* are titles and abstracts. float32 in [0, 1]; rows need not sum to 1, and no paper
        changes what another one gets.
        """
        return self.both(papers)[0]

    def categories(self, papers: Papers) -> Floats:
        """
        Return how likely each of `category_names` is a paper's primary category.

        Shape (papers, categories), float32; rows sum to 1.
        """
        return self.both(papers)[1]

    def both(self, papers: Papers) -> tuple[Floats, Floats]:
        """Return what `topics` and `categories` return, in hardly more time than one of them."""
        topics = np.zeros((len(papers), len(self.model.topics) + 1), np.float32)
        categories = np.zeros((len(papers), len(self.category_names)), np.float32)
        for start in range(0, len(papers), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            # Feeds may give no abstract; the title then tells all that there is.
            tokens = tokenized([(title, abstract or title) for title, abstract in papers[some]])
            topics[some, :-1] = self._topics(tokens)
            categories[some] = self._categories(tokens)
        return topics[:, self._columns], categories

    def _topics(self, tokens: Tokens) -> Floats:
        learnt = self.model
        uses, distinct = learnt.seeds.told(tokens, learnt.seed_rarity)
        odds = learnt.by_topic.scores(learnt.features.abstracts(tokens))
        about = expit(odds + learnt.telling[0] * uses + learnt.telling[1] * distinct)
        named = learnt.seeds.in_titles(tokens)
        when_about = about * np.where(named, learnt.usually, 1 - learnt.usually)
        otherwise = (1 - about) * np.where(named, learnt.seldom, 1 - learnt.seldom)
        likely: Floats = when_about / (when_about + otherwise)
        return likely.astype(np.float32)

    def _categories(self, tokens: Tokens) -> Floats:
        scores = self.model.by_category.scores(self.model.features.full(tokens))
        return softmax(scores, axis=1)


def load(body: bytes) -> Classifier:
    """
    Return the classifier in *body*, as `digest topics train` writes it.

    Raises:
        BadDocument: it is no such file.

    """
    return Classifier(model.from_bytes(body))


@cache
def shipped() -> Classifier:
    """Return the classifier that comes with the package; docs/model-card.md describes it."""
    return load(resources.files("digest.topics").joinpath(SHIPPED).read_bytes())

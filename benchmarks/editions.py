"""The edition: building it and reading it back; and the classifier alone."""

from collections.abc import Iterator, Sequence

from benchmarks import corpus
from benchmarks.measure import MILLISECONDS, Figure, Goal, Sizes, Step, alone
from benchmarks.stores import Store
from digest import edition
from digest.topics.classifier import shipped

CLASSIFIER_GOAL = Goal(2000, at_most=False)


def figures(sizes: Sizes, store: Store) -> Iterator[Figure]:
    """Yield what an edition of the papers in *store* costs."""
    what = f"edition of {sizes.papers:,} papers"
    made = corpus.edition(sizes.papers)
    body = edition.to_bytes(made)

    def build() -> None:
        with store.sessions() as session:
            edition.build(session, corpus.NOW)

    def took(name: str, run: Step) -> Figure:
        return Figure(f"{what}: {name}", alone(sizes.rounds, run) * MILLISECONDS, "ms")

    yield took(f"rows to stored bytes, {store.name}", build)
    yield took("pack into bytes, part of it", lambda: edition.to_bytes(made))
    texts = [(entry.title, entry.abstract) for entry in corpus.entries(sizes.papers)]
    yield classifier_speed("classifier, made-up papers", texts, sizes)
    yield took("load from bytes", lambda: edition.from_bytes(1, body))


def classifier_speed(name: str, texts: Sequence[tuple[str, str]], sizes: Sizes) -> Figure:
    classifier = shipped()
    seconds = alone(sizes.rounds, lambda: classifier.topics(texts), len(texts))
    return Figure(name, 1 / seconds, "papers/s", CLASSIFIER_GOAL)

"""Mails end to end one by one: each with a grant, an ARM and a RECORD of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks import corpus
from benchmarks.deliveries import composer
from benchmarks.measure import MICROSECONDS, Figure, Side, Sizes, interleaved, ratio
from benchmarks.stores import Store
from benchmarks.wire import ses_transport
from digest import delivery
from digest.delivery import budget

MOST = 200


def figures(sizes: Sizes, store: Store, bare: Side) -> Iterator[Figure]:
    mails, transport = min(MOST, sizes.mails), ses_transport()

    def send() -> None:
        with _groups_of(1):
            tally = delivery.deliver(
                store.sessions, transport, composer(store), lambda: corpus.NOW, seconds=600
            )
        if tally["sent"] != mails:
            raise RuntimeError(f"{tally['sent']} of {mails} mails were sent")

    took, sends = interleaved(sizes.rounds, Side(send, mails, lambda: store.let_wait(mails)), bare)
    name = f"a mail end to end, {store.name}, SendEmail, groups of 1"
    yield Figure(name, median(took) * MICROSECONDS, "us")
    yield Figure(f"{name} / bare", ratio(took, sends), "ratio")


@contextmanager
def _groups_of(mails: int) -> Iterator[None]:
    usual, budget.GROUP = budget.GROUP, mails
    try:
        yield
    finally:
        budget.GROUP = usual

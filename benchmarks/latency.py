"""Latency: how many mails a second one process sends when each call of SendEmail takes its time."""

import time
from collections.abc import Iterator
from statistics import median

from benchmarks import corpus, sink
from benchmarks.deliveries import composer
from benchmarks.measure import Figure, Goal, Sizes
from benchmarks.stores import Store
from benchmarks.wire import ses_transport
from digest import delivery
from digest.mail.transport import Transport

CALL = 0.05
"""Seconds that each call takes."""

GOAL = Goal(20, at_most=False)


def figures(sizes: Sizes, store: Store) -> Iterator[Figure]:
    with sink.running(delay=CALL):
        transport = ses_transport()
        # The first one warms up and does not count.
        rates = [_rate(store, transport, sizes.readers) for _ in range(sizes.rounds + 1)][1:]
        transport.close()
    name = f"{CALL * 1e3:.0f} ms a call, one process"
    yield Figure(f"{name}: mails", median(rates), "mails/s")
    yield Figure(f"{name} / one call at a time", median(rates) * CALL, "ratio", GOAL)


def _rate(store: Store, transport: Transport, mails: int) -> float:
    store.let_wait(mails)
    begun = time.perf_counter()
    tally = delivery.deliver(
        store.sessions, transport, composer(store), lambda: corpus.NOW, seconds=600
    )
    took = time.perf_counter() - begun
    if tally["sent"] != mails:
        raise RuntimeError(f"{tally['sent']} of {mails} mails were sent")
    return mails / took

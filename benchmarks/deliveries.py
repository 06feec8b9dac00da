"""Deliveries: planning them, their states, and mails from the claim to the outcome."""

from collections.abc import Iterator
from datetime import time
from statistics import median

from sqlalchemy import select

from benchmarks import corpus
from benchmarks.measure import MICROSECONDS, Figure, Goal, Side, Sizes, interleaved, ratio
from benchmarks.stores import Store
from benchmarks.wire import LINKS, RENDERER, Nowhere, ses_transport
from digest import delivery
from digest.compose import SIZE, Composer
from digest.delivery import budget, states
from digest.mail.transport import Transport
from digest.models import Delivery

TOKEN = "benchmark"  # noqa: S105  a lease's, not a secret
REASONS = [
    f'[{{"lead": "You follow", "chips": ["Reasoning", "Topic {n}"], "words": []}}]'
    for n in range(2400)
]
"""Shared by picks, as composing has them: those of 600 digests of 300 papers had so many."""

STATES_GOAL = Goal(0.06)
END_TO_END_GOAL = Goal(1.15)


def figures(sizes: Sizes, store: Store, bare: Side) -> Iterator[Figure]:
    yield from _planning(sizes, store)
    yield from _states(sizes, store, bare)
    yield from _end_to_end(sizes, store, bare)


def composer(store: Store) -> Composer:
    return Composer(
        sessions=store.sessions,
        renderer=RENDERER,
        links=LINKS,
        clock=lambda: corpus.NOW,
        fetch_at=time(5),
        samples=False,
    )


def _planning(sizes: Sizes, store: Store) -> Iterator[Figure]:
    def plan() -> None:
        _expect(delivery.plan(store.sessions, corpus.NOW), sizes.readers)

    [took] = interleaved(sizes.rounds, Side(plan, sizes.readers, store.make_due))
    yield Figure(f"plan a digest, {store.name}", median(took) * MICROSECONDS, "us")


def _states(sizes: Sizes, store: Store, bare: Side) -> Iterator[Figure]:
    what = f"claim+grant+ARM+RECORD a mail, {store.name}"
    full, empty, single, sends = interleaved(
        sizes.rounds,
        _moves(store, sizes.mails, budget.GROUP, SIZE),
        _moves(store, sizes.mails, budget.GROUP, 0),
        _moves(store, min(budget.GROUP, sizes.mails), 1, SIZE),
        bare,
    )
    for way, took in (
        (f"groups of {budget.GROUP}", full),
        ("no picks", empty),
        ("by ones", single),
    ):
        yield Figure(f"{what}, {way}", median(took) * MICROSECONDS, "us")
    yield Figure(f"{what} / bare SendEmail", ratio(full, sends), "ratio", STATES_GOAL)


def _moves(store: Store, mails: int, group: int, picks: int) -> Side:
    """Return the way of *mails* deliveries from pending to sent, each with *picks* papers."""

    ledger: dict[int, list[states.Entry]] = {}

    def move() -> None:
        claimed = states.claim(store.sessions, TOKEN, mails)
        _expect(len(claimed), mails)
        while claimed:
            granted = budget.grant(store.sessions, min(group, len(claimed)))
            assert granted  # noqa: S101  nothing paces a store here
            now, claimed = claimed[: granted.count], claimed[granted.count :]
            rows = [row for each in now for row in ledger[each.id]]
            armed = states.arm(store.sessions, TOKEN, {each.id for each in now}, rows)
            states.record(store.sessions, [(each, f"0102019a-{each:050}") for each in armed])

    def prepare() -> None:
        store.let_wait(mails)
        # They come with the mails: composing makes them.
        with store.sessions() as session:
            waiting = session.execute(select(Delivery.id, Delivery.subscriber_id)).all()
        ledger.clear()
        ledger.update({each: _picks(each, reader, picks) for each, reader in waiting})

    return Side(move, mails, prepare)


def _picks(delivery_id: int, reader: int, picks: int) -> list[states.Entry]:
    reasons = (REASONS[(delivery_id * picks + place) % len(REASONS)] for place in range(picks))
    return [(reader, place + 1, delivery_id, place, why) for place, why in enumerate(reasons)]


def _end_to_end(sizes: Sizes, store: Store, bare: Side) -> Iterator[Figure]:
    unsent, sent, sends = interleaved(
        sizes.rounds,
        _delivering(store, sizes.mails, Nowhere()),
        _delivering(store, sizes.mails, ses_transport()),
        bare,
    )
    name = f"a mail end to end, {store.name}"
    yield Figure(f"{name}, not sent", median(unsent) * MICROSECONDS, "us")
    yield Figure(
        f"bare boto3 SendEmail of a digest, beside {store.name}", median(sends) * MICROSECONDS, "us"
    )
    yield Figure(f"{name}, SendEmail", median(sent) * MICROSECONDS, "us")
    yield Figure(
        f"{name}, SendEmail / bare SendEmail", ratio(sent, sends), "ratio", END_TO_END_GOAL
    )


def _delivering(store: Store, mails: int, transport: Transport) -> Side:
    def send() -> None:
        tally = delivery.deliver(
            store.sessions, transport, composer(store), lambda: corpus.NOW, seconds=600
        )
        _expect(tally["sent"], mails)

    def prepare() -> None:
        store.let_wait(mails)

    return Side(send, mails, prepare)


def a_mail(store: Store) -> bytes:
    """Return the bytes of one digest, made as all are made."""
    nowhere = Nowhere()
    one = _delivering(store, 1, nowhere)
    one.prepare()
    one.run()
    return nowhere.last


def _expect(count: int, wanted: int) -> None:
    # What fails or is skipped costs less: it must not look like speed.
    if count != wanted:
        raise RuntimeError(f"{count} of {wanted} deliveries went through")

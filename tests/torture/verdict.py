"""The verdict: what the post office accepted, against what was due and who had left."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from digest.models import Delivery, DeliveryKind, DeliveryState, Standing, Subscriber
from digest.services import Services
from tests.torture.readership import Goodbye, Reader
from tests.torture.record import Request

DIGEST = "digest"
Digest = tuple[str, str]
"""An address, and the local date as a mail shows it."""

Late = tuple[Request, Goodbye]
"""A request, and the goodbye after whose acknowledgement it began."""


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery as the database has it at the end."""

    id: int
    kind: DeliveryKind
    key: str
    state: DeliveryState
    error: str | None
    attempts: int
    created_at: datetime
    reader_id: int
    standing: Standing

    @property
    def in_doubt(self) -> bool:
        return self.state is DeliveryState.UNKNOWN or self.error == "outcome unknown"

    @property
    def superseded(self) -> bool:
        return self.error == "superseded by a later digest"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What went wrong, each in words; `warned` did not."""

    twice: list[str]
    lost: list[str]
    after_unsubscribe: list[Late]
    warned: list[Late]

    def told(self, most: int) -> Iterator[str]:
        """Yield a line for each of the first *most* faults of each kind."""
        for name in ("twice", "lost", "after_unsubscribe"):
            for each in getattr(self, name)[:most]:
                yield f"{name}: {each}"


def judge(
    readers: Sequence[Reader],
    goodbyes: Sequence[Goodbye],
    until: datetime,
    requests: Sequence[Request],
    kept: Sequence[Row],
) -> Verdict:
    """Judge a run that has settled, up to the moment *until* of its almanac."""
    accepted = [each for each in requests if each.accepted]
    late = after_leaving(goodbyes, requests)
    return Verdict(
        twice=twice(accepted),
        lost=lost(readers, goodbyes, until, accepted, kept),
        after_unsubscribe=[each for each in late if not each[1].warned],
        warned=[each for each in late if each[1].warned],
    )


def rows(services: Services) -> list[Row]:
    columns = (
        *(Delivery.id, Delivery.kind, Delivery.dedupe_key, Delivery.state, Delivery.error),
        *(Delivery.attempts, Delivery.created_at, Subscriber.id, Subscriber.standing),
    )
    with services.sessions() as session:
        return [Row(*each) for each in session.execute(select(*columns).join(Subscriber))]


def twice(accepted: Sequence[Request]) -> list[str]:
    """Return each delivery, and each reader's local date, that was accepted more than once."""
    deliveries = Counter(each.delivery for each in accepted)
    days: dict[Digest, set[int]] = defaultdict(set)
    for each in accepted:
        if each.kind == DIGEST and each.day:
            days[each.to, each.day].add(each.delivery)
    return [
        *(f"delivery {each}" for each, times in deliveries.items() if times > 1),
        *(f"{to}, {day}" for (to, day), ids in days.items() if len(ids) > 1),
    ]


def lost(
    readers: Sequence[Reader],
    goodbyes: Sequence[Goodbye],
    until: datetime,
    accepted: Sequence[Request],
    kept: Sequence[Row],
) -> list[str]:
    """
    Return each digest that was due to somebody and is neither accepted nor in doubt.

    Who never left is asked about by the calendar; who came back by what was planned since.
    """
    came = {(each.to, each.day) for each in accepted if each.kind == DIGEST}
    came |= {
        (readers[row.reader_id - 1].email, shown(row.key))
        for row in kept
        if row.in_doubt and row.kind is DeliveryKind.DIGEST
    }
    left = {each.reader.id for each in goodbyes}
    planned = {
        (row.reader_id, shown(row.key)): row for row in kept if row.kind is DeliveryKind.DIGEST
    }
    missing = [
        f"{reader.email}, {day}: {planned.get((reader.id, day), 'never planned')}"
        for reader in readers
        if reader.id not in left
        for day, _ in reader.due(until)
        if (reader.email, day) not in came
    ]
    arrived = {each.delivery for each in accepted}
    return missing + [
        f"delivery {row.id} of {row.key}"
        for row in _since_they_are_back(goodbyes, kept)
        if row.id not in arrived and not row.in_doubt
    ]


def _since_they_are_back(goodbyes: Sequence[Goodbye], kept: Sequence[Row]) -> Iterator[Row]:
    last = {each.reader.id: each.confirmed_at for each in goodbyes}
    for row in kept:
        back_at = last.get(row.reader_id)
        due = row.kind is DeliveryKind.DIGEST and row.standing is Standing.ACTIVE
        # Whoever comes back gets a digest at once, and the next may be due an hour later.
        if due and back_at and row.created_at > back_at and not row.superseded:
            yield row


def shown(key: str) -> str:
    """Return the local date of a digest with this dedupe key, as the record has it."""
    return key[len("2026-") :]


def after_leaving(goodbyes: Sequence[Goodbye], requests: Sequence[Request]) -> list[Late]:
    """Return the requests that began after a goodbye was acknowledged and before its undoing."""
    by_reader: dict[str, list[Goodbye]] = defaultdict(list)
    for goodbye in goodbyes:
        by_reader[goodbye.reader.email].append(goodbye)
    found = []
    for request in requests:
        before = [each for each in by_reader[request.to] if _acknowledged(each, request.begun)]
        last = max(before, key=lambda each: each.acknowledged or 0.0, default=None)
        if last and not _undone(last, request):
            found.append((request, last))
    return found


def _acknowledged(goodbye: Goodbye, at: float) -> bool:
    return goodbye.acknowledged is not None and goodbye.acknowledged < at


def _undone(goodbye: Goodbye, request: Request) -> bool:
    """Tell whether *goodbye* was taken back when *request* began."""
    back = goodbye.confirmed if request.kind == DIGEST else goodbye.asked_again
    return back is not None and back <= request.begun


def peak(begun: Iterable[float]) -> int:
    """Return how many began within the fullest second."""
    moments = sorted(begun)
    return max(
        (n + 1 - bisect_right(moments, moment - 1.0, hi=n) for n, moment in enumerate(moments)),
        default=0,
    )

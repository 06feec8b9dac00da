"""One run: set up, disturb, settle, judge."""

import logging
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.torture import verdict
from tests.torture.disturbing import Disturbance
from tests.torture.events import Rumours
from tests.torture.fleet import Fleet
from tests.torture.haste import hurry
from tests.torture.outcome import Outcome
from tests.torture.papers import listed
from tests.torture.readership import Goodbye, Visitors, readers, settle_in
from tests.torture.record import Record
from tests.torture.resuming import Measures
from tests.torture.stage import BEGINS, Stage, fill_with_papers, stage
from tests.torture.tide import Tide, is_quiet

VISITORS = 3
BEGUN_WITHIN = 120.0
SETTLED_WITHIN = 180.0
OVERTIME = 120.0
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of."""

    database: str
    seconds: float
    seed: int
    readers: int = 500
    day: float = 10.0
    """Seconds in which a day passes."""
    lease: float = 1.0
    between: float = 1.2
    """Seconds between two disturbances, on average."""
    kills: int = 0
    """The run goes on until so many processes were killed, for `OVERTIME` at most."""
    measures: int = 2
    """How often it is measured how long sending takes to go on."""
    keep: Path | None = None
    """Where record, database and log go, for somebody to look at."""


def run(plan: Plan) -> Outcome:
    # In this process too: its pages acknowledge who leaves.
    hurry(plan.lease)
    with stage(plan.database, plan.lease, plan.seed) as here:
        # Requests that fail while the database is away are no news.
        logging.basicConfig(filename=here.folder / "pages.log")
        try:
            return _Run(plan, here).outcome()
        finally:
            if plan.keep:
                shutil.copytree(here.folder, plan.keep, dirs_exist_ok=True)


class _Run:
    def __init__(self, plan: Plan, here: Stage) -> None:
        self._plan = plan
        self._began = time.monotonic()
        self._stage = here
        self._readers = readers(plan.readers, plan.seed)
        self._tide = Tide(here, plan.day)
        self._rumours = Rumours(here, plan.seed)
        self._over = threading.Event()
        self._calm = threading.Event()
        self._goodbyes: list[Goodbye] = []
        self._running: list[Future[None]] = []
        self._resumed: dict[str, float] = {}

    def outcome(self) -> Outcome:
        fill_with_papers(self._stage.services, "huggingface", listed())
        settle_in(self._stage.services, self._readers)
        with Fleet(self._stage, self._plan.seed) as fleet:
            visitors = self._visitors(fleet)
            with self._meanwhile(visitors):
                self._begin(fleet)
                disturbance = Disturbance(self._stage, fleet, self._plan.seed, self._plan.between)
                self._disturb(fleet, disturbance)
                self._calm.set()
                self._stage.calm()
                fleet.wake_all()
                self._tide.stands = True
                self._measure(fleet, disturbance)
                settled = self._settled(fleet)
        self._goodbyes = [each for visitor in visitors for each in visitor.goodbyes]
        return self._judge(disturbance, settled=settled)

    def _visitors(self, fleet: Fleet) -> list[Visitors]:
        """Return visitors of which each has readers of their own, who leave at times."""
        leaving = [each for each in self._readers if each.leaves_at_times]
        return [
            Visitors(
                self._stage,
                leaving[n::VISITORS],
                self._plan.seed + n,
                self._calm,
                fleet.held_up,
            )
            for n in range(VISITORS)
        ]

    @contextmanager
    def _meanwhile(self, visitors: Sequence[Visitors]) -> Iterator[None]:
        """Let time pass, events come and readers leave, until this is left."""
        with ThreadPoolExecutor(VISITORS + 2) as threads:
            try:
                self._running = [
                    threads.submit(self._tide.flow, self._over),
                    threads.submit(self._rumours.spread, self._over),
                    *(threads.submit(each.visit) for each in visitors),
                ]
                yield
            finally:
                self._calm.set()
                self._over.set()
            for each in self._running:
                each.result()

    def _watch(self, fleet: Fleet) -> None:
        fleet.mend()
        fleet.heed_silence()
        for each in self._running:
            if each.done():
                each.result()

    def _begin(self, fleet: Fleet) -> None:
        """Wait until mails go out: the workers of a busy machine take their time to start."""
        give_up_at = time.monotonic() + BEGUN_WITHIN
        while not self._stage.record.stat().st_size:
            assert time.monotonic() < give_up_at, f"no mail within {BEGUN_WITHIN} s"
            self._watch(fleet)
            time.sleep(0.1)
        self._tell("mails go out")

    def _disturb(self, fleet: Fleet, disturbance: Disturbance) -> None:
        ends_at = time.monotonic() + self._plan.seconds
        told_at = time.monotonic()
        while (now := time.monotonic()) < ends_at or (
            disturbance.kills < self._plan.kills and now < ends_at + OVERTIME
        ):
            time.sleep(0.02)
            self._watch(fleet)
            disturbance.go_on()
            if time.monotonic() - told_at > 10:
                told_at = time.monotonic()
                self._tell(dict(disturbance.done))

    def _measure(self, fleet: Fleet, disturbance: Disturbance) -> None:
        """Measure how long sending takes to go on, with the sweeps of the product's timetable."""
        if not self._plan.measures:
            return
        measures = Measures(self._stage, self._tide, fleet, disturbance, lambda: self._watch(fleet))
        ways = {"valkey": measures.after_an_emptied_broker}
        if self._stage.postgres:
            ways["database"] = measures.after_a_crash_of_the_database
        for _ in range(self._plan.measures):
            for name, way in ways.items():
                took = way()
                if took is not None:
                    self._resumed[name] = max(took, self._resumed.get(name, 0.0))
                    self._tell(f"sending goes on {took:.1f} s after {name}")
        fleet.sweep(as_the_product=False)

    def _settled(self, fleet: Fleet) -> bool:
        """Wait until nothing is open that can go; False when it does not come to that."""
        self._tell("settling")
        give_up_at = time.monotonic() + SETTLED_WITHIN
        while not is_quiet(self._stage):
            if time.monotonic() > give_up_at:
                return False
            self._watch(fleet)
            time.sleep(0.1)
        self._tell("settled")
        return True

    def _judge(self, disturbance: Disturbance, *, settled: bool) -> Outcome:
        requests = list(Record(self._stage.record).news())
        until = self._stage.almanac()
        kept = verdict.rows(self._stage.services)
        (self._stage.folder / "rows").write_text("\n".join(map(str, kept)))
        found = verdict.judge(self._readers, self._goodbyes, until, requests, kept)
        for line in found.told(SHOWN):
            self._tell(line)
        return Outcome(
            kills=disturbance.kills,
            deliveries=len(kept),
            sent=sum(each.accepted for each in requests),
            twice=len(found.twice),
            lost=len(found.lost),
            after_unsubscribe=len(found.after_unsubscribe),
            warned=len(found.warned),
            unknown=sum(each.in_doubt for each in kept),
            peak_rate=verdict.peak(each.begun for each in requests),
            resumed_after_valkey_s=_rounded(self._resumed.get("valkey")),
            resumed_after_database_s=_rounded(self._resumed.get("database")),
            done=dict(disturbance.done),
            goodbyes=len(self._goodbyes),
            came_back=sum(each.confirmed_at is not None for each in self._goodbyes),
            events=self._rumours.news,
            troubles=sum(bool(each.trouble) for each in requests),
            days=round((until - BEGINS).total_seconds() / 86_400, 1),
            settled=settled,
            database=self._plan.database,
            seed=self._plan.seed,
        )

    def _tell(self, what: object) -> None:
        after = time.monotonic() - self._began
        line = f"torture, {self._plan.database}, {after:5.1f} s: {what}"
        print(line, file=sys.stderr, flush=True)  # noqa: T201


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)

"""
A day of digests, simulated: what is due and sent in each minute, and what saturates first.

Everybody's digests are due at a full hour of their own clock, so the world's come in waves. What a
digest costs was measured or reckoned, as docs/scale.md says; how people are spread over the zones
and over the hours is a guess.
"""

import argparse
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

MINUTES = 1440
HOUR = 60
WIDTH = 44
"""Characters of the longest bar."""

DAYS_A_MONTH, DAYS_A_YEAR = 22, 260
"""With digests: the weekdays."""
DAYS_KEPT, DAYS_HEARD = 285, 143
"""Days with digests in the 400 and 200 for which deliveries and events are kept."""
USD_A_MAIL, USD_A_CORE_HOUR = 0.0001, 0.04

Counts = npt.NDArray[np.int64]
"""Mails, a number for each minute."""

# A guess for readers of papers, in per cent of them by hours east of UTC: where universities and
# laboratories are, not where people are. Without summer time.
ZONES = {
    -8.0: 8, -7.0: 2, -6.0: 5, -5.0: 12, -3.0: 3, 0.0: 5, 1.0: 17, 2.0: 4, 3.0: 5, 3.5: 2,
    5.0: 1, 5.5: 10, 7.0: 3, 8.0: 15, 9.0: 5, 10.0: 2, 12.0: 1,
}  # fmt: skip
# Another one, by the hour that they chose; 7 is what the form proposes.
HOURS = {5: 2, 6: 9, 7: 55, 8: 14, 9: 6, 12: 3, 16: 2, 17: 3, 18: 3, 20: 2, 22: 1}


@dataclass(frozen=True, slots=True)
class Costs:
    """What a digest costs; docs/scale.md says how each figure is known."""

    worker_us: float = 760
    """Processor time of a worker, SendEmail and all."""
    database_us: float = 450
    """Processor time of the database server."""
    mail_bytes: float = 90_000
    """On the wire to SES: base64 in JSON."""
    delivery_bytes: float = 270
    picks_bytes: float = 2_200
    """Of ten; they are never pruned."""
    events_bytes: float = 880
    """Of two: sent, delivered."""
    kept_bytes: float = 1_400
    """A reader, with interests and consent."""
    grant_ms: float = 2.0
    """One group's leave to send, on the one row of the budget: they take turns."""
    latency_ms: float = 50.0
    """A call of SendEmail."""

    @property
    def written_bytes(self) -> float:
        return self.delivery_bytes + self.picks_bytes + self.events_bytes


@dataclass(frozen=True, slots=True)
class Fleet:
    """What sends: machines and what is rented."""

    accounts: int = 1
    rate: float = 500
    """Mails a second that SES allows each account, in one region."""
    machines: int = 1
    cores: int = 8
    threads: int = 50
    """Calls that one worker process, one a core, has under way at a time."""
    gigabits: float = 1.0
    """Of each machine."""
    database_cores: int = 8
    disk_megabytes: float = 200.0
    """That the database's disk writes in a second; each row is written twice, once to the log."""
    group: int = 50

    def capacities(self, costs: Costs) -> dict[str, float]:
        """Return how many mails a second each part of it can take, by its name."""
        cores = self.machines * self.cores
        return {
            "SES's rate": self.accounts * self.rate,
            "workers' processors": cores * 1e6 / costs.worker_us,
            "workers' calls": cores * self.threads * 1000 / costs.latency_ms,
            "workers' network": self.machines * self.gigabits * 1e9 / 8 / costs.mail_bytes,
            "database's processors": self.database_cores * 1e6 / costs.database_us,
            "database's disk": self.disk_megabytes * 1e6 / (2 * costs.written_bytes),
            "budget's row": self.group * 1000 / costs.grant_ms,
        }


@dataclass(frozen=True, slots=True)
class Day:
    """What was due and what was sent in each minute, from midnight UTC until all were sent."""

    due: Counts
    sent: Counts

    @property
    def backlog(self) -> Counts:
        """How many were due and not sent at the end of each minute."""
        return np.cumsum(self.due) - np.cumsum(self.sent)

    @property
    def waited(self) -> Counts:
        """How many minutes the last mail of each minute's waited; 0 where none were due."""
        done = np.searchsorted(np.cumsum(self.sent), np.cumsum(self.due))
        return np.where(self.due > 0, done - np.arange(len(self.due)), 0)

    def waited_by(self, share: float) -> int:
        """Return within how many minutes so large a *share* of the mails were sent."""
        order = np.argsort(self.waited, kind="stable")
        reached = np.searchsorted(np.cumsum(self.due[order]), share * self.due.sum())
        return int(self.waited[order][min(reached, len(order) - 1)])


def due(digests: int, window: int = 1) -> Counts:
    """
    Return when *digests* are due, shape (1440,): each in the first *window* minutes of its hour.

    They add up to *digests*.
    """
    weights = np.zeros(MINUTES)
    for east, people in ZONES.items():
        for hour, share in HOURS.items():
            begins = round((hour - east) * HOUR)
            for minute in range(window):
                weights[(begins + minute) % MINUTES] += people * share / window
    exact = np.cumsum(weights) / weights.sum() * digests
    exact[-1] = digests
    due: Counts = np.diff(np.floor(exact + 1e-6).astype(np.int64), prepend=0)
    return due


def simulate(wanted: Counts, a_second: float) -> Day:
    """
    Return the day on which *wanted* are due and at most so many mails go out *a_second*.

    It begins with nothing left of the day before, and ends when all are sent.
    """
    most = max(1, int(a_second * HOUR))
    sent: list[int] = []
    waiting = 0
    for here in wanted.tolist():
        waiting += here
        sent.append(min(waiting, most))
        waiting -= sent[-1]
    while waiting:
        sent.append(min(waiting, most))
        waiting -= sent[-1]
    later = np.zeros(len(sent) - len(wanted), np.int64)
    return Day(np.concatenate([wanted, later]), np.array(sent, np.int64))


def report(readers: int, wanted: argparse.Namespace, costs: Costs, fleet: Fleet) -> Iterator[str]:
    """Yield the lines that tell of a day with so many *readers*."""
    digests = round(readers * wanted.share)
    capacities = fleet.capacities(costs)
    narrowest = min(capacities, key=capacities.__getitem__)
    day = simulate(due(digests, wanted.window), capacities[narrowest])
    yield f"{readers:,} readers, {digests:,} digests on this day"
    yield from curve(day)
    yield from _punctuality(day, narrowest, capacities[narrowest])
    peak = _peak(day.due) / HOUR / wanted.within
    yield f"To send the largest hour's within {wanted.within} min takes {peak:,.0f} mails/s:"
    for name, capacity in sorted(capacities.items(), key=lambda each: each[1]):
        share = peak / capacity
        note = f"x {np.ceil(share):,.0f}" if share > 1 else "enough"
        yield f"  {name:24}{capacity:>10,.0f} mails/s{share:>10.0%} used   {note}"
    yield from _needs(readers, digests, peak, costs)
    yield ""


def curve(day: Day) -> Iterator[str]:
    """Yield a chart of the day, a line an hour in UTC: what is due, and what is left at its end."""
    hours = -(-len(day.due) // HOUR)
    padded = [np.pad(each, (0, hours * HOUR - len(each))) for each in (day.due, day.sent)]
    came, went = (each.reshape(-1, HOUR).sum(axis=1) for each in padded)
    left = np.cumsum(came) - np.cumsum(went)
    most = max(1, came.max(), went.max())
    yield f"  {'UTC':7}{'due':>12}{'sent':>12}{'left':>12}   sent #, left ."
    for hour in range(min(hours, 72)):
        bar = "#" * round(WIDTH * went[hour] / most) + "." * min(
            WIDTH, round(WIDTH * left[hour] / most)
        )
        moment = f"{hour % 24:02}:00" + (f" +{hour // 24}" if hour >= 24 else "")
        yield f"  {moment:7}{came[hour]:>12,}{went[hour]:>12,}{left[hour]:>12,}   {bar}"
    if hours > 72:
        yield f"  ... and so on until all are sent, {hours / 24:,.0f} days after the first"


def _punctuality(day: Day, narrowest: str, capacity: float) -> Iterator[str]:
    late = f"half within {day.waited_by(0.5):,} min, 99% within {day.waited_by(0.99):,} min"
    yield f"Narrowest: {narrowest}, {capacity:,.0f} mails/s. Sent: {late}."
    if day.due.sum() > capacity * MINUTES * 60:
        yield "It does not fit into a day: what is left grows with every one."


def _peak(wanted: Counts) -> int:
    """Return how many are due in the fullest clock hour."""
    hours = np.pad(wanted, (0, -len(wanted) % HOUR)).reshape(-1, HOUR)
    return int(hours.sum(axis=1).max())


def _needs(readers: int, digests: int, peak: float, costs: Costs) -> Iterator[str]:
    cores, database = peak * costs.worker_us / 1e6, peak * costs.database_us / 1e6
    rows = readers * costs.kept_bytes / 1e9
    ledger = digests * DAYS_A_YEAR * costs.picks_bytes / 1e9
    pruned = (
        digests / 1e9 * sum((DAYS_KEPT * costs.delivery_bytes, DAYS_HEARD * costs.events_bytes))
    )
    month = digests * DAYS_A_MONTH
    hours = month * (costs.worker_us + costs.database_us) / 1e6 / 3600
    yield f"  at the peak: {cores:,.2f} worker cores, {database:,.2f} database cores"
    yield f"  kept: readers {rows:,.1f} GB, deliveries and events {pruned:,.0f} GB when pruned,"
    yield f"  and {ledger:,.0f} GB more of picks each year"
    rent = f"SES {month * USD_A_MAIL:,.0f} USD, processors {hours * USD_A_CORE_HOUR:,.2f} USD"
    yield f"  a month of {DAYS_A_MONTH} such days: {rent}"


def main(words: Sequence[str] | None = None) -> None:
    wanted = _arguments().parse_args(words)
    costs, fleet = _chosen(Costs, wanted), _chosen(Fleet, wanted)
    for readers in wanted.readers:
        for line in report(readers, wanted, costs, fleet):
            print(line)


T = TypeVar("T", Costs, Fleet)


def _chosen(kind: type[T], wanted: argparse.Namespace) -> T:
    return kind(**{each.name: getattr(wanted, each.name) for each in fields(kind)})


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.simulate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--readers",
        type=_count,
        nargs="+",
        default=[10**6, 10**7, 10**8],
        metavar="N",
        help="how many; 10M is ten million  [1M 10M 100M]",
    )
    parser.add_argument(
        "--share", type=_part, default=1.0, metavar="PART", help="who has a digest that day  [all]"
    )
    parser.add_argument(
        "--window", type=_minutes, default=1, metavar="MIN", help="spread each hour over them  [1]"
    )
    parser.add_argument(
        "--within", type=_minutes, default=60, metavar="MIN", help="send an hour's in them  [60]"
    )
    for kind, title in ((Costs, "what a digest costs"), (Fleet, "what sends")):
        group = parser.add_argument_group(title)
        for each in fields(kind):
            option, default = f"--{each.name.replace('_', '-')}", each.default
            whole = isinstance(default, int)
            read, shown = (_count, "N") if whole else (_positive, "X")
            group.add_argument(
                option, type=read, default=default, metavar=shown, help=f"[{default:,}]"
            )
    return parser


def _count(text: str) -> int:
    found = re.fullmatch(r"([0-9][0-9_,]*)([kMG]?)", text)
    if found is None or not int(re.sub("[_,]", "", found[1])):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on, such as 250k or 10M")
    thousands: int = 1000 ** " kMG".index(found[2] or " ")
    return int(re.sub("[_,]", "", found[1])) * thousands


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from exc
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not more than 0")
    return number


def _part(text: str) -> float:
    number = _positive(text)
    if number > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is more than 1, which is everybody")
    return number


def _minutes(text: str) -> int:
    count = _count(text)
    if count > HOUR:
        raise argparse.ArgumentTypeError(f"{text!r} is more than an hour's {HOUR} minutes")
    return count


if __name__ == "__main__":
    main()

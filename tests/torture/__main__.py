"""`python -m tests.torture`: one run, its progress on standard error, its outcome as JSON."""

import argparse
import random
import signal
import sys
from pathlib import Path

from tests.torture.outcome import Outcome
from tests.torture.run import Plan, run

FULL_RUN = 300.0
LEAST_DELIVERIES = 1000
LEAST_KILLS = 100


def main() -> int:
    plan = _plan()
    # The end by a signal is one like by Ctrl-C: all that was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"torture, {plan.database}: seed {plan.seed}", file=sys.stderr, flush=True)  # noqa: T201
    outcome = run(plan)
    print(outcome.line())  # noqa: T201
    full = plan.seconds >= FULL_RUN
    return 0 if outcome.holds and not (full and _too_little(outcome)) else 1


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="tests.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=FULL_RUN)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--lease", type=float, default=1.0)
    parser.add_argument("--between", type=float, default=1.2)
    parser.add_argument("--kills", type=int, help="at least so many, if it takes longer")
    parser.add_argument("--measures", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    if chosen.kills is None:
        chosen.kills = LEAST_KILLS if chosen.seconds >= FULL_RUN else 0
    return Plan(**vars(chosen))


def _too_little(outcome: Outcome) -> bool:
    return outcome.deliveries < LEAST_DELIVERIES or outcome.kills < LEAST_KILLS


if __name__ == "__main__":
    sys.exit(main())

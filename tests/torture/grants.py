"""`python -m tests.torture.grants`: a sender that only asks for leave, and says when it got it."""

import json
import sys
import time
from datetime import timedelta

from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from digest.database import connect
from digest.delivery import budget
from digest.models import SendingBudget


def main() -> None:
    url, seconds, wanted = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    sessions = sessionmaker(connect(url))
    ends: list[float] = []

    @event.listens_for(sessions, "before_commit")
    def _(session: Session) -> None:
        # Under the row's lock: the moments as the database has them.
        ends.append(session.get_one(SendingBudget, 1).next_free_at.timestamp())

    # All of them begin at once, however long each took to start.
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    moments: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        granted = budget.grant(sessions, wanted)
        assert granted
        share = timedelta(seconds=granted.spacing).total_seconds()
        moments += [ends[-1] - (granted.count - n) * share for n in range(granted.count)]
        time.sleep(min(granted.wait, until - time.monotonic()) if time.monotonic() < until else 0)
    print(json.dumps(moments))  # noqa: T201
    sessions.kw["bind"].dispose()


if __name__ == "__main__":
    main()

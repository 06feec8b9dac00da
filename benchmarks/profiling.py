"""
Mails end to end, for a profiler to look at, and what it saw as shares of a mail.

    py-spy record --full-filenames -f raw -o profile.txt -- python -m benchmarks.profiling
    python -m benchmarks.profiling profile.txt              # --refresh: into docs/performance.md

py-spy is installed by hand, and needs the right to look into processes.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks import corpus, sink, tables
from benchmarks.deliveries import composer
from benchmarks.measure import FULL
from benchmarks.stores import Store, stores
from benchmarks.wire import ses_transport
from digest import delivery
from digest.mail.transport import Transport

SECONDS = 30.0

SENDING = "digest/delivery/"
"""In every stack of a mail on its way, in whatever thread."""

WAITING = "wait_until"

PARTS = {
    "the call of SES": ("/botocore/", "/boto3/"),
    "the mail's bytes and tags": ("digest/mail/",),
    "match and reasons": ("digest/match/", "digest/pool.py", "digest/space/", "digest/topics/"),
    "claim, ARM, RECORD": ("digest/delivery/states/",),
    "grant": ("digest/delivery/budget.py",),
    "what is read of a batch": (
        "digest/compose/batch.py",
        "digest/edition/",
        "digest/subscribers/",
    ),
    "render": ("digest/render/", "templates/email/"),
    "links": ("digest/links.py",),
    "compose besides": ("digest/compose/", "digest/language/"),
    "sender besides": ("digest/delivery/",),
}
"""The innermost frame of one of these decides what a moment was spent on."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiling", description=__doc__)
    parser.add_argument("profile", nargs="?", type=Path, help="what py-spy has written, raw")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of mails")
    parser.add_argument("--refresh", action="store_true", help="put the shares into the documents")
    wanted = parser.parse_args()
    if wanted.profile is None:
        send_for(wanted.seconds)
        return
    if not wanted.profile.is_file():
        parser.error(f"{wanted.profile}: there is no such file")
    table = markdown(shares(wanted.profile.read_text("utf-8").splitlines()))
    print(table)
    if wanted.refresh:
        document = tables.DOCUMENTS["all"]
        document.write_text(tables.replaced(document.read_text("utf-8"), "profile", table), "utf-8")


def markdown(found: Iterable[tuple[str, float]]) -> str:
    rows = (f"| {part} | {share:.1%} |" for part, share in found)
    return "\n".join(["| part of a mail | share |", "|---|---:|", *rows])


def send_for(seconds: float) -> None:
    """Send digests from PostgreSQL to the sink for so long."""
    with stores(FULL) as (_, store), sink.running():
        transport = ses_transport()
        ends_at, sent = time.monotonic() + seconds, 0
        while time.monotonic() < ends_at:
            sent += _send(store, transport)
        transport.close()
    print(f"sent {sent:,} mails", file=sys.stderr)


def _send(store: Store, transport: Transport) -> int:
    store.let_wait(FULL.readers)
    return delivery.deliver(
        store.sessions, transport, composer(store), lambda: corpus.NOW, seconds=600
    )["sent"]


def shares(stacks: Iterable[str]) -> list[tuple[str, float]]:
    """Return which share of a mail's time each part took, the largest first."""
    counted: Counter[str] = Counter()
    for line in stacks:
        stack, _, samples = line.rpartition(" ")
        if SENDING in stack and WAITING not in stack:
            counted[_part(stack)] += int(samples)
    total = counted.total()
    return [(part, count / total) for part, count in counted.most_common()]


def _part(stack: str) -> str:
    for frame in reversed(stack.split(";")):
        for part, places in PARTS.items():
            if any(place in frame for place in places):
                return part
    return "other"


if __name__ == "__main__":
    main()

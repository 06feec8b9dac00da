"""The report: what was done, and what is left to its reader."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from digest.errors import FetchError
from digest.provisioning import records
from digest.provisioning.account import Clients
from digest.provisioning.records import Record
from digest.provisioning.setting_up import identity_of, is_in_sandbox, steps, whose
from digest.provisioning.step import Step
from digest.provisioning.wanted import Wanted

DONE_STAYS = "what is named above is done and stays; mend this and run the same command again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What setting up came to; with an *error* it ended after *steps*."""

    wanted: Wanted
    dry_run: bool
    steps: list[Step] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    error: str = ""

    def plain(self) -> dict[str, Any]:
        told = dataclasses.asdict(self)
        return {"ok": not self.error, "account": self.wanted.account, **told}

    def lines(self) -> Iterator[str]:
        """Yield what follows the steps, for a person to read."""
        yield "\nPublish in the DNS (each is one record):\n"
        for each in self.records:
            yield f"  {each.name}\n      {each.kind}  {each.value}\n      # {each.why}"
        if not any(each.kind == "CNAME" for each in self.records):
            yield "  (and DKIM's three CNAME records, which SES names when the identity is made)"
        yield "\nPut into the environment:\n"
        yield from (f"  {name}={value}" for name, value in self.settings.items())
        yield "\nWhat is left:\n"
        yield from (f"  {number}. {what}" for number, what in enumerate(self.left, 1))


def set_up(
    clients: Clients, wanted: Wanted, told: Callable[[str], object], *, dry_run: bool
) -> Report:
    """
    Make what is missing, each step *told* when it is done.

    Raises:
        BadInput: there are no credentials, or they are not AWS's.
        FetchError: nothing was asked yet, and AWS cannot be reached.

    """
    wanted = whose(clients, wanted)
    told(f"Account {wanted.account}, {wanted.region}{', only looking' if dry_run else ''}:")
    done = []
    try:
        for step in steps(clients, wanted, dry_run=dry_run):
            done.append(step)
            told(_line(step))
        identity, sandbox = identity_of(clients, wanted.domain), is_in_sandbox(clients)
    except FetchError as exc:
        error = str(exc) if dry_run else f"{exc}; {DONE_STAYS}"
        return Report(wanted=wanted, dry_run=dry_run, steps=done, error=error)
    return Report(
        wanted=wanted,
        dry_run=dry_run,
        steps=done,
        records=records.records(wanted, identity),
        settings=records.settings(wanted),
        left=records.left(wanted, sandbox=sandbox),
    )


def _line(step: Step) -> str:
    detail = f" ({step.detail})" if step.detail else ""
    return f"  {step.deed:10} {step.what} {step.name}{detail}"

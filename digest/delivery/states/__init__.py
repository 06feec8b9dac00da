"""The arrows between a delivery's states, each one committed statement."""

from digest.delivery.states.leases import (
    ALONE_FROM,
    GIVEN_UP_AT,
    LEASE,
    OUTCOME_UNKNOWN,
    SETTLED_WITHIN,
    Claimed,
    claim,
    let_go,
    reap,
)
from digest.delivery.states.outcomes import (
    Entry,
    arm,
    back,
    doubt,
    fail,
    record,
    revive,
)
from digest.delivery.states.words import prove, settle

__all__ = [
    "ALONE_FROM",
    "GIVEN_UP_AT",
    "LEASE",
    "OUTCOME_UNKNOWN",
    "SETTLED_WITHIN",
    "Claimed",
    "Entry",
    "arm",
    "back",
    "claim",
    "doubt",
    "fail",
    "let_go",
    "prove",
    "reap",
    "record",
    "revive",
    "settle",
]

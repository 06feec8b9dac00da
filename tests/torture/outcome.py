"""The outcome of a run, as the line that it ends with."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to; `twice`, `lost` and `after_unsubscribe` must be 0."""

    kills: int
    deliveries: int
    sent: int
    twice: int
    lost: int
    after_unsubscribe: int
    warned: int
    unknown: int
    peak_rate: int
    resumed_after_valkey_s: float | None
    resumed_after_database_s: float | None
    done: dict[str, int]
    goodbyes: int
    came_back: int
    events: int
    troubles: int
    days: float
    settled: bool
    database: str
    seed: int

    @property
    def holds(self) -> bool:
        return not (self.twice or self.lost or self.after_unsubscribe) and self.settled

    def line(self) -> str:
        return json.dumps(asdict(self))

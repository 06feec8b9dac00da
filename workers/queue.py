"""The embedded queue: kombu's folder transport, with messages that appear whole."""

import fcntl
import uuid
from pathlib import Path
from time import monotonic_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """
    Writes each message beside the queue and renames it into place.

    kombu creates the file and then writes it: a worker that looked in between read half a
    message and died of it.
    """

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        # The names sort by time, which is the order in which they are read.
        place = Path(self.data_folder_out) / f"{monotonic_ns():020}_{uuid.uuid4()}.{queue}.msg"
        draft = place.with_name(f".{place.name}.part")
        draft.write_text(dumps(payload))
        draft.rename(place)

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        # The same for the table of an exchange's queues, one process after the other.
        self.control_folder.mkdir(parents=True, exist_ok=True)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with (self.control_folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = self.get_table(exchange)
            if bound not in table:
                place = self.control_folder / f"{exchange}.exchange"
                draft = place.with_name(f".{place.name}.part")
                draft.write_text(dumps([bound, *table]))
                draft.rename(place)


class Transport(filesystem.Transport):
    Channel = Channel

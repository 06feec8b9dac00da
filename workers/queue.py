"""The embedded queue: kombu's folder transport, with messages that appear whole."""

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


class Transport(filesystem.Transport):
    Channel = Channel

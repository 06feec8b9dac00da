"""Backups, and going on after a loss without sending anything twice or to anyone who left."""

from digest.backup.archive import Manifest, opened
from digest.backup.moving import Moved, move
from digest.backup.reading import snapshot
from digest.backup.restoring import Restored, check_key, restore, unresumed
from digest.backup.resuming import Resumed, resume, still_awaited
from digest.backup.saving import Watch, count, rotate, save
from digest.backup.writing import check_empty, shown

__all__ = [
    "Manifest",
    "Moved",
    "Restored",
    "Resumed",
    "Watch",
    "check_empty",
    "check_key",
    "count",
    "move",
    "opened",
    "restore",
    "resume",
    "rotate",
    "save",
    "shown",
    "snapshot",
    "still_awaited",
    "unresumed",
]

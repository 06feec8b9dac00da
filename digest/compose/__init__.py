"""Compose: claimed deliveries become mails, each with what its reader asked for."""

from digest.compose.batch import Batch, read_batch
from digest.compose.composer import SIZE, Composer, groups

__all__ = ["SIZE", "Batch", "Composer", "groups", "read_batch"]

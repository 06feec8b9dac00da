"""Compose: claimed deliveries become mails, each with what its reader asked for."""

from digest.compose.batch import Batch, read_batch
from digest.compose.composer import SIZE, Composer
from digest.compose.grouping import grouped, picked

__all__ = ["SIZE", "Batch", "Composer", "grouped", "picked", "read_batch"]

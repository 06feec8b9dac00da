"""Compose: claimed deliveries become mails, each with what its reader asked for."""

from digest.compose.addressee import Addressee
from digest.compose.batch import Batch, read_batch
from digest.compose.composer import Composer
from digest.compose.grouping import grouped, picked
from digest.compose.picking import SIZE

__all__ = ["SIZE", "Addressee", "Batch", "Composer", "grouped", "picked", "read_batch"]

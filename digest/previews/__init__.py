"""Previews: the mails that somebody would get now; nothing is sent or recorded."""

from digest.previews.kinds import Kind
from digest.previews.showing import of_reader, of_sample, sample_edition, why

__all__ = ["Kind", "of_reader", "of_sample", "sample_edition", "why"]

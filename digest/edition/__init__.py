"""An edition: the papers on offer as of one fetch, frozen with all that no reader changes."""

from digest.edition.building import build, freeze
from digest.edition.edition import Edition
from digest.edition.storing import from_bytes, newest, parts, to_bytes

__all__ = ["Edition", "build", "freeze", "from_bytes", "newest", "parts", "to_bytes"]

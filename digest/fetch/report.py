"""What became of what was read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchReport:
    """
    What became of the entries that were read: new + seen + skipped is their number.

    *reasons* says why entries were skipped, *errors* which sources could not be read, *broken*
    that a document as a whole was odd.
    """

    new: int = 0
    seen: int = 0
    skipped: int = 0
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    broken: bool = False

    def __add__(self, other: "FetchReport") -> "FetchReport":
        return FetchReport(
            self.new + other.new,
            self.seen + other.seen,
            self.skipped + other.skipped,
            self.reasons + other.reasons,
            self.errors + other.errors,
            self.broken or other.broken,
        )

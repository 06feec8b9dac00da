"""The finding: the sentence of an abstract that tells what came out."""

from digest.finding.choosing import LONGEST, Judged, judged, telling
from digest.finding.sentences import sentences

__all__ = ["LONGEST", "Judged", "judged", "sentences", "telling"]

"""The vector space: how close papers, and what readers write or like, are to one another."""

from digest.space.space import FEW, Space, Text, Vectors
from digest.space.stems import stems

__all__ = ["FEW", "Space", "Text", "Vectors", "stems"]

"""The vector space: how close papers, and what readers write or like, are to one another."""

from digest.space.space import FEW, Space, Text, Vectors, warm_up
from digest.space.stems import stems

__all__ = ["FEW", "Space", "Text", "Vectors", "stems", "warm_up"]

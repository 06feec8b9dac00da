"""The vector space: how close papers, and what readers write or like, are to one another."""

from digest.space.space import Space, Text, Vectors
from digest.space.stems import stems

__all__ = ["Space", "Text", "Vectors", "stems"]

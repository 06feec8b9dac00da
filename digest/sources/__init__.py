"""Where papers come from: each source turns bytes into entries."""

from digest.sources.compression import inflated

__all__ = ["inflated"]

"""`digest up`: pages, worker and beat together, for one machine; `digest web`: pages alone."""

from digest.up.everything import up
from digest.up.pages import serve_pages

__all__ = ["serve_pages", "up"]

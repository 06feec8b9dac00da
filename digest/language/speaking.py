"""Speaking: the language of this moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from digest.language.catalogues import ENGLISH, Language, languages, nearest

_SPOKEN: ContextVar[Language | None] = ContextVar("spoken", default=None)


@contextmanager
def speaking(language: str | Language | None) -> Iterator[Language]:
    """Speak *language* within; where it is not known, its nearest relation, or English."""
    wanted = language if isinstance(language, Language) else languages()[nearest(language)]
    token = _SPOKEN.set(wanted)
    try:
        yield wanted
    finally:
        _SPOKEN.reset(token)


def spoken() -> Language:
    """Return the language that is spoken now: English, until another is."""
    return _SPOKEN.get() or languages()[ENGLISH]

"""
Everything that can go wrong on purpose, one class per reaction.

* DigestError
  x BadInput              the person who asked must ask differently: exit 2, or a 4xx
    x BadSettings         a DIGEST_* variable is missing or wrong
    x BadAddress          not an address we can write to
    x BadLink             a signed link is forged, broken, too old or revoked
    x BadDocument         a document that is none of what it was said to be
    x BadMessage          a message that nobody proved to be the mail system's, or not understood
  x FetchError            a source could not be read; the next attempt may succeed
  x AlreadyRunning        another process holds this state folder
"""


class DigestError(Exception):
    """Base of every error that this package raises on purpose."""


class BadInput(DigestError):
    """What was asked cannot be done; the message names the input and the remedy."""


class BadSettings(BadInput):
    """A DIGEST_* variable is missing or wrong."""


class BadAddress(BadInput):
    """Not an address we can write to."""


class BadLink(BadInput):
    """A signed link is forged, broken, too old or revoked."""


class BadDocument(BadInput):
    """A document that is none of what it was said to be, or of which nothing can be read."""

    def __init__(self, message: str, *, skipped: int = 0) -> None:
        super().__init__(message)
        self.skipped = skipped
        """How many entries it has, none of them readable."""


class BadMessage(BadInput):
    """
    A message that nobody proved to be the mail system's, or that says nothing we understand.

    Its words are ours alone, never the message's: they are logged.
    """


class FetchError(DigestError):
    """A source could not be read; the next attempt may succeed."""


class AlreadyRunning(DigestError):
    """Another process holds this state folder."""

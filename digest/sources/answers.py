"""What a server may answer: the document, another place, or nothing for now."""

from dataclasses import dataclass

_MOST_OF_A_VALIDATOR = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A document, and the words by which its server knows this state of it again."""

    body: bytes
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    location: str


class NoAnswer(Exception):
    """The server answered nothing, or that it is busy: the question may be asked again."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


def validator(said: str | None) -> str | None:
    """Return a server's word for a document's state, unless it is none to be kept and sent."""
    return said if said and len(said) <= _MOST_OF_A_VALIDATOR and said.isprintable() else None

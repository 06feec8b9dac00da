"""Tryouts: interests from a file against papers from a file; no database, nothing is sent."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digest.card import Reason
from digest.clock import Cadence
from digest.errors import BadInput
from digest.match import Fit, Rated, Reader, followed
from digest.pool import Pool
from digest.space import Text
from digest.topics import classifier, taxonomy

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Papers:
    """Papers to try interests on."""

    ids: tuple[str, ...]
    pool: Pool


@dataclass(frozen=True)
class Interest:
    """One line of interests: a reader, and the papers that they rated."""

    id: str
    reader: Reader
    rated: dict[int, Rated]


def papers(path: Path) -> Papers:
    """
    Return the papers in *path*: JSON lines with id, title and abstract; authors and more if known.

    Raises:
        BadInput: no such file, or a line is no paper; the message names it.

    """
    found = [_paper(line) for line in _lines(path)]
    if not found:
        raise BadInput(f"{path} holds no papers; write one a line as JSON.")
    texts = [text for _, text, _, _ in found]
    return Papers(
        ids=tuple(name for name, _, _, _ in found),
        pool=Pool(
            texts=texts,
            findings=[""] * len(texts),
            authors=[authors for _, _, authors, _ in found],
            organizations=[organization for _, _, _, organization in found],
            topics=classifier.shipped().topics(texts),
        ),
    )


def interests(path: Path) -> list[Interest]:
    """
    Return the interests in *path*: JSON lines with an id and what is wanted.

    Raises:
        BadInput: no such file, or a line is no interest; the message names it.

    """
    found = [_interest(line) for line in _lines(path)]
    if not found:
        raise BadInput(f"{path} holds no interests; write one a line as JSON.")
    return found


def ranked(papers: Papers, interest: Interest, top: int) -> Iterator[dict[str, Any]]:
    """
    Yield the picks for *interest*, best first, by interest alone: no trend and no diversity.

    *top* = 0 is every paper, those that answer to nothing too; muted ones are none.
    """
    follows = followed(papers.pool, [interest.reader])
    fit = Fit(papers.pool, interest.reader, interest.rated, follows=follows, row=0)
    scores = fit.by_interest
    best = np.argsort(-scores, kind="stable")
    best = best[fit.allowed()[best]]
    for place in best[: top or None].tolist():
        yield {
            "paper": papers.ids[place],
            "score": round(float(scores[place]), 4),
            "because": [_in_words(reason) for reason in fit.reasons(place)],
        }


def _in_words(reason: Reason) -> str:
    return " ".join([reason.lead, ", ".join(reason.chips)]).strip()


@dataclass(frozen=True)
class _Line:
    """One JSON object, and where it stood."""

    where: str
    fields: dict[str, Any]

    def text(self, name: str) -> str:
        """Return a field that may be missing or null."""
        return self._of(name, str, "a text") or ""

    def texts(self, name: str) -> list[str]:
        found = self._of(name, list, "a list of texts") or []
        if not all(isinstance(each, str) for each in found):
            raise BadInput(f"{self.where}: {name!r} must be a list of texts.")
        return list(found)

    def rated(self, name: str) -> list[Rated]:
        found = self._of(name, list, "a list of papers") or []
        lines = [_Line(f"{self.where}: {name}", each) for each in found if isinstance(each, dict)]
        if len(lines) < len(found):
            raise BadInput(f"{self.where}: {name!r} must be a list of papers with a title.")
        return [Text(line.text("title"), line.text("abstract")) for line in lines]

    def name(self) -> str:
        found = self.fields.get("id")
        if not isinstance(found, str | int) or isinstance(found, bool):
            raise BadInput(f"{self.where}: each line needs an 'id'.")
        return str(found)

    def _of(self, name: str, kind: type, called: str) -> Any:  # noqa: ANN401  of that kind
        found = self.fields.get(name)
        if found is not None and not isinstance(found, kind):
            raise BadInput(f"{self.where}: {name!r} must be {called}.")
        return found


def _lines(path: Path) -> Iterator[_Line]:
    try:
        body = path.read_bytes()
        text = (gzip.decompress(body) if body.startswith(_GZIP) else body).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as exc:
        raise BadInput(f"{path} cannot be read: {getattr(exc, 'strerror', None) or exc}.") from exc
    except UnicodeDecodeError as exc:
        raise BadInput(f"{path} is not in UTF-8.") from exc
    # Not splitlines: an abstract may hold a line separator that JSON leaves as it is.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _Line(f"{path}, line {number}", _object(line, f"{path}, line {number}"))


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise BadInput(f"{where} is not JSON: {exc}.") from exc
    if not isinstance(found, dict):
        raise BadInput(f"{where} is not a JSON object.")
    return _whole(found) if "\\ud" in line.lower() else found


def _whole(found: dict[str, Any]) -> dict[str, Any]:
    """Return *found* without halves of surrogate pairs: JSON may hold them, no text can."""
    whole = json.dumps(found, ensure_ascii=False).encode(errors="replace")
    return dict(json.loads(whole))


def _paper(line: _Line) -> tuple[str, Text, tuple[str, ...], str | None]:
    authors = line.fields.get("authors")
    names = authors.split(", ") if isinstance(authors, str) else line.texts("authors")
    text = Text(line.text("title"), line.text("abstract"))
    return line.name(), text, tuple(names), line.text("organization") or None


def _interest(line: _Line) -> Interest:
    liked, disliked = line.rated("liked"), line.rated("disliked")
    rated = dict(enumerate(liked + disliked))
    reader = Reader(
        id=0,
        cadence=Cadence.DAILY,
        topics=_topics(line, "topics"),
        keywords=line.texts("keywords"),
        muted=line.texts("muted"),
        muted_topics=_topics(line, "muted_topics"),
        authors=line.texts("authors"),
        organizations=line.texts("organizations"),
        about=line.text("text"),
        liked=range(len(liked)),
        disliked=range(len(liked), len(rated)),
    )
    return Interest(line.name(), reader, rated)


def _topics(line: _Line, name: str) -> list[str]:
    slugs = line.texts(name)
    for slug in slugs:
        if slug not in taxonomy.by_slug():
            raise BadInput(
                f"{line.where}: there is no topic {slug!r}; `digest topics list` names them all."
            )
    return slugs

"""Identity: which entries are the same paper, whoever shows it."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.models import Identifier, Paper
from digest.sources.entry import Entry, arxiv_id

TELLING_WORDS = 4
"""A title of fewer words ("Editorial", "A short introduction") says too little to go by."""

APART_AT_MOST = timedelta(days=3 * 365)
"""A preprint and its journal version are this close; a namesake is mostly farther away."""

TELLING_LENGTH = 12
"""Letters that say as much where a script has no spaces."""

_WORD = re.compile(r"[^\W_]+")
# C, C++ and C# are three languages.
_TITLE_WORD = re.compile(r"[^\W_]+[+#]*")


def identifiers(entry: Entry) -> list[str]:
    """Return the names under which *entry*'s source knows its paper."""
    return [entry.external_id, *([f"doi:{entry.doi}"] if entry.doi else [])]


def title_key(title: str) -> str | None:
    """Return what titles of the same words have in common; None for one that says too little."""
    words = _TITLE_WORD.findall(_folded(title))
    unspaced = not title.isascii() and len("".join(words)) >= TELLING_LENGTH
    if len(words) < TELLING_WORDS and not unspaced:
        return None
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:32]


def known(session: Session, entries: Sequence[Entry]) -> dict[str, int]:
    """
    Return the ids of the papers that are known, by the external id of the entry.

    By identifier first; then by a telling title with authors in common, unless both are on
    arXiv under ids of their own.
    """
    by_identifier = _by_identifier(session, entries)
    others = [entry for entry in entries if entry.external_id not in by_identifier]
    return by_identifier | _by_title(session, others)


def linked(session: Session, entries: Sequence[Entry]) -> list[list[str]]:
    """Return the names by which one of *entries* knows its paper, and we two."""
    several = [entry for entry in entries if entry.doi and entry.doi != entry.external_id]
    values = [value for entry in several for value in identifiers(entry)]
    if not values:
        return []
    named = select(Identifier.value, Identifier.paper_id).where(Identifier.value.in_(values))
    paper = {value: paper_id for value, paper_id in session.execute(named)}  # noqa: C416
    names = [[value for value in identifiers(entry) if value in paper] for entry in several]
    return [each for each in names if len({paper[value] for value in each}) > 1]


def may_be_one(session: Session, one: Paper, other: Paper) -> bool:
    """Return whether nothing but a source's word for it speaks against *one* being *other*."""
    values = select(Identifier.value).where(Identifier.paper_id.in_([one.id, other.id]))
    on_arxiv = _arxiv_ids(v for v in session.scalars(values) if not v.startswith("doi:"))
    if len(on_arxiv) > 1 or one.sample != other.sample:
        return False
    return not (one.authors and other.authors) or _same_authors(one.authors, other.authors)


def _by_identifier(session: Session, entries: Sequence[Entry]) -> dict[str, int]:
    values = {value for entry in entries for value in identifiers(entry)}
    named = select(Identifier.value, Identifier.paper_id).where(Identifier.value.in_(values))
    found = {value: paper_id for value, paper_id in session.execute(named)}  # noqa: C416
    on_arxiv = _on_arxiv(session, found.values())
    known: dict[str, int] = {}
    for entry in entries:
        for value in filter(found.get, identifiers(entry)):
            names = on_arxiv[found[value]]
            if value == entry.external_id or not _two_arxiv_ids(entry, names):
                known[entry.external_id] = found[value]
                names |= _arxiv_ids([entry.external_id])
                break
    return known


def _arxiv_ids(names: Iterable[str]) -> set[str]:
    return {identifier for name in names if (identifier := arxiv_id(name))}


def _on_arxiv(session: Session, paper_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return under which arXiv ids these papers are known, which may not be their own names."""
    named = select(Identifier.paper_id, Identifier.value).where(
        Identifier.paper_id.in_(set(paper_ids)), ~Identifier.value.startswith("doi:")
    )
    found: dict[int, set[str]] = defaultdict(set)
    for paper_id, value in session.execute(named):
        found[paper_id] |= _arxiv_ids([value])
    return found


def _two_arxiv_ids(entry: Entry, others: Collection[str]) -> bool:
    """Tell whether both are on arXiv, under ids of their own: then they are two papers."""
    identifier = arxiv_id(entry.external_id)
    return bool(identifier and others) and identifier not in others


def _by_title(session: Session, entries: Sequence[Entry]) -> dict[str, int]:
    keys = {entry.external_id: title_key(entry.title) for entry in entries if entry.authors}
    wanted = {key for key in keys.values() if key}
    if not wanted:
        return {}
    namesakes: dict[str | None, list[Paper]] = defaultdict(list)
    for paper in session.scalars(
        select(Paper).where(Paper.title_key.in_(wanted)).order_by(Paper.id)
    ):
        namesakes[paper.title_key].append(paper)
    on_arxiv = _on_arxiv(session, [papers[0].id for papers in namesakes.values()])
    return {
        entry.external_id: paper.id
        for entry in entries
        for paper in namesakes[keys.get(entry.external_id)][:1]
        # A paper of the same document has no names in the database yet, but its own.
        if not _two_arxiv_ids(entry, on_arxiv[paper.id] | _arxiv_ids([paper.external_id]))
        and _same(entry, paper)
    }


def _same(entry: Entry, paper: Paper) -> bool:
    if entry.sample != paper.sample:
        return False
    if entry.published_at and paper.published_at:
        apart = abs(entry.published_at - paper.published_at)
        if apart > APART_AT_MOST:
            return False
    return _same_authors(paper.authors, entry.authors)


def _same_authors(some: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether at least half of the shorter list is in the other one too."""
    ours, theirs = surnames(some), surnames(others)
    return 2 * len(ours & theirs) >= max(1, min(len(ours), len(theirs)))


def surnames(authors: Iterable[str]) -> set[str]:
    """Return the surnames of *authors*, written "Ada Lovelace", "Lovelace, A." or "Lovelace A"."""
    return {surname for author in authors if (surname := _surname(author))}


def _surname(author: str) -> str:
    name = _folded(author)
    if "," in name:
        words = _WORD.findall(name.partition(",")[0])
    else:
        # Initials behind a surname are no surname.
        words = [word for word in _WORD.findall(name) if len(word) > 1 or not word.isascii()]
    return words[-1] if words else ""


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(each for each in decomposed if not unicodedata.combining(each))

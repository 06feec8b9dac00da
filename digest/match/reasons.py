"""Reasons: why a paper was picked, true and in the reader's words."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from digest.card import Reason
from digest.match.interests import Atom, Kind
from digest.pool import Pool
from digest.space.stems import stem
from digest.topics import taxonomy

MOST_REASONS = 3
MOST_WORDS = 3


def of_atoms(atoms: Sequence[Atom]) -> list[Reason]:
    """Return the reasons that *atoms*, strongest first, give; atoms of a kind share one."""
    names: dict[Kind, list[str]] = {}
    for atom in atoms:
        names.setdefault(atom.kind, []).append(atom.name)
    return [_reason(kind, of_kind) for kind, of_kind in names.items()]


def _reason(kind: Kind, names: Sequence[str]) -> Reason:
    match kind:
        case Kind.TOPIC:
            return Reason("You follow", tuple(taxonomy.by_slug()[name].name for name in names))
        case Kind.KEYWORD:
            return Reason(f"Matches your keyword{'s' * (len(names) > 1)}", tuple(names))
        case Kind.AUTHOR:
            return Reason(f"By {' and '.join(names)}, whom you follow", ())
        case Kind.ORGANIZATION:
            return Reason("From", tuple(names))


def of_likes(near: int, words: tuple[str, ...]) -> Reason:
    """Return the reason of a paper close to *near* liked papers, by *words*."""
    if not near:
        return Reason("Close to what you liked", (), words)
    on = " on" if words else ""
    liked = f"{near} papers" if near > 1 else "a paper"
    return Reason(f"Close to {liked} you liked{on}", words[:1], words)


def of_text(words: tuple[str, ...]) -> Reason:
    on = " on" if words else ""
    return Reason(f"Close to what you wrote{on}", words[:1], words)


def trending(upvotes: int) -> tuple[Reason, ...]:
    if upvotes <= 0:
        return ()
    return (Reason(f"Trending: {upvotes:,} upvote{'s' * (upvotes > 1)}", ()),)


def carried(pool: Pool, place: int, direction: npt.NDArray[np.float32]) -> tuple[str, ...]:
    """Return the paper's words that *direction* met most, as it writes them; neighbours as one."""
    row = pool.space.papers.exact[[place]]
    weights = row.data * direction[row.indices]
    best = np.argsort(-weights, kind="stable")[:MOST_WORDS]
    wanted = {pool.space.terms[row.indices[n]] for n in best if weights[n] > 0}
    if not wanted:
        return ()
    text = pool.texts[place]
    found: dict[frozenset[str], str] = {}
    for run in _runs(f"{text.title}. {text.abstract}", wanted):
        found.setdefault(frozenset(map(stem, run)), " ".join(run))
    told: list[str] = []
    for group in sorted(found, key=len, reverse=True):
        if group <= wanted:
            wanted -= group
            told.append(found[group])
    return tuple(told)


def _runs(text: str, wanted: set[str]) -> Iterator[list[str]]:
    """Yield the longest runs of neighbours in *text* whose stems are all *wanted*, none twice."""
    run: list[str] = []
    end = 0
    for match in re.finditer(r"[^\W_]+", text.lower()):
        is_next = text[end : match.start()] in {" ", "-"}
        end = match.end()
        is_new = stem(match.group()) in wanted - set(map(stem, run))
        if run and not (is_next and is_new):
            yield run
            run = []
        if stem(match.group()) in wanted:
            run.append(match.group())
    if run:
        yield run

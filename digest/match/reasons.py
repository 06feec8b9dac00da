"""Reasons: why a paper was picked, true and in the reader's words."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from digest.card import Reason
from digest.match import names as people
from digest.match.interests import Atom, Kind
from digest.space import Space
from digest.topics import taxonomy

MOST_REASONS = 3
MOST_WORDS = 3


@lru_cache(maxsize=10_000)
def of_atoms(atoms: tuple[Atom, ...]) -> tuple[Reason, ...]:
    """Return the reasons that *atoms*, strongest first, give; atoms of a kind share one."""
    names: dict[Kind, list[str]] = {}
    for atom in atoms:
        names.setdefault(atom.kind, []).append(atom.name)
    return tuple(_reason(kind, of_kind) for kind, of_kind in names.items())


def _reason(kind: Kind, names: Sequence[str]) -> Reason:
    match kind:
        case Kind.TOPIC:
            return Reason("You follow", tuple(taxonomy.by_slug()[name].name for name in names))
        case Kind.KEYWORD:
            return Reason(f"Matches your keyword{'s' * (len(names) > 1)}", tuple(names))
        case Kind.AUTHOR:
            *others, last = map(people.in_order, names)
            said = f"{', '.join(others)} and {last}" if others else last
            return Reason(f"By {said}, whom you follow", ())
        case Kind.ORGANIZATION:
            return Reason("From", tuple(names))


def of_likes(near: int, words: tuple[str, ...]) -> Reason:
    """Return the reason of a paper close to *near* liked papers, by *words*."""
    on = " on" if words else ""
    liked = "what" if not near else "a paper" if near == 1 else f"{near} papers"
    return Reason(f"Close to {liked} you liked{on}", words[:1], words)


def of_text(words: tuple[str, ...]) -> Reason:
    on = " on" if words else ""
    return Reason(f"Close to what you wrote{on}", words[:1], words)


# Kept, as `of_atoms` is: what is known again by where it is in memory is encoded once.
@lru_cache(maxsize=10_000)
def trending(upvotes: int) -> tuple[Reason, ...]:
    if upvotes <= 0:
        return ()
    return (Reason(f"Trending: {upvotes:,} upvote{'s' * (upvotes > 1)}", ()),)


def strongest(space: Space, place: int, met: npt.NDArray[np.float32]) -> tuple[str, ...]:
    """Return the paper's terms that were *met* most, by the weights met there, at most a few."""
    terms, weights = space.row(place)
    product = weights * met
    best = np.argsort(-product, kind="stable")[:MOST_WORDS]
    return tuple(space.terms[terms[n]] for n in best if product[n] > 0)

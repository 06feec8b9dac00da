"""Tastes: what readers wrote, liked and disliked, as the space of one pool sees it."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from digest.card import Reason
from digest.clock import Cadence
from digest.match import closeness, reasons
from digest.match.closeness import SAID_BESIDE_LIKED, Closeness, Seen, standing_out
from digest.match.interests import Rated, Reader
from digest.match.wording import Wording
from digest.pool import Pool

Array = npt.NDArray[np.float32]

CLOSE = 1.5
"""A paper is close to what a reader wrote or liked if it stands out by so many standard
deviations; of a day's papers about one in ten does."""

AS_SURE_AS_A_TOPIC = 5.0
"""Standard deviations that add as much as a topic that a paper is surely about."""

DISLIKED_WEIGHT = 0.5

_KEPT_TEXTS = 2_000
_KEPT_RATED = 5_000
_KEPT_WORDS = 20_000


class Tastes:
    """What one pool is beside texts and rated papers; each is looked at once."""

    def __init__(self, pool: Pool) -> None:
        self.pool, self.space = pool, pool.space
        self.said = lru_cache(_KEPT_TEXTS)(lambda text: closeness.to_words(pool.space, text))
        """How close each paper is to a text."""
        self._seen = lru_cache(_KEPT_RATED)(lambda paper: closeness.seen(pool.space, paper))
        self._wording = lru_cache(None)(lambda place: Wording(pool.texts[place]))
        self._told = lru_cache(_KEPT_WORDS)(lambda place, stems: self._wording(place).of(stems))
        self._none = Taste(self, Reader(id=0, cadence=Cadence.DAILY), {})

    def of(self, reader: Reader, rated: Mapping[int, Rated]) -> "Taste":
        if reader.about or reader.liked or reader.disliked:
            return Taste(self, reader, rated)
        return self._none

    def seen(self, papers: Iterable[Rated]) -> list[Seen]:
        """Return rated papers as the space sees them, each once; none in which it knows no word."""
        found = (self._seen(paper) for paper in dict.fromkeys(papers))
        # Less its mean it would still point somewhere: away from all that is usual.
        return [seen for seen in found if len(seen.terms)]

    def words(self, place: int, direction: Array) -> tuple[str, ...]:
        """Return the paper's words that *direction* met most, as it writes them."""
        return self._told(place, reasons.strongest(self.space, place, direction))


class Taste:
    """What one reader wrote, liked and disliked, beside one pool."""

    def __init__(self, tastes: Tastes, reader: Reader, rated: Mapping[int, Rated]) -> None:
        liked = [rated[paper] for paper in reader.liked if paper in rated]
        disliked = [rated[paper] for paper in reader.disliked if paper in rated]
        self._tastes, self._pool = tastes, tastes.pool
        self._unrated = _without(tastes.pool, (*liked, *disliked))
        self._said = tastes.said(reader.about) if reader.about.strip() else None
        self._seen = tastes.seen(liked)
        self._liked = closeness.to_seen(tastes.space, self._seen)
        self._likes = closeness.together(self._said, self._liked)
        self._dislikes = closeness.to_seen(tastes.space, tastes.seen(disliked))
        self.likes_stand_out = self._standing(self._likes)
        """How much each paper does, as parts of what a sure topic adds, shape (papers,)."""
        self.dislikes_stand_out = self._standing(self._dislikes)
        self.close = _worth(self._likes, self.likes_stand_out)
        """What being close to what was written and liked adds, shape (papers,)."""
        self.pushed = DISLIKED_WEIGHT * _worth(self._dislikes, self.dislikes_stand_out)
        """What being close to what was disliked takes, shape (papers,)."""

    def reason(self, place: int) -> Reason:
        """Return the reason of what added more: what was written, or what was liked."""
        said, liked = self._above(self._said, place), self._above(self._liked, place)
        if self._said and SAID_BESIDE_LIKED * said > liked:
            return reasons.of_text(self._tastes.words(place, self._said.direction))
        near = [seen for seen in self._seen if seen.near[place]]
        # Without any near one it is their mean: the word is that of the nearest.
        told = near or [max(self._seen, key=lambda seen: seen.alike[place])]
        direction = closeness.in_common(self._tastes.space, told)
        return reasons.of_likes(len(near), self._tastes.words(place, direction))

    def _above(self, part: Closeness | None, place: int) -> float:
        if part is None or part.meant[place] < 1:
            return -np.inf
        return float(part.scores[place] - part.scores[self._unrated].mean())

    def _standing(self, taste: Closeness | None) -> Array:
        if taste is None:
            return np.zeros(len(self._pool), np.float32)
        return standing_out(taste.scores, self._unrated) / np.float32(AS_SURE_AS_A_TOPIC)


@lru_cache(maxsize=2)
def tastes(pool: Pool) -> Tastes:
    """Return the tastes by *pool*, kept while it is one of the last two asked for."""
    return Tastes(pool)


def _without(pool: Pool, rated: Iterable[Rated]) -> npt.NDArray[np.bool_]:
    """Return which papers were not rated: beside those that were, nothing stands out."""
    unrated = np.ones(len(pool), np.bool_)
    unrated[[pool.places[paper] for paper in rated if paper in pool.places]] = False
    return unrated


def _worth(taste: Closeness | None, standing: Array) -> Array:
    if taste is None:
        return standing
    close = (standing >= CLOSE / AS_SURE_AS_A_TOPIC) & (taste.meant >= 1)
    return np.asarray(np.where(close, np.minimum(standing, 1), 0), np.float32)

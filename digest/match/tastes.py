"""Tastes: what readers wrote, liked and disliked, as the space of one pool sees it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from digest.card import Reason
from digest.match import closeness, likeness, reasons
from digest.match.closeness import Array, Closeness, Flags, Said, standing_out
from digest.match.interests import Rated, Reader
from digest.match.likeness import Seen
from digest.match.wording import Wording
from digest.pool import Pool

CLOSE = 1.5
"""A paper is close to what a reader wrote or liked if it stands out by so many standard
deviations; of a day's papers about one in ten does."""

AS_SURE_AS_A_TOPIC = 5.0
"""Standard deviations that add as much as a topic that a paper is surely about."""

SAID_BESIDE_LIKED = 0.5
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
        self._seen: dict[Rated, Seen] = {}
        self._wording = lru_cache(None)(lambda place: Wording(pool.texts[place]))
        self._told = lru_cache(_KEPT_WORDS)(lambda place, stems: self._wording(place).of(stems))
        self.words_liked = lru_cache(_KEPT_WORDS)(self._liked)
        """The paper's words that most of those that were liked have too, as the paper has them."""

    def of(self, readers: Sequence[Reader], rated: Mapping[int, Rated]) -> "Taste":
        """Return what *readers* wrote, liked and disliked; *rated* has what is known of papers."""
        self._look_at(
            {
                rated[paper]
                for reader in readers
                for paper in (*reader.liked, *reader.disliked)
                if paper in rated
            }
        )
        return Taste(self, readers, rated)

    def seen(self, papers: Iterable[Rated]) -> list[Seen]:
        """Return rated papers as the space sees them, each once; none in which it knows no word."""
        found = (self._seen[paper] for paper in dict.fromkeys(papers))
        # Less its mean it would still point somewhere: away from all that is usual.
        return [seen for seen in found if len(seen.terms)]

    def words_said(self, place: int, said: Said) -> tuple[str, ...]:
        """Return the paper's words that a text met most, as the paper has them."""
        terms, _ = self.space.row(place)
        return self._told(place, reasons.strongest(self.space, place, said.at(terms)))

    def _liked(self, place: int, liked: tuple[Seen, ...]) -> tuple[str, ...]:
        met = likeness.in_common(self.space, liked, place)
        return self._told(place, reasons.strongest(self.space, place, met))

    def _look_at(self, papers: set[Rated]) -> None:
        new = [paper for paper in papers if paper not in self._seen]
        if len(self._seen) + len(new) > _KEPT_RATED:
            self._seen.clear()
            self.words_liked.cache_clear()
            new = list(papers)
        if new:
            self._seen.update(zip(new, likeness.seen(self.space, new), strict=True))


class Taste:
    """What a block of readers wrote, liked and disliked, beside one pool; a row for each."""

    def __init__(
        self, tastes: Tastes, readers: Sequence[Reader], rated: Mapping[int, Rated]
    ) -> None:
        liked, disliked = (
            [[rated[paper] for paper in papers if paper in rated] for papers in each]
            for each in (
                (reader.liked for reader in readers),
                (reader.disliked for reader in readers),
            )
        )
        self._tastes, self._shape = tastes, (len(readers), len(tastes.pool))
        self._unrated = self._without(liked, disliked)
        self._said = [tastes.said(each.about) if each.about.strip() else None for each in readers]
        self._seen = [tastes.seen(papers) for papers in liked]
        self._liked = self._to_seen(self._seen)
        likes, dislikes = self._likes(), self._to_seen(list(map(tastes.seen, disliked)))
        self.likes_stand_out = self._standing(likes)
        """How much each paper does, as parts of what a sure topic adds, shape (readers, papers)."""
        self.dislikes_stand_out = self._standing(dislikes)
        self.close = _worth(likes, self.likes_stand_out)
        """What being close to what was written and liked adds, of the same shape."""
        self.pushed = DISLIKED_WEIGHT * _worth(dislikes, self.dislikes_stand_out)
        """What being close to what was disliked takes."""

    def reason(self, row: int, place: int) -> Reason:
        """Return the reason of what added more: what was written, or what was liked."""
        said = self._said[row]
        if said and self._rather_said(said.closeness, row, place):
            return reasons.of_text(self._tastes.words_said(place, said))
        near = [seen for seen in self._seen[row] if seen.near[place]]
        # Without any near one it is their mean: the word is that of the nearest.
        told = near or [max(self._seen[row], key=lambda seen: seen.alike[place])]
        return reasons.of_likes(len(near), self._tastes.words_liked(place, tuple(told)))

    def _rather_said(self, said: Closeness, row: int, place: int) -> bool:
        liked = Closeness(self._liked.scores[row], self._liked.meant[row])
        unrated = self._unrated[row]
        return SAID_BESIDE_LIKED * _above(said, unrated, place) > _above(liked, unrated, place)

    def _likes(self) -> Closeness:
        """Return how close the papers are to what was written and liked together."""
        scores, meant = self._liked.scores.copy(), self._liked.meant.copy()
        for row, said in enumerate(self._said):
            if said:
                # By itself too: what stands out stands out by half as well.
                scores[row] += SAID_BESIDE_LIKED * said.closeness.scores
                np.maximum(meant[row], said.closeness.meant, out=meant[row])
        return Closeness(scores, meant)

    def _to_seen(self, rated: Sequence[Sequence[Seen]]) -> Closeness:
        """Return how close the papers are to what each reader rated, 0 where that is nothing."""
        found = Closeness(np.zeros(self._shape, np.float32), np.zeros(self._shape, np.float32))
        if some := [row for row, papers in enumerate(rated) if papers]:
            close = likeness.to_seen(self._tastes.space, [rated[row] for row in some])
            found.scores[some], found.meant[some] = close.scores, close.meant
        return found

    def _standing(self, taste: Closeness) -> Array:
        return standing_out(taste.scores, self._unrated) / np.float32(AS_SURE_AS_A_TOPIC)

    def _without(self, *rated: Sequence[Sequence[Rated]]) -> Flags:
        """Return which papers were not rated: beside those that were, nothing stands out."""
        unrated, places = np.ones(self._shape, np.bool_), self._tastes.pool.places
        for each in rated:
            for row, papers in enumerate(each):
                unrated[row, [places[paper] for paper in papers if paper in places]] = False
        return unrated


@lru_cache(maxsize=2)
def tastes(pool: Pool) -> Tastes:
    """Return the tastes by *pool*, kept while it is one of the last two asked for."""
    return Tastes(pool)


def _worth(taste: Closeness, standing: Array) -> Array:
    close = (standing >= CLOSE / AS_SURE_AS_A_TOPIC) & (taste.meant >= 1)
    return np.asarray(np.where(close, np.minimum(standing, 1), 0), np.float32)


def _above(part: Closeness, unrated: Flags, place: int) -> float:
    if part.meant[place] < 1:
        return -np.inf
    return float(part.scores[place] - part.scores[unrated].mean())

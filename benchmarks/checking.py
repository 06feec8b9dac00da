"""Checking reasons: whether each holds, by rules that know nothing of how the matcher decides."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from digest.card import Card, Reason
from digest.edition import Edition
from digest.match import Picked, Rated, Reader
from digest.topics import taxonomy
from digest.topics.classifier import ABOUT

NEAR = 0.15
"""Who says that a paper is like another means that it is among so many of the most like it."""

BEGINNING = 5
"""Letters by which forms of one word are known: agents, agentic."""

MOST_REASONS = 3

_KEYWORDS = re.compile(r"Matches your keywords?")
_AUTHORS = re.compile(r"By (.+), whom you follow")
_LIKED = re.compile(r"Close to (what|a paper|([\d,]+) papers) you liked(?: on)?")
_WROTE = re.compile(r"Close to what you wrote(?: on)?")
_TRENDING = re.compile(r"Trending: ([\d,]+) upvotes?")


class Checker:
    """Looks at the picks from one edition; *rated* holds what its readers rated."""

    def __init__(self, edition: Edition, rated: Mapping[int, Rated]) -> None:
        self._edition, self._rated = edition, rated
        self._names = {topic.name: topic.slug for topic in taxonomy.topics()}
        self._column = {topic.slug: n for n, topic in enumerate(taxonomy.topics())}

    def wrong(self, reader: Reader, picked: Picked) -> list[str]:
        """Return what does not hold of the reasons for a pick; nothing if all is well."""
        reasons, card = picked.reasons, self._edition.cards[picked.place]
        found = [
            f"{reason.lead} {', '.join(reason.chips)}: {card.title}"
            for reason in reasons
            if not all(self._holds(reader, picked.place, reason))
        ]
        trending = [reason for reason in reasons if _TRENDING.fullmatch(reason.lead)]
        if len(reasons) > MOST_REASONS or (trending and len(reasons) > 1):
            found.append(f"{len(reasons)} reasons: {card.title}")
        return found

    def _holds(self, reader: Reader, place: int, reason: Reason) -> Iterator[bool]:
        card = self._edition.cards[place]
        yield all(_says(card, word) for word in reason.words)
        if reason.lead == "You follow":
            slugs = [self._names[chip] for chip in reason.chips]
            yield set(slugs) <= set(reader.topics)
            yield all(self._edition.topics[place, self._column[slug]] >= ABOUT for slug in slugs)
        elif _KEYWORDS.fullmatch(reason.lead):
            yield set(reason.chips) <= set(reader.keywords)
            yield reason.lead.endswith("s") == (len(reason.chips) > 1)
            yield all(_has_keyword(card, chip) for chip in reason.chips)
        elif names := _AUTHORS.fullmatch(reason.lead):
            told = re.split(r", | and ", names.group(1))
            wanted = {_letters(_turned(name)) for name in reader.authors}
            yield {_letters(name) for name in told} <= wanted
            yield all(any(_is_one(name, author) for author in card.authors) for name in told)
        elif reason.lead == "From":
            yield set(reason.chips) <= set(reader.organizations)
            yield [_letters(chip) for chip in reason.chips] == [_letters(card.organization or "")]
        elif count := _TRENDING.fullmatch(reason.lead):
            yield int(count.group(1).replace(",", "")) == card.upvotes > 0
        else:
            yield from self._is_close(reader, place, reason)

    def _is_close(self, reader: Reader, place: int, reason: Reason) -> Iterator[bool]:
        card = self._edition.cards[place]
        yield all(_says(card, chip) for chip in reason.chips)
        yield reason.lead.endswith(" on") == bool(reason.chips)
        if _WROTE.fullmatch(reason.lead):
            yield all(_mentions(reader.about, chip) for chip in reason.chips)
            yield place in self._near(reader.about)
        elif count := _LIKED.fullmatch(reason.lead):
            liked = [self._rated[each] for each in reader.liked if each in self._rated]
            texts = [f"{paper.title}\n{paper.abstract}" for paper in liked]
            said = int((count.group(2) or "1").replace(",", ""))
            yield sum(place in self._near(text) for text in texts) * 2 >= said
            yield said <= len(liked)
            yield all(any(_mentions(text, chip) for text in texts) for chip in reason.chips)
        else:
            yield False

    @cached_property
    def _plain(self) -> tuple[TfidfVectorizer, object]:
        vectorizer = TfidfVectorizer(analyzer=_beginnings, sublinear_tf=True)
        texts = [f"{card.title}\n{card.abstract}" for card in self._edition.cards]
        return vectorizer, vectorizer.fit_transform(texts)

    def _near(self, text: str) -> set[int]:
        """Return the papers most like *text* by the cosine of plain TF-IDF rows."""
        vectorizer, rows = self._plain
        cosines: npt.NDArray[np.float64] = (rows @ vectorizer.transform([text]).T).toarray()[:, 0]
        most = max(1, round(NEAR * len(cosines)))
        first: Sequence[int] = np.argsort(-cosines, kind="stable")[:most].tolist()
        return {place for place in first if cosines[place] > 0}


def _beginnings(text: str) -> list[str]:
    words = re.findall(r"[^\W_]{2,}", _folded(text))
    return [word[:BEGINNING] for word in words if word not in ENGLISH_STOP_WORDS]


def _text(card: Card) -> str:
    parts = (card.title, card.abstract, card.finding)
    return "\n".join(" ".join(part.split()) for part in parts)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _letters(name: str) -> str:
    return "".join(letter for letter in _folded(name) if letter.isalnum())


def _is_one(name: str, author: str) -> bool:
    """Tell whether both are one name; a middle initial that one of them lacks may be missing."""
    inner = r"(?<=\s)[^\W_]\.?\s+"
    spellings = [{_letters(each), _letters(re.sub(inner, "", each))} for each in (name, author)]
    both = all(len(each) > 1 for each in spellings)
    return _letters(name) == _letters(author) if both else bool(spellings[0] & spellings[1])


def _turned(name: str) -> str:
    return " ".join(reversed(name.split(", ", 1)))


def _says(card: Card, words: str) -> bool:
    """Tell whether the paper has *words* one after another, as they are."""
    pattern = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", _folded(words)))
    return bool(re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", _folded(_text(card))))


def _mentions(text: str, words: str) -> bool:
    """Tell whether *text* has a word of the same beginning as each of *words*."""
    known = re.findall(r"[^\W_]+", _folded(text))
    return all(
        any(other.startswith(word[: _beginning(len(word))]) for other in known)
        for word in re.findall(r"[^\W_]+", _folded(words))
    )


def _beginning(length: int) -> int:
    return max(min(3, length - 1), min(BEGINNING, length - 4))


def _has_keyword(card: Card, keyword: str) -> bool:
    text = _folded(_text(card))
    if keyword.startswith('"') and keyword.endswith('"'):
        return bool(re.search(rf"\b{re.escape(_folded(keyword[1:-1]))}\b", text))
    words = re.findall(r"[^\W_]+\*?", _folded(keyword))
    ends = [r"[^\W_]*" if word.endswith("*") else r"(?:y|ies|ie|es|s|e)?" for word in words]
    # Its writer may have put a hyphen where the reader has none.
    stems = ["-?".join(map(re.escape, _without_plural(word.rstrip("*")))) for word in words]
    pattern = r"[\W_]*".join(f"{stem}{end}" for stem, end in zip(stems, ends, strict=True))
    return bool(re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", text))


def _without_plural(word: str) -> str:
    return re.sub(r"(?<=[^\W_]{3})(?:y|ies|(?<=ss)es|(?<![su])s)$", "", word)

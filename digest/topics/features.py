"""Features: papers as TF-IDF rows over stems, pairs of stems, and the title's stems."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.topics.tokens import Numbers, Rows, Tokens, counted

STEM = 6
"""So many letters of a word are its stem: the lightest stemming, and here as good as any."""
TITLE_WEIGHT = 3
"""A word in the title counts as often as this many in the abstract."""
PAIR_WEIGHT, TITLE_STEM_WEIGHT = 0.7, 0.7
"""What pairs and the title's stems count beside stems; found by validation."""
RAREST_STEM, RAREST_PAIR, RAREST_TITLE_STEM = 3, 30, 4
"""In fewer papers than this a term is no feature."""

MEASURED = 3000
"""So many papers tell how long rows are."""
SHORT = 0.1
"""The share of papers that are short: a few words say less, though they are all there is."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """The terms that count, and how rare each is; its columns are stems, pairs, title stems."""

    stems: tuple[str, ...]
    pairs: Numbers
    """First stem x number of stems + second stem, ascending."""
    title_stems: Numbers
    """Which stems count once more where they stand in the title."""
    rarity: Floats
    """The inverse document frequency of each column, with the weight of its kind."""

    least: Floats
    """Rows that are shorter than this before scaling are not made longer: full, abstracts."""

    @property
    def in_abstract(self) -> int:
        """How many columns there are without those of the title."""
        return len(self.stems) + len(self.pairs)

    def full(self, tokens: Tokens) -> Rows:
        """
        Return papers as rows of length 1, shape (papers, columns); the title weighs more.

        Rows of few words are shorter: they tell less.
        """
        return _unit(self._full(tokens), self.least[0])

    def abstracts(self, tokens: Tokens) -> Rows:
        """Return papers by their abstracts alone, shape (papers, columns in abstracts)."""
        return _unit(self._abstracts(tokens), self.least[1])

    def _full(self, tokens: Tokens) -> Rows:
        weights = np.where(tokens.in_title, np.float32(TITLE_WEIGHT), np.float32(1))
        stems, everywhere = self._stemmed(tokens), np.ones(len(tokens.flat), np.bool_)
        parts = [self._rows(tokens, stems, everywhere, weights), self._title_rows(tokens, stems)]
        rows: Rows = sparse.hstack(parts, format="csr")
        return rows

    def _abstracts(self, tokens: Tokens) -> Rows:
        weights = np.ones(len(tokens.flat), np.float32)
        return self._rows(tokens, self._stemmed(tokens), ~tokens.in_title, weights)

    def measured(self, tokens: Tokens) -> "Features":
        """Return these features, knowing from *tokens* how long rows are before they are scaled."""
        some = tokens.sample(MEASURED)
        rows = (self._full(some), self._abstracts(some))
        lengths = [length[length > 0] for length in map(_lengths, rows)]
        least = [np.quantile(length, SHORT) if len(length) else 0 for length in lengths]
        return replace(self, least=np.array(least, np.float32))

    def only(self, kept: npt.NDArray[np.bool_]) -> tuple["Features", Numbers]:
        """Return the features *kept*, a mask of all columns, and which columns those are."""
        stems, pairs = len(self.stems), self.in_abstract
        # A stem stays by its number as long as a pair or the title needs it.
        first, second = np.divmod(self.pairs[kept[stems:pairs]], stems)
        titles = self.title_stems[kept[pairs:]]
        needed = kept[:stems].copy()
        needed[np.concatenate([first, second, titles])] = True
        number = np.cumsum(needed) - 1
        columns = np.flatnonzero(np.concatenate([needed, kept[stems:]]))
        narrow = replace(
            self,
            stems=tuple(stem for stem, stays in zip(self.stems, needed, strict=True) if stays),
            pairs=number[first] * needed.sum() + number[second],
            title_stems=number[titles],
            rarity=self.rarity[columns],
        )
        return narrow, columns

    def _stemmed(self, tokens: Tokens) -> Numbers:
        """Return the stem of every word as its number, -1 where it is none of ours."""
        place = {stem: number for number, stem in enumerate(self.stems)}
        stems = [place.get(word[:STEM], -1) for word in tokens.vocabulary]
        return np.array(stems, np.int64)[tokens.flat]

    def _rows(
        self, tokens: Tokens, stems: Numbers, where: npt.NDArray[np.bool_], weights: Floats
    ) -> Rows:
        """Return stems and pairs, weighted; of the words *where* they count."""
        known = (stems >= 0) & where
        paper, width = tokens.paper, len(self.stems)
        follows = known[:-1] & known[1:] & (tokens.text[:-1] == tokens.text[1:])
        both = stems[:-1][follows] * width + stems[1:][follows]
        place = np.searchsorted(self.pairs, both)
        found = np.flatnonzero(np.take(self.pairs, place, mode="clip") == both)
        counts = counted(
            np.concatenate([paper[known], paper[:-1][follows][found]]),
            np.concatenate([stems[known], place[found] + width]),
            np.concatenate([weights[known], weights[:-1][follows][found]]),
            (tokens.papers, self.in_abstract),
        )
        return _weighted(counts, self.rarity)

    def _title_rows(self, tokens: Tokens, stems: Numbers) -> Rows:
        column = np.full(len(self.stems) + 1, -1)
        column[self.title_stems] = np.arange(len(self.title_stems))
        columns = column[stems]
        known = (columns >= 0) & tokens.in_title
        once = np.ones(int(known.sum()), np.float32)
        shape = (tokens.papers, len(self.title_stems))
        rows = counted(tokens.paper[known], columns[known], once, shape)
        return _weighted(rows, self.rarity[self.in_abstract :])


def fitted(tokens: Tokens) -> Features:
    """Return the features of the papers in *tokens*: terms that are not too rare, and how rare."""
    stems, number = np.unique([word[:STEM] for word in tokens.vocabulary], return_inverse=True)
    stemmed = number[tokens.flat]
    frequency = _papers_with(stemmed, tokens.paper, len(stems))
    kept = np.flatnonzero(frequency >= RAREST_STEM)
    renumbered = np.full(len(stems), -1)
    renumbered[kept] = np.arange(len(kept))
    stemmed = renumbered[stemmed]
    pairs, pair_frequency = _pairs(tokens, stemmed, len(kept))
    titled = tokens.in_title & (stemmed >= 0)
    title_frequency = _papers_with(stemmed[titled], tokens.paper[titled], len(kept))
    title_stems = np.flatnonzero(title_frequency >= RAREST_TITLE_STEM)
    rarity = [
        _rarity(frequency[kept], tokens.papers),
        PAIR_WEIGHT * _rarity(pair_frequency, tokens.papers),
        TITLE_STEM_WEIGHT * _rarity(title_frequency[title_stems], tokens.papers),
    ]
    return Features(
        stems=tuple(stems[kept].tolist()),
        pairs=pairs,
        title_stems=title_stems,
        rarity=np.concatenate(rarity).astype(np.float32),
        least=np.zeros(2, np.float32),
    ).measured(tokens)


def _pairs(tokens: Tokens, stems: Numbers, width: int) -> tuple[Numbers, Numbers]:
    """Return the pairs of neighbours that are not too rare, and how many papers have each."""
    follows = (tokens.text[:-1] == tokens.text[1:]) & (stems[:-1] >= 0) & (stems[1:] >= 0)
    both = stems[:-1][follows] * width + stems[1:][follows]
    pairs, number = np.unique(both, return_inverse=True)
    frequency = _papers_with(number, tokens.paper[:-1][follows], len(pairs))
    kept = frequency >= RAREST_PAIR
    return pairs[kept], frequency[kept]


def _papers_with(terms: Numbers, papers: Numbers, width: int) -> Numbers:
    """Return in how many papers each of *width* terms is."""
    # Sorted by hand: numpy's own unique hashes, which takes ten times as long here.
    keys = np.sort(papers * width + terms)
    return np.bincount(keys[np.diff(keys, prepend=-1) > 0] % width, minlength=width)


def _rarity(frequency: Numbers, papers: int) -> npt.NDArray[np.float64]:
    rarity: npt.NDArray[np.float64] = np.log((1 + papers) / (1 + frequency)) + 1
    return rarity


def _weighted(rows: Rows, rarity: Floats) -> Rows:
    rows.data = (1 + np.log(rows.data)) * rarity[rows.indices]
    return rows


def _unit(rows: Rows, least: float) -> Rows:
    """Scale every row to length 1, as if none were shorter than *least*."""
    tiny = float(np.finfo(np.float32).tiny)
    scale = 1 / np.maximum(_lengths(rows), max(float(least), tiny))
    rows.data = (rows.data * np.repeat(scale, np.diff(rows.indptr))).astype(np.float32)
    return rows


def _lengths(rows: Rows) -> npt.NDArray[np.float64]:
    papers = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    return np.sqrt(np.bincount(papers, rows.data**2, minlength=rows.shape[0]))

"""The model: all that the classifier has learnt, as arrays in one compressed file."""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from digest.errors import BadDocument
from digest.topics.descent import Floats, Line
from digest.topics.evidence import Seeds
from digest.topics.features import Features
from digest.topics.tokens import Rows

Array = npt.NDArray[Any]

FORM = 1
"""Counts up when a file of before can no longer be read."""
MOST_LEVELS = 127

_BROKEN = (
    *(ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What numpy, zipfile and json raise of a file that is damaged, or is another one."""


@dataclass(frozen=True)
class Packed:
    """A line whose weights are whole numbers of its outputs' units: a byte each."""

    weights: npt.NDArray[np.int8]
    unit: Floats
    bias: Floats

    @classmethod
    def of(cls, line: Line) -> "Packed":
        unit = np.maximum(np.abs(line.weights).max(axis=0, initial=0), 1e-9) / MOST_LEVELS
        return cls(np.rint(line.weights / unit).astype(np.int8), unit, line.bias)

    def scores(self, rows: Rows) -> Floats:
        """Return the scores of *rows*; only what they use is unpacked, so memory stays small."""
        used = np.zeros(rows.shape[1], np.bool_)
        used[rows.indices] = True
        columns = np.flatnonzero(used)
        # Renumbered by hand: choosing columns of a sparse matrix sorts them all again.
        place = np.cumsum(used) - 1
        narrow = type(rows)(
            (rows.data, place[rows.indices], rows.indptr), shape=(rows.shape[0], len(columns))
        )
        scores: Floats = narrow @ self.weights[columns].astype(np.float32)
        return scores * self.unit + self.bias


@dataclass(frozen=True)
class Model:
    """What `digest topics train` makes."""

    features: Features
    categories: tuple[str, ...]
    by_category: Packed
    """Softmax of its scores on full rows is how likely each category is the primary one."""
    topics: tuple[str, ...]
    """Slugs, in the order of all that follows."""
    by_topic: Packed
    """Scores on rows of abstracts: the part of the log-odds that the words around tell."""
    seeds: Seeds
    seed_rarity: Floats
    telling: Floats
    """What the seed terms' weighted uses, and their number, add to the log-odds."""
    usually: Floats
    """How often a title names a topic that the paper is about."""
    seldom: Floats
    """How often it names one that the paper is not about."""
    facts: Mapping[str, Any]
    """When and on what it was trained, and its figures on held-back papers."""


def to_bytes(model: Model) -> bytes:
    """Return *model* as a compressed npz; no pickle."""
    facts = {
        "form": FORM,
        "facts": dict(model.facts),
        "stems": " ".join(model.features.stems),
        "categories": model.categories,
        "topics": model.topics,
        "terms": [" ".join(term) for term in model.seeds.terms],
    }
    body = io.BytesIO()
    np.savez_compressed(
        body,
        allow_pickle=False,
        facts=np.frombuffer(json.dumps(facts).encode(), np.uint8),
        # Differences of what ascends are small numbers, which pack well.
        pairs=np.diff(model.features.pairs, prepend=0),
        title_stems=np.diff(model.features.title_stems, prepend=0).astype(np.int32),
        rarity=model.features.rarity,
        least=model.features.least,
        category_weights=model.by_category.weights.T,
        category_unit=model.by_category.unit,
        category_bias=model.by_category.bias,
        topic_weights=model.by_topic.weights.T,
        topic_unit=model.by_topic.unit,
        topic_bias=model.by_topic.bias,
        seed_topic=model.seeds.topic.astype(np.int32),
        seed_title_only=model.seeds.title_only,
        seed_rarity=model.seed_rarity,
        telling=model.telling,
        usually=model.usually,
        seldom=model.seldom,
    )
    return body.getvalue()


def from_bytes(body: bytes) -> Model:
    """
    Return the model in *body*.

    Raises:
        BadDocument: it is no such file, or one of another form.

    """
    if not body.startswith(b"PK"):
        raise BadDocument("no model of topics: it is no npz file")
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            facts = json.loads(arrays["facts"].tobytes())
            if facts["form"] != FORM:
                raise BadDocument(f"a model of form {facts['form']}, not {FORM}; train it again")
            found = _read(arrays, facts)
    except _BROKEN as exc:
        raise BadDocument(f"no model of topics: {exc}") from exc
    if not (_is_whole(found) and _is_finite(found)):
        raise BadDocument("no model of topics: its arrays do not belong together")
    return found


def _read(arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> Model:
    return Model(
        features=Features(
            stems=tuple(facts["stems"].split()),
            pairs=np.cumsum(arrays["pairs"]),
            title_stems=np.cumsum(arrays["title_stems"].astype(np.int64)),
            rarity=arrays["rarity"],
            least=arrays["least"],
        ),
        categories=tuple(facts["categories"]),
        by_category=_packed(arrays, "category"),
        topics=tuple(facts["topics"]),
        by_topic=_packed(arrays, "topic"),
        seeds=Seeds(
            terms=tuple(tuple(term.split()) for term in facts["terms"]),
            topic=arrays["seed_topic"].astype(np.int64),
            title_only=arrays["seed_title_only"],
            topics=len(facts["topics"]),
        ),
        seed_rarity=arrays["seed_rarity"],
        telling=arrays["telling"],
        usually=arrays["usually"],
        seldom=arrays["seldom"],
        facts=facts["facts"],
    )


def _packed(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Packed:
    return Packed(
        np.ascontiguousarray(arrays[f"{name}_weights"].T),
        arrays[f"{name}_unit"],
        arrays[f"{name}_bias"],
    )


def _is_whole(model: Model) -> bool:
    """Tell whether the arrays of *model* have the shapes and the places that the others ask for."""
    terms, kinds = len(model.seeds.terms), model.topics
    stems, abstract = len(model.features.stems), model.features.in_abstract
    columns = abstract + len(model.features.title_stems)
    shapes = (
        (model.features.rarity, (columns,)),
        (model.features.least, (2,)),
        *_shapes(model.by_category, columns, len(model.categories)),
        *_shapes(model.by_topic, abstract, len(kinds)),
        (model.seeds.topic, (terms,)),
        (model.seeds.title_only, (terms,)),
        (model.seed_rarity, (terms,)),
        (model.telling, (2,)),
        *((each, (len(kinds),)) for each in (model.usually, model.seldom)),
    )
    places = (
        (model.features.pairs, stems**2),
        (model.features.title_stems, stems),
        (model.seeds.topic, len(kinds)),
    )
    return (
        bool(model.categories and kinds and terms)
        and all(model.seeds.terms)
        and all(array.shape == shape for array, shape in shapes)
        and all(((each >= 0) & (each < end)).all() for each, end in places)
    )


def _shapes(
    packed: Packed, columns: int, outputs: int
) -> tuple[tuple[Array, tuple[int, ...]], ...]:
    return (
        (packed.weights, (columns, outputs)),
        (packed.unit, (outputs,)),
        (packed.bias, (outputs,)),
    )


def _is_finite(model: Model) -> bool:
    """Tell whether all of it are numbers: one that is none would be in every digest's sums."""
    numbers = (
        *(model.features.rarity, model.features.least, model.seed_rarity),
        *(model.by_category.unit, model.by_category.bias, model.by_topic.unit, model.by_topic.bias),
        *(model.telling, model.usually, model.seldom),
    )
    return all(bool(np.isfinite(each).all()) for each in numbers)

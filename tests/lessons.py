"""Made-up papers that something can be learnt from: each of a field, in that field's words."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from digest.topics.examples import Example

FIELDS = {
    "cs.CL": ("reasoning", "chain of thought prompts sentence corpus grammar parser dialogue"),
    "cs.CV": ("video generation", "pixel frame camera lens image scene texture colour"),
    "astro-ph.GA": ("galaxies", "telescope halo redshift dust nebula spectrum luminosity survey"),
}
"""Of each category the name that titles give its topic, and words that abstracts use."""

COMMON = ["we", "study", "propose", "show", "result", "method", "new", "data", "paper"]


def papers(count: int, *, seed: int = 0, days: int = 300) -> list[Example]:
    """Return *count* papers of `FIELDS` in turn, the later the newer."""
    draw = random.Random(seed)
    return [_paper(number, count, draw, days) for number in range(count)]


def _paper(number: int, count: int, draw: random.Random, days: int) -> Example:
    category = list(FIELDS)[number % len(FIELDS)]
    name, words = FIELDS[category]
    said = draw.choices(words.split(), k=25) + draw.choices(COMMON, k=25)
    draw.shuffle(said)
    if draw.random() < 0.8:
        said.insert(draw.randrange(len(said)), name)
    titled = draw.random() < 0.6
    title = f"On {name} {draw.choice(COMMON)}" if titled else f"A {draw.choice(COMMON)} {number}"
    return Example(
        id=f"2601.{number:05}",
        title=title,
        abstract=" ".join(said),
        day=np.datetime64("2025-01-01") + np.timedelta64(days * number // count, "D"),
        categories=(category, "cs.LG"),
        keywords=(name,) if number % 5 == 0 else (),
    )


def written(path: Path, examples: Sequence[Example]) -> Path:
    """Write *examples* as lines labelled with arXiv categories, and return *path*."""
    lines = [
        json.dumps(
            {
                "id": each.id,
                "title": each.title,
                "abstract": each.abstract,
                "date": str(each.day),
                "primary_category": each.categories[0],
                "categories": list(each.categories),
            }
        )
        for each in examples
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path

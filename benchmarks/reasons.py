"""Reasons: how many of those that made-up readers get for real papers hold, checked apart."""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import corpus
from benchmarks.checking import Checker
from benchmarks.measure import Figure, Goal, Sizes
from benchmarks.real import PAPERS
from digest.clock import Cadence
from digest.compose import SIZE
from digest.edition import Edition, freeze
from digest.fetch import columns
from digest.library import Counts
from digest.match import Picked, Rated, Reader, match
from digest.models import Balance, Paper
from digest.sources.entry import Entry
from digest.topics import taxonomy

SAMPLED = 200
MONTHS = 5
"""As many stretches of the days give a part of the picks each."""

DAYS, EARLIER_DAYS = 25, 60
"""Days of lists that are on offer, and those before them that readers have rated papers of."""

READERS = 100
"""Readers of each month."""

_NAME = f"reasons that hold, of {SAMPLED} picks"

Row = dict[str, Any]


def figures(_: Sizes, folder: Path | None) -> Iterator[Figure]:
    """Yield of how many sampled picks every reason holds; without a folder it has no value."""
    held = _held(folder / PAPERS) if folder else None
    yield Figure(_NAME, held, "picks", Goal(SAMPLED, at_most=False))


def _held(path: Path) -> int:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    days = sorted({row["day"] for row in rows})
    step = (len(days) - DAYS - EARLIER_DAYS) // (MONTHS - 1)
    firsts = [EARLIER_DAYS + step * month for month in range(MONTHS)]
    wrong = sum(len(_unheld(rows, days, first)) for first in firsts)
    return SAMPLED - wrong


def _unheld(rows: Sequence[Row], days: Sequence[str], first: int) -> list[list[str]]:
    """Return what is wrong with the picks of the month that begins on this day."""
    offered, before = days[first : first + DAYS], days[first - EARLIER_DAYS : first]
    edition = _edition([row for row in rows if row["day"] in offered])
    earlier = [row for row in rows if row["day"] in before]
    rated = {-n: Rated(row["title"], row["abstract"]) for n, row in enumerate(earlier, 1)}
    return unheld(edition, readers(edition, rated), rated, SAMPLED // MONTHS)


def unheld(
    edition: Edition, block: Sequence[Reader], rated: dict[int, Rated], sampled: int
) -> list[list[str]]:
    """Return what is wrong with each of so many sampled picks with a reason that does not hold."""
    checker = Checker(edition, rated)
    wrong = (checker.wrong(reader, pick) for reader, pick in sample(edition, block, rated, sampled))
    return [each for each in wrong if each]


def sample(
    edition: Edition, block: Sequence[Reader], rated: dict[int, Rated], sampled: int
) -> list[tuple[Reader, Picked]]:
    """Return so many picks with a reason, of all that the readers get."""
    told = [
        (reader, pick)
        for reader, picks in zip(block, match(edition, block, SIZE, rated), strict=True)
        for pick in picks
        if pick.reasons
    ]
    return Random(corpus.SEED).sample(told, min(sampled, len(told)))


def readers(edition: Edition, rated: dict[int, Rated], count: int = READERS) -> list[Reader]:
    """Return made-up readers who follow, wrote and rated what real ones might."""
    random = Random(corpus.SEED)
    return [_reader(random, number, edition, rated) for number in range(count)]


def _reader(random: Random, number: int, edition: Edition, rated: dict[int, Rated]) -> Reader:
    card = random.choice(edition.cards)
    topics = [topic.slug for topic in taxonomy.topics()]
    words = card.title.replace(":", "").split()
    start = random.randrange(max(1, len(words) - 1))
    keyword = " ".join(words[start : start + random.randint(1, 2)])
    seed = random.choice(random.choice(taxonomy.topics()).seeds)
    wrote = random.choice([random.choice(list(rated.values())).title, _about(random)])

    def some(values: Sequence[Any], most: int) -> list[Any]:
        return random.sample(values, min(len(values), random.choice([0, 0, *range(1, most + 1)])))

    liked, disliked = _liked(random, rated), some(list(rated), 3)
    return Reader(
        id=number,
        cadence=Cadence.MONTHLY,
        topics=some(topics, 4),
        keywords=some([keyword, f'"{seed}"', seed, f"{seed}*"], 3),
        authors=some(card.authors, 2),
        organizations=some([card.organization] if card.organization else [], 1),
        about=random.choice(["", "", f"I work on {wrote}."]),
        liked=liked,
        disliked=disliked,
        sent={*liked, *disliked},
        balance=random.choice(list(Balance)),
    )


def _about(random: Random) -> str:
    return " and ".join(random.choice(topic.seeds) for topic in random.sample(taxonomy.topics(), 2))


def _liked(random: Random, rated: dict[int, Rated]) -> list[int]:
    """Return up to nine liked papers; some readers like those with a word in common."""
    seed = random.choice(random.choice(taxonomy.topics()).seeds)
    alike = [n for n, paper in rated.items() if seed in paper.abstract.lower()]
    liked = random.choice([list(rated), alike])
    return random.sample(liked, min(len(liked), random.choice([0, 0, 1, 3, 9])))


def _edition(rows: Sequence[Row]) -> Edition:
    papers, counted = [], {}
    for number, row in enumerate(rows, 1):
        listed = datetime.combine(date.fromisoformat(row["day"]), time(6), UTC)
        papers.append(Paper(id=number, **columns(_entry(row), listed, listed.date())))
        counted[number] = Counts(row["upvotes"], row.get("num_comments") or 0)
    now = max(paper.first_seen_at for paper in papers) + timedelta(hours=1)
    return freeze(papers, counted, now, edition_id=1, fetched_at=now)


def _entry(row: Row) -> Entry:
    return Entry(
        external_id=row["id"],
        title=row["title"],
        abstract=row["abstract"],
        authors=tuple(row["authors"]),
        organization=row.get("organization"),
        summary=row.get("ai_summary"),
        summary_by="Hugging Face" if row.get("ai_summary") else None,
        url=f"https://arxiv.org/abs/{row['id']}",
    )

"""Searching: how long the slowest twentieth of made-up queries take, on both databases."""

import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate, islice, product
from pathlib import Path
from random import Random

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.orm import sessionmaker

from benchmarks import corpus
from benchmarks.measure import MILLISECONDS, Figure, Goal, Sizes
from digest import edition, fetch, migrations
from digest.database import Sessions, connect
from digest.models import Paper, Sighting
from digest.search import search
from digest.sources.entry import Entry
from digest.topics import taxonomy
from tests.servers import Postgres

PAPERS_A_REPEAT = 1000
QUERIES = 300
VOCABULARY = 30_000
ABSTRACT_WORDS, TITLE_WORDS, NAMES = 150, 8, 20_000
GOAL = Goal(100)

_SYLLABLES = [a + b for a, b in product("bdfgklmnprstvz", "aeiou")]
# As in English without its stop words: the most frequent word is in two of five abstracts, and
# the rank of a word says how much rarer it is.
_FALL = list(accumulate(1 / (rank + 50) for rank in range(VOCABULARY)))


def figures(sizes: Sizes) -> Iterator[Figure]:
    """Yield the 95th percentile for each database."""
    count = PAPERS_A_REPEAT * sizes.repeats
    papers = _papers(count)
    queries = _queries(papers)
    with tempfile.TemporaryDirectory() as folder, Postgres() as server:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'd.db'}", "PostgreSQL": server.new_database()}
        for name, url in urls.items():
            sessions = _filled(url, papers)
            seconds = [_seconds(sessions, query) for query in (*queries[:20], *queries)][20:]
            sessions.kw["bind"].dispose()
            slow = float(np.percentile(seconds, 95))
            what = f"search over {count:,} papers, 95th percentile, {name}"
            yield Figure(what, slow * MILLISECONDS, "ms", GOAL)


def _papers(count: int) -> list[Entry]:
    random = Random(corpus.SEED)
    words = ["".join(syllables) for syllables in islice(product(_SYLLABLES, repeat=3), VOCABULARY)]
    random.shuffle(words)
    return [_paper(random, words, number) for number in range(count)]


def _paper(random: Random, words: list[str], number: int) -> Entry:
    drawn = random.choices(words, cum_weights=_FALL, k=TITLE_WORDS + ABSTRACT_WORDS)
    seeds = random.choice(random.choice(taxonomy.topics()).seeds)
    return Entry(
        external_id=f"made-up/{number}",
        title=" ".join(drawn[:TITLE_WORDS]),
        abstract=f"{' '.join(drawn[TITLE_WORDS:])} {seeds}",
        authors=tuple(f"{random.choice(words)} n{random.randrange(NAMES)}" for _ in range(5)),
        organization=f"laboratory {random.randrange(60)}" if random.random() < 0.3 else None,
        upvotes=int(random.paretovariate(1.1)),
    )


def _queries(papers: list[Entry]) -> list[str]:
    """Return queries of all kinds, with words as they come: the frequent ones most often."""
    random = Random(corpus.SEED + 1)
    return [_query(random, papers[random.randrange(len(papers))]) for _ in range(QUERIES)]


def _query(random: Random, paper: Entry) -> str:
    title, abstract = paper.title.split(), paper.abstract.split()
    start = random.randrange(len(abstract) - 3)
    topic = random.choice(taxonomy.topics()).slug
    kinds = (
        random.choice(abstract),
        " ".join(random.sample(title, 2)),
        " ".join(random.sample(abstract, 3)),
        f'"{" ".join(abstract[start : start + 2])}"',
        f'"{" ".join(title[:3])}"',
        f"{random.choice(title)} -{random.choice(abstract)}",
        f'author:"{random.choice(paper.authors)}"',
        f"{random.choice(abstract)} author:{random.choice(paper.authors).split()[0]}",
        f"{random.choice(abstract)} org:{random.randrange(60)}",
        f"topic:{topic} {random.choice(abstract)}",
        f"topic:{topic}",
    )
    return random.choice(kinds)


def _filled(url: str, papers: list[Entry]) -> Sessions:
    migrations.migrate(url)
    sessions = sessionmaker(connect(url))
    rows = [
        {"id": number, **fetch.columns(entry, corpus.NOW, corpus.NOW.date())}
        for number, entry in enumerate(papers, 1)
    ]
    facts = {"source": "huggingface", "seen_at": corpus.NOW, "day": corpus.NOW.date()}
    sightings = [
        {"paper_id": number, "upvotes": entry.upvotes, **facts}
        for number, entry in enumerate(papers, 1)
    ]
    with sessions.begin() as session:
        session.execute(insert(Paper), rows)
        session.execute(insert(Sighting), sightings)
    with sessions.begin() as session:
        edition.build(session, corpus.NOW)
        session.execute(text("ANALYZE"))
    return sessions


def _seconds(sessions: Sessions, query: str) -> float:
    # The wall clock: on PostgreSQL most of the work is another process's.
    begun = time.perf_counter()
    with sessions() as session:
        search(session, query, 20)
    return time.perf_counter() - begun

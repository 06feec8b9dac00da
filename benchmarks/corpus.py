"""Made-up papers and readers, the same in every run: sized like real ones, and meaning nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from digest.clock import Cadence
from digest.edition import Edition, freeze
from digest.fetch import columns
from digest.library import Counts
from digest.match import Rated, Reader
from digest.models import Paper
from digest.sources.entry import Entry
from digest.topics import taxonomy

SEED = 20261120
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")
DAYS = 4
"""Days of lists that the papers are from: all of them are fresh enough for a daily digest."""

ABSTRACT_WORDS, TITLE_WORDS = 170, 9
SENTENCE_WORDS = 21
TOPICS_A_PAPER, TERMS_A_TOPIC = 3, 4
TOPICS_FOLLOWED = 4
KEYWORDS_KNOWN = 200
SENT_BEFORE = 40
LIKED = 5

_TEXT = (
    "we show that our method the a of for with and in on to by from over under without large"
    " small deep sparse dense robust efficient scalable simple novel general open strong weak"
    " model models network layer attention token sequence feature representation embedding space"
    " training inference learning optimisation gradient loss objective sampling search planning"
    " data corpus benchmark dataset label annotation image video text speech audio graph tree"
    " agent policy reward environment task skill memory context window prompt answer question"
    " baseline accuracy latency cost memory throughput parameter estimate error bound variance"
    " evaluate compare improve reduce halve double match exceed propose introduce revisit study"
    " across between within among fewer more less than prior existing recent state results"
    " experiments ablations analysis evidence human expert user domain language world physics"
)
WORDS = _TEXT.split()


@dataclass(frozen=True, slots=True)
class Follower:
    """What one made-up reader follows: five atoms."""

    topics: tuple[str, ...]
    keywords: tuple[str, ...]


def entries(count: int) -> list[Entry]:
    """Return *count* papers as a source would show them."""
    random = Random(SEED)
    return [_entry(random, number) for number in range(count)]


def _entry(random: Random, number: int) -> Entry:
    name = f"2611.{number:05}"
    terms = _terms(random)
    return Entry(
        external_id=name,
        title=" ".join([*_words(random, TITLE_WORDS - 3), terms[0]]).capitalize(),
        abstract=_prose(random, terms),
        authors=tuple(f"Author {random.randrange(900)}" for _ in range(random.randint(2, 9))),
        organization=f"Laboratory {random.randrange(60)}" if random.random() < 0.3 else None,
        categories=("cs.LG",),
        summary=f"{' '.join(_words(random, 20)).capitalize()}.",
        summary_by="a machine",
        url=f"https://papers.example/abs/{name}",
        pdf_url=f"https://papers.example/pdf/{name}",
        code_url=f"https://code.example/{name}" if random.random() < 0.3 else None,
        discussion_url=f"https://talk.example/{name}",
        published_at=NOW - timedelta(days=random.randint(1, 5)),
        upvotes=int(random.paretovariate(1.1)) + 1,
        comments=random.randrange(5),
    )


def _terms(random: Random) -> list[str]:
    about = random.sample(taxonomy.topics(), TOPICS_A_PAPER)
    return [random.choice(topic.seeds) for topic in about for _ in range(TERMS_A_TOPIC)]


def _words(random: Random, count: int) -> list[str]:
    return random.choices(WORDS, k=count)


def _prose(random: Random, terms: Sequence[str]) -> str:
    words = _words(random, ABSTRACT_WORDS)
    for term in terms:
        words.insert(random.randrange(len(words)), term)
    sentences = [
        " ".join(words[start : start + SENTENCE_WORDS]).capitalize()
        for start in range(0, len(words), SENTENCE_WORDS)
    ]
    return f"{'. '.join(sentences)}."


def listed_on(number: int) -> datetime:
    """Return when the paper of this number was seen first."""
    return NOW - timedelta(days=number % DAYS)


def edition(papers: int) -> Edition:
    """Return an edition of *papers* papers, made without a database."""
    made = entries(papers)
    rows = [
        Paper(id=n, **columns(each, listed_on(n), listed_on(n).date()))
        for n, each in enumerate(made, start=1)
    ]
    counted = {n: Counts(each.upvotes or 0, each.comments or 0) for n, each in enumerate(made, 1)}
    return freeze(rows, counted, NOW, edition_id=1, fetched_at=NOW)


def followers(count: int) -> list[Follower]:
    return list(following(count))


def following(count: int) -> Iterator[Follower]:
    """Yield the same one by one: a million of them need not be held."""
    random = Random(SEED + 1)
    slugs = [topic.slug for topic in taxonomy.topics()]
    known = sorted({" ".join(_words(random, 2)) for _ in range(KEYWORDS_KNOWN)})
    for _ in range(count):
        yield Follower(tuple(random.sample(slugs, TOPICS_FOLLOWED)), (random.choice(known),))


def readers(count: int, papers: int) -> list[Reader]:
    """Return *count* readers as the matcher sees them, each of whom was sent papers before."""
    random = Random(SEED + 2)
    return [
        Reader(
            id=number,
            cadence=Cadence.DAILY,
            topics=each.topics,
            keywords=each.keywords,
            sent=frozenset(random.sample(range(1, papers + 1), min(SENT_BEFORE, papers // 4))),
        )
        for number, each in enumerate(followers(count), start=1)
    ]


def rated(count: int) -> dict[int, Rated]:
    """Return *count* papers of earlier days, by ids that no paper on offer has."""
    earlier = entries(2 * count)[count:]
    return {-n: Rated(each.title, each.abstract) for n, each in enumerate(earlier, start=1)}


def likers(readers: Sequence[Reader], rated: Mapping[int, Rated]) -> list[Reader]:
    """Return the same readers after they have liked some of the papers *rated*."""
    random = Random(SEED + 3)
    known = list(rated)
    return [replace(reader, liked=random.sample(known, LIKED)) for reader in readers]

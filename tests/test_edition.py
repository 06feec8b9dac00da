import dataclasses
import io
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from digest import edition, migrations
from digest.database import Sessions, connect
from digest.edition import storing
from digest.models import EditionRow, FetchRun, Sighting
from digest.topics import taxonomy
from tests import make

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SEED = taxonomy.topics()[0].seeds[0]


def test_an_edition_survives_being_kept_as_bytes(session: Session) -> None:
    make.paper(session, now=NOW, upvotes=12, title=f"On {SEED}", published_at=NOW)
    make.paper(session, now=NOW - timedelta(days=3), organization=None, url=None)
    make.fetched(session, at=NOW)
    built = edition.build(session, NOW)

    read = edition.from_bytes(built.id, edition.to_bytes(built))

    assert dataclasses.asdict(read, dict_factory=plain) == dataclasses.asdict(
        built, dict_factory=plain
    )


def plain(fields: list[tuple[str, object]]) -> dict[str, object]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in fields
    }


def test_the_arrays_have_a_row_a_paper_strongest_trend_first(session: Session) -> None:
    for upvotes in (3, 90, 20):
        make.paper(session, now=NOW, upvotes=upvotes)

    built = edition.build(session, NOW)

    assert [card.upvotes for card in built.cards] == [90, 20, 3]
    assert (built.trend[:-1] >= built.trend[1:]).all()
    assert built.listed_at.dtype == np.float64
    assert built.trend.dtype == built.topics.dtype == np.float32
    assert built.topics.shape == (3, len(taxonomy.topics()))


def test_papers_of_the_same_trend_are_in_the_order_of_their_ids(session: Session) -> None:
    ids = [make.paper(session, now=NOW).id for _ in range(9)]

    built = edition.build(session, NOW)

    assert [card.paper_id for card in built.cards] == ids


def test_the_rows_of_all_arrays_belong_to_the_same_paper(session: Session) -> None:
    make.paper(session, now=NOW, upvotes=50)
    about = make.paper(session, now=NOW - timedelta(hours=5), title=f"On {SEED}: {SEED}").id

    built = edition.build(session, NOW)

    place = [card.paper_id for card in built.cards].index(about)
    assert built.topics[place, 0] > 0
    assert built.listed_at[place] == (NOW - timedelta(hours=5)).timestamp()


def test_a_paper_counts_with_the_most_that_was_ever_seen_of_it(session: Session) -> None:
    paper = make.paper(session, now=NOW, upvotes=5)
    for upvotes in (9, None):
        session.add(
            Sighting(
                paper_id=paper.id, source="arxiv", seen_at=NOW, day=NOW.date(), upvotes=upvotes
            )
        )

    built = edition.build(session, NOW)

    assert [(card.upvotes, card.comments) for card in built.cards] == [(9, 0)]


def test_papers_are_on_offer_for_a_month(session: Session) -> None:
    young = make.paper(session, now=NOW - timedelta(days=31)).id
    make.paper(session, now=NOW - timedelta(days=33))

    built = edition.build(session, NOW)

    assert [card.paper_id for card in built.cards] == [young]


def test_an_edition_of_nothing_is_an_edition(session: Session) -> None:
    built = edition.build(session, NOW)

    read = edition.from_bytes(built.id, edition.to_bytes(built))

    assert read.cards == ()
    assert read.fetched_at is None
    assert read.topics.shape == (0, len(taxonomy.topics()))


def test_the_newest_edition_is_offered(sessions: Sessions) -> None:
    for n in range(3):
        with sessions.begin() as session:
            make.paper(session, now=NOW)
            edition.build(session, NOW + timedelta(minutes=n))

        with sessions() as session:
            newest = edition.newest(session, samples=False)
        assert newest
        assert len(newest.cards) == n + 1


def test_without_any_fetch_there_is_no_edition(session: Session) -> None:
    assert edition.newest(session, samples=True) is None


def test_an_edition_of_invented_papers_is_offered_where_they_may_be_only(
    sessions: Sessions,
) -> None:
    with sessions.begin() as session:
        make.paper(session, now=NOW, sample=True)
        edition.build(session, NOW)

    with sessions() as session:
        assert make.offered(session).sample
        assert edition.newest(session, samples=False) is None


def test_after_the_first_real_paper_no_edition_holds_an_invented_one(session: Session) -> None:
    make.paper(session, now=NOW, sample=True)
    make.paper(session, now=NOW)

    assert not edition.build(session, NOW).sample


def test_old_editions_go_and_the_newest_stay(session: Session) -> None:
    for days in (5, 3, 1, 0):
        edition.build(session, NOW - timedelta(days=days))

    kept = session.scalars(select(EditionRow.built_at).order_by(EditionRow.id)).all()

    assert list(kept) == [NOW - timedelta(days=1), NOW]


def test_two_databases_have_their_own_editions(sessions: Sessions, tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/another.db"
    migrations.migrate(url)
    engine = connect(url)
    for each, papers in ((sessions, 1), (sessionmaker(engine), 2)):
        with each.begin() as session:
            for _ in range(papers):
                make.paper(session, now=NOW)
            edition.build(session, NOW)

    with sessions() as session, sessionmaker(engine)() as another:
        sizes = [len(make.offered(s).cards) for s in (session, another, session)]
    engine.dispose()

    assert sizes == [1, 2, 1]


def test_an_edition_of_an_older_taxonomy_is_read_by_the_names_of_its_topics(
    session: Session,
) -> None:
    make.paper(session, now=NOW)
    built = edition.build(session, NOW)
    slugs = [topic.slug for topic in taxonomy.topics()]
    # As it would have been kept by a version without today's first topic, with one since
    # removed, and in another order.
    old = [*reversed(slugs[1:]), "phlogiston"]
    columns = np.linspace(0, 1, len(old), dtype=np.float32)[np.newaxis, :]

    read = storing._in_todays_order(columns, old)

    assert read.shape == built.topics.shape
    assert read[0, 0] == 0
    assert [read[0, n] for n in range(1, len(slugs))] == list(columns[0, -2::-1])


def test_the_bytes_hold_no_pickle(session: Session) -> None:
    make.paper(session, now=NOW)
    body = edition.to_bytes(edition.build(session, NOW))

    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        kinds = {arrays[name].dtype.kind for name in arrays.files}

    assert kinds == {"u", "f"}


def test_bytes_that_hold_a_pickle_are_refused() -> None:
    body = io.BytesIO()
    np.savez(body, facts=np.array([{"a": 1}], dtype=object))

    with pytest.raises(ValueError, match="allow_pickle"):
        edition.from_bytes(1, body.getvalue())


def test_dates_of_cards_stay_dates(session: Session) -> None:
    make.paper(session, now=NOW, published_at=NOW - timedelta(days=1))
    built = edition.build(session, NOW)

    read = edition.from_bytes(built.id, edition.to_bytes(built))

    assert read.cards[0].published_on == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("runs", "missing"),
    [
        pytest.param([("huggingface", "no such host")], ("Hugging Face",), id="failed"),
        pytest.param(
            [("huggingface", "no such host"), ("huggingface", None)], (), id="worked since"
        ),
        pytest.param(
            [("arxiv", None), ("feed:journals.example.org", "gone")],
            ("journals.example.org",),
            id="a feed",
        ),
    ],
)
def test_an_edition_names_the_sources_that_could_not_be_read(
    session: Session, runs: list[tuple[str, str | None]], missing: tuple[str, ...]
) -> None:
    for source, error in runs:
        session.add(FetchRun(source=source, at=NOW, error=error))
        session.flush()

    built = edition.build(session, NOW)

    assert built.missing == missing
    assert edition.from_bytes(built.id, edition.to_bytes(built)).missing == missing

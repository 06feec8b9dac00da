"""What readers say of papers, kept and taken back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import subscribers
from digest.errors import BadInput
from digest.models import Identifier, Paper, Rating
from digest.subscribers.rating import COUNTED
from tests import make

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def test_what_a_reader_says_is_kept_for_them_alone(session: Session) -> None:
    ann, bo = make.subscriber(session), make.subscriber(session)
    first, second = (make.paper(session, now=NOW).id for _ in range(2))

    subscribers.rate(session, ann, first, liked=True, now=NOW)
    subscribers.rate(session, ann, second, liked=False, now=NOW)

    found = subscribers.ratings(session, [ann.id, bo.id])
    assert found == {ann.id: {first: True, second: False}, bo.id: {}}


def test_a_later_word_takes_the_place_of_an_earlier_one(session: Session) -> None:
    reader, paper = make.subscriber(session), make.paper(session, now=NOW).id

    for liked in (True, True, False):
        subscribers.rate(session, reader, paper, liked=liked, now=NOW)

    assert subscribers.ratings(session, [reader.id]) == {reader.id: {paper: False}}


def test_a_word_is_taken_back_once_and_again(session: Session) -> None:
    reader, paper = make.subscriber(session), make.paper(session, now=NOW).id
    subscribers.rate(session, reader, paper, liked=True, now=NOW)

    for _ in range(2):
        subscribers.rate(session, reader, paper, liked=None, now=NOW)

    assert subscribers.ratings(session, [reader.id]) == {reader.id: {}}


@pytest.mark.parametrize("liked", [True, None])
def test_a_paper_that_is_none_is_refused(session: Session, liked: bool | None) -> None:  # noqa: FBT001
    reader = make.subscriber(session)

    with pytest.raises(BadInput, match="no such paper"):
        subscribers.rate(session, reader, 4711, liked=liked, now=NOW)


def test_the_newest_come_first_and_what_is_too_long_ago_does_not_count(session: Session) -> None:
    reader = make.subscriber(session)
    papers = [make.paper(session, now=NOW) for _ in range(COUNTED + 3)]
    for hours, paper in enumerate(papers):
        make.rating(session, reader, paper, liked=True, at=NOW + timedelta(hours=hours))
    make.rating(session, reader, make.paper(session, now=NOW), liked=False, at=NOW)

    [counted] = subscribers.ratings(session, [reader.id]).values()
    said = subscribers.said(session, reader)

    liked = [paper_id for paper_id, liked in counted.items() if liked]
    assert liked == [paper.id for paper in reversed(papers[3:])]
    assert list(counted.values()).count(False) == 1
    assert len(said) == len(papers) + 1
    assert said[0].paper_id == papers[-1].id


def test_the_text_of_a_paper_comes_once_however_many_rated_it(session: Session) -> None:
    ann, bo, cy = (make.subscriber(session) for _ in range(3))
    shared, other = (make.paper(session, now=NOW) for _ in range(2))
    make.rating(session, ann, shared, liked=True)
    make.rating(session, bo, shared, liked=False)
    make.rating(session, cy, other, liked=True)

    texts = subscribers.texts(session, [ann.id, bo.id])

    assert texts == [(shared.id, shared.title, shared.abstract)]


def test_ratings_go_with_their_reader_and_with_their_paper(session: Session) -> None:
    ann, bo = make.subscriber(session), make.subscriber(session)
    papers = [make.paper(session, now=NOW) for _ in range(2)]
    for reader in (ann, bo):
        for paper in papers:
            make.rating(session, reader, paper, liked=True)

    session.delete(ann)
    session.delete(papers[0])
    session.flush()

    assert session.scalars(select(Rating.subscriber_id)).all() == [bo.id]
    assert session.scalars(select(Rating.paper_id)).all() == [papers[1].id]


def _united(session: Session) -> tuple[Paper, Paper]:
    """Return a paper, and a blank one that turned out to be a part of it."""
    whole = make.paper(session, now=NOW, title="Tides of Small Networks")
    part = make.paper(session, now=NOW, title="", abstract="")
    session.add(Identifier(value=part.external_id, paper_id=whole.id))
    session.flush()
    return whole, part


def test_what_was_said_of_a_part_of_a_paper_counts_for_the_whole(session: Session) -> None:
    reader = make.subscriber(session)
    whole, part = _united(session)
    make.rating(session, reader, part, liked=True)

    assert subscribers.ratings(session, [reader.id]) == {reader.id: {whole.id: True}}
    assert [text.title for text in subscribers.texts(session, [reader.id])] == [whole.title]
    assert [each.title for each in subscribers.said(session, reader)] == [whole.title]


@pytest.mark.parametrize("liked", [False, None])
def test_a_later_word_on_the_whole_replaces_that_on_its_part(
    session: Session,
    liked: bool | None,  # noqa: FBT001
) -> None:
    reader = make.subscriber(session)
    whole, part = _united(session)
    make.rating(session, reader, part, liked=True)

    subscribers.rate(session, reader, part.id, liked=liked, now=NOW)

    expected = {} if liked is None else {whole.id: liked}
    assert subscribers.ratings(session, [reader.id]) == {reader.id: expected}
    assert len(subscribers.said(session, reader)) == len(expected)
